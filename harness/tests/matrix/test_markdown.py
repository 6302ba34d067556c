"""The Markdown of a CI step: everything that is wrong is in it, it fits, and no text turns into markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from harness.matrix.comparing import compare
from harness.matrix.markdown import LIMIT, markdown
from harness.tests.matrix.made import HOSTILE, hostile, matrix, result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.matrix import Result
    from harness.matrix.cells import State


def test_states_are_said_in_words_and_counted() -> None:
    text = markdown(matrix(result(), result("violation", "complete", layout="x", story="told"), result(layout="y")))
    assert text.startswith("## \N{MULTIPLICATION X} 1 violation, \N{CHECK MARK} 2 pass\n")
    assert "| x | \N{MULTIPLICATION X} violation 1/1 |" in text
    assert "<summary>\N{MULTIPLICATION X} uv==0.13.9&#58; violation: complete (1)</summary>" in text.replace(
        "uv==0.13.9:", "uv==0.13.9&#58;"
    )
    assert "```text\ntold\n```" in text


def test_a_report_is_a_link() -> None:
    text = markdown(matrix(result("known", "uv#1 <https://github.com/astral-sh/uv/issues/1>")))
    assert '<a href="https://github.com/astral-sh/uv/issues/1">uv&#35;1</a>' in text


def test_a_link_to_anything_else_stays_text() -> None:
    text = markdown(matrix(result("known", 'uv#1 <https://x" onclick="alert(1)>', "a <javascript:alert(1)>")))
    assert "<a " not in text


def test_changes_are_counted_first_and_listed_last() -> None:
    before, after = matrix(result("violation", "complete", installer="uv==0.1.2")), matrix(result("violation", "data"))
    text = markdown(after, compare(before, after))
    places = [text.index(part) for part in ("**1 changed**", "| plain |", "<details>", "### Changes")]
    assert places == sorted(places)
    assert "uv==0.1.2&#58; violation" in text.replace("uv==0.1.2:", "uv==0.1.2&#58;")
    assert "**0 changed**" in markdown(after, compare(after, after))


@pytest.mark.parametrize("story", ["told", "x" * 400_000])
def test_many_changes_leave_room_for_everything_else(story: str) -> None:
    def many(state: State, installer: str) -> Iterator[Result]:
        return (result(state, scenario=f"test_{number}", layout="x", installer=installer) for number in range(12000))

    red = [result("violation", str(number), scenario=f"test_red_{number}", story=story) for number in range(4)]
    after = matrix(*many("pass", "uv==0.13.9"), *red)
    text = markdown(after, compare(matrix(*many("error", "uv==0.1.2")), after))
    assert len(text.encode()) <= LIMIT
    assert "| x | \N{CHECK MARK} 12000 |" in text
    assert text.count("<details>") == 4
    assert story in text
    listed = text.count("uv==0.1.2")
    assert 1000 < listed < 12000
    assert f"**Left out, as there is no room here: {12004 - listed} of 12004 changes.**" in text


def test_a_part_that_is_too_large_leaves_the_others_in_their_places() -> None:
    every = [result("violation", "many", scenario=f"test_{number}") for number in range(500)]
    text = markdown(matrix(*every, result("violation", "one", layout="x", story="told")), limit=5000)
    assert "violation 500/500" in text
    assert "violation&#58; one (1)" in text.replace("violation:", "violation&#58;")
    assert "told" in text
    assert text.endswith("**Left out, as there is no room here: 1 of 4 parts.**\n")


@pytest.mark.parametrize("limit", [500, 20_000, LIMIT])
def test_it_never_grows_beyond_its_limit_and_says_so(limit: int) -> None:
    many = (result("violation", str(number), scenario=f"test_{number}", story="x" * 9999) for number in range(200))
    text = markdown(matrix(*many), limit=limit)
    assert len(text.encode()) <= limit
    assert ("Left out, as there is no room here" in text) == (limit < LIMIT)
    # Where there is room for all failures, but not for all their stories, every failure is there.
    if limit == LIMIT:
        assert text.count("<details>") == 200
        assert 10 < text.count("There is no room here for what happened") < 200


def test_the_limit_is_that_of_a_step_summary() -> None:
    many = (result("violation", str(number), scenario=f"test_{number}", story="\u20ac" * 9999) for number in range(99))
    assert 500_000 < len(markdown(matrix(*many)).encode()) <= 1024 * 1024


def test_no_hostile_text_becomes_markup() -> None:
    text = markdown(hostile())
    # What stands in a code block is shown as it is; a block ends only with its own fence.
    outside = re.sub(r"^(`{3,})text\n.*?^\1\n", "", text, flags=re.MULTILINE | re.DOTALL)
    assert not re.search(r"<(?!/?(details|summary)>)", outside)
    assert not re.search(r"[\[\]`]", outside)
    assert all(one.isprintable() for one in text if one not in {"\n", "\t"})
    assert outside.count("<details>") == len(HOSTILE)
    assert text.encode()
