"""Creation orders: in which order a wheel set's directories and files come into being."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from harness.wheels import directories

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.model import Wheel


def directory_orders(wheels: Sequence[Wheel]) -> st.SearchStrategy[tuple[str, ...]]:
    """Linear orders in which all directories and files of a wheel set may be created, parents before what they hold.

    As `Plan.creation`: archives are written in this order, so that whatever unpacks them creates in it.

    Args:
        wheels: the set; paths that several of them have are in the order once.

    Shrinks towards the order of the archives themselves.
    """
    paths = _paths(tuple(wheels))
    # One byte for each path: which of those that may come next does, modulo their number. Zeroes: the natural order.
    return st.binary(min_size=len(paths), max_size=len(paths)).map(_Order(paths))


class _Order:
    """Turns choices into an order; a class for its readable repr."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        self._paths = paths

    def __call__(self, choices: bytes) -> tuple[str, ...]:
        below: dict[str, list[str]] = {}
        for path in self._paths:
            below.setdefault(path.rpartition("/")[0], []).append(path)
        ready, order = list(below.get("", ())), []
        for choice in choices:
            path = ready.pop(choice % len(ready))
            order.append(path)
            # In place of the directory: with all choices 0 a directory is filled before the next one is begun.
            ready[:0] = below.get(path, ())
        return tuple(order)

    def __repr__(self) -> str:
        return "in_order"


@lru_cache(maxsize=1024)
def _paths(wheels: tuple[Wheel, ...]) -> tuple[str, ...]:
    """Every directory and file once, in the order of the archives, parents first."""
    found: dict[str, None] = {}
    for wheel in wheels:
        found |= dict.fromkeys(directories(wheel))
        found |= dict.fromkeys(entry.path for entry in wheel.entries)
    return tuple(found)
