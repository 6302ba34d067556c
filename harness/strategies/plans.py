"""Listings and schedules: choices that are consumed one by one, 0 when there are none left."""

from __future__ import annotations

from hypothesis import strategies as st

from harness.strategies.arguments import check_range


def listings(*, max_choices: int = 32) -> st.SearchStrategy[tuple[int, ...]]:
    """How directories are listed, as `Plan.listing`. Shrinks towards sorted listings, `()`.

    Args:
        max_choices: how many names are drawn before the rest comes sorted.
    """
    return _choices(max_choices)


def schedules(*, max_choices: int = 96) -> st.SearchStrategy[tuple[int, ...]]:
    """Which program goes next, as `Plan.schedule`. Shrinks towards one after the other, `()`.

    Args:
        max_choices: how many operations are scheduled before the rest runs one program after the other.
    """
    return _choices(max_choices)


def _choices(count: int) -> st.SearchStrategy[tuple[int, ...]]:
    check_range("choices", 0, count, at_least=0)
    # Of fixed length: Hypothesis draws short ones when it may, and a short schedule is no schedule.
    return st.binary(min_size=count, max_size=count).map(without_trailing_zeroes)


def without_trailing_zeroes(choices: bytes) -> tuple[int, ...]:
    """Choices as a plan has them: exhausted ones are 0 anyhow."""
    return tuple(choices.rstrip(b"\0"))
