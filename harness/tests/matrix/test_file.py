"""Tests of the saved matrix: what is written is read back, and what others wrote is checked."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import TYPE_CHECKING

import pytest

from harness.errors import FileInvalid
from harness.matrix import Matrix, Result, Shown, dump, parse, read
from harness.matrix.cells import STATES
from harness.matrix.file import FORMAT
from harness.matrix.schema import schema

if TYPE_CHECKING:
    from pathlib import Path

RED = Result(
    scenario="test_a",
    layout="plain",
    link_mode="copy",
    installer="uv==0.1.2",
    state="violation",
    why=("complete",),
    saved=".exdev/failures/1.toml",
    seconds=0.5,
    instance="scenarios/test_x.py::test_a[2]",
    message="error: \x1b[31mno",
    story="a\nb\udcff",
    replay="exdev replay .exdev/failures/1.toml --installer uv==0.1.2",
)
KNOWN = Result(
    scenario="test_b", layout="plain", link_mode="copy", installer="pip==26.3", state="known", why=("pip#1 <url>",)
)
SAVED = Matrix(results=(KNOWN, RED), about={"exdev": "1"}, layouts={"plain": Shown(about="All.", picture="/  tmpfs")})


def test_a_matrix_survives_the_file() -> None:
    assert parse(dump(SAVED), file="m.json") == SAVED


def test_equal_runs_give_equal_files() -> None:
    assert dump(replace(SAVED, results=(RED, KNOWN))) == dump(SAVED)


def test_the_schema_is_that_of_the_values() -> None:
    rules = schema()["properties"]
    assert rules["format"]["const"] == FORMAT
    assert set(schema()["required"]) == {"format", *(field.name for field in fields(Matrix))}
    result, shown = rules["results"]["items"], rules["layouts"]["additionalProperties"]
    for rule, value in ((result, Result), (shown, Shown)):
        assert [*rule["properties"]] == rule["required"] == [field.name for field in fields(value)]
    assert result["properties"]["state"]["enum"] == [*STATES]


def test_everything_in_the_schema_is_described() -> None:
    rules = schema()["properties"]
    tables = (rules, rules["results"]["items"]["properties"], rules["layouts"]["additionalProperties"]["properties"])
    assert [name for table in tables for name, rule in table.items() if not rule.get("description")] == []


def _altered(**changes: object) -> str:
    data = json.loads(dump(SAVED))
    data["results"][0] |= changes
    return json.dumps(data)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("NaN", "not JSON: NaN is no number"),
        ("[]", "expected a table"),
        ('{"results": [], "format": 1}', "format: this exdev reads format 2, found 1; run the scenarios again"),
        ('{"results": [1], "format": 2}', r"about: missing\n  layouts: missing\n  results\[0\]: expected a table"),
        (_altered(state="great"), r"results\[0\].state: unknown 'great'; known: pass, known"),
        (_altered(state=[]), r"results\[0\].state: unknown \[\]"),
        (_altered(why="complete"), r"results\[0\].why: expected a list"),
        (_altered(why=[1]), r"results\[0\].why\[0\]: expected a text"),
        (_altered(layout=3), r"results\[0\].layout: expected a text, found 3"),
        (_altered(seconds=True), r"results\[0\].seconds: expected a number"),
        (_altered(seconds=10**400), r"results\[0\].seconds: expected 0 to 1000000"),
        (_altered(drawn=1), r"results\[0\].drawn: expected true or false"),
        (_altered(more=1), r"results\[0\].more: unknown; known: scenario, "),
        (json.dumps(json.loads(dump(SAVED)) | {"results": [1] * 99}), "  and 79 more"),
    ],
)
def test_a_file_that_is_no_matrix_is_refused_with_the_place(text: str, complaint: str) -> None:
    with pytest.raises(FileInvalid, match=complaint):
        parse(text, file="m.json")


def test_a_file_that_cannot_be_read_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(FileInvalid, match=r"absent.json is not usable:\n  cannot be read: No such file"):
        read(tmp_path / "absent.json")
    (tmp_path / "latin").write_bytes(b'{"a": "\xe4"}')
    with pytest.raises(FileInvalid, match="not UTF-8"):
        read(tmp_path / "latin")
