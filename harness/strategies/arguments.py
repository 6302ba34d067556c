"""Checking the arguments of strategies, so that a wrong one is named where it was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Collection


def check_known(name: str, values: Collection[str], known: Collection[str]) -> None:
    """Every value is one of the known ones, and there is at least one.

    Raises:
        InvalidArgument: with the bad value and the known ones.
    """
    if not values:
        raise InvalidArgument(f"{name}=() leaves nothing to draw from; known: {', '.join(known)}")
    for value in values:
        if value not in known:
            raise InvalidArgument(f"{name}: unknown {value!r}; known: {', '.join(known)}")


def check_range(name: str, low: int, high: int, *, at_least: int) -> None:
    """Sizes are in order.

    Raises:
        InvalidArgument: with the bad values.
    """
    if not at_least <= low <= high:
        raise InvalidArgument(f"min_{name}={low!r}, max_{name}={high!r}: expected {at_least} <= min <= max")
