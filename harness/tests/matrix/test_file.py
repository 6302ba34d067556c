"""Tests of the saved matrix: what is written is read back, and what others wrote is checked."""

from __future__ import annotations

import json

import pytest

from harness.errors import FileInvalid
from harness.matrix import Result, dump, parse

RED = Result(
    scenario="test_a",
    layout="plain",
    link_mode="copy",
    installer="uv==0.1.2",
    state="violation",
    why=("complete",),
    saved=".exdev/failures/1.toml",
    seconds=0.5,
)
KNOWN = Result(
    scenario="test_b", layout="plain", link_mode="copy", installer="pip==26.3", state="known", why=("pip#1 <url>",)
)


def test_results_survive_the_file() -> None:
    assert parse(dump([KNOWN, RED], {}), file="m.json") == (KNOWN, RED)


def test_equal_runs_give_equal_files() -> None:
    assert dump([RED, KNOWN], {"exdev": "1"}) == dump([KNOWN, RED], {"exdev": "1"})


def _altered(**changes: object) -> str:
    data = json.loads(dump([RED], {}))
    data["results"][0] |= changes
    return json.dumps(data)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "results: expected a list of results"),
        ('{"results": [], "format": 2}', "format: this version of exdev reads format 1, found 2"),
        ('{"results": [1], "format": 1}', r"results\[0\]: expected a table"),
        (_altered(state="great"), r"results\[0\]: unknown state 'great'"),
        (_altered(why="complete"), r"results\[0\]: why is a list of texts"),
        (_altered(layout=3), r"results\[0\]: scenario, layout, .* are texts"),
        (_altered(seconds=True), r"results\[0\]: seconds is a number"),
        (_altered(more=1), r"results\[0\]: expected the keys installer, "),
    ],
)
def test_a_file_that_is_no_matrix_is_refused_with_the_place(text: str, complaint: str) -> None:
    with pytest.raises(FileInvalid, match=complaint):
        parse(text, file="m.json")
