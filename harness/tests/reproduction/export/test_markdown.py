"""The bug report: whatever is told in it stays text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.reproduction.export.markdown import fenced, span

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXT = st.text(st.sampled_from("`~ \n<>@#*ax"), max_size=40)


@given(text=TEXT)
def test_a_fence_ends_with_its_last_line_and_not_before(text: str) -> None:
    first, *lines = fenced(text, "sh").split("\n")
    fence = first.removesuffix("sh")
    assert ends(lines, fence) == [len(lines) - 1]


def ends(lines: Sequence[str], fence: str) -> list[int]:
    """The lines that end a block: up to three blanks, and as many backticks or more (CommonMark 0.31, 4.5)."""
    found = (re.fullmatch(r" {0,3}(`+)[ \t]*", line) for line in lines)
    return [number for number, match in enumerate(found) if match and len(match[1]) >= len(fence)]


@given(text=TEXT)
def test_a_span_ends_where_it_should(text: str) -> None:
    said = span(text)
    ticks = re.match("`+", said)
    assert ticks
    inside = said[len(ticks[0]) : -len(ticks[0])]
    assert ticks[0] not in re.findall("`+", inside)
    assert not inside.startswith("`")
    assert not inside.endswith("`")
    assert "\n" not in said


@pytest.mark.parametrize(("text", "said"), [("a", "`a`"), ("a`b", "``a`b``"), ("`a", "`` `a ``"), ("", "`  `")])
def test_a_span_is_no_longer_than_it_has_to_be(text: str, said: str) -> None:
    assert span(text) == said
