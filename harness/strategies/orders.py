"""Creation orders: in which order a wheel set's directories and files come into being."""

from __future__ import annotations

from functools import lru_cache
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.model import Wheel

_STEP = 32


def directory_orders(wheels: Sequence[Wheel]) -> st.SearchStrategy[tuple[str, ...]]:
    """Linear orders in which all directories and files of a wheel set may be created, parents before what they hold.

    As `Plan.creation`: archives are written in this order, so that whatever unpacks them creates in it.

    Args:
        wheels: the set; paths that several of them have are in the order once.

    Shrinks towards the order of the archives themselves.
    """
    paths = _paths(tuple(wheels))
    # One byte for each path: how late it comes, among those whose directory is there. Zeroes: the natural order. Always
    # a few too many: the number is the same when a wheel is dropped while shrinking, and what was drawn keeps its
    # meaning, because the paths of the other wheels keep their places.
    count = -(-len(paths) // _STEP) * _STEP
    return st.binary(min_size=count, max_size=count).map(_Order(paths))


class _Order:
    """Turns choices into an order; a class for its readable repr."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        self._paths = paths

    def __call__(self, choices: bytes) -> tuple[str, ...]:
        below: dict[str, list[tuple[int, int, str]]] = {}
        for place, (late, path) in enumerate(zip(choices, self._paths, strict=False)):
            below.setdefault(path.rpartition("/")[0], []).append((late, place, path))
        ready, order = below.get("", []), []
        heapify(ready)
        while ready:
            _, _, path = heappop(ready)
            order.append(path)
            for one in below.get(path, ()):
                heappush(ready, one)
        return tuple(order)

    def __repr__(self) -> str:
        return "in_order"


@lru_cache(maxsize=1024)
def _paths(wheels: tuple[Wheel, ...]) -> tuple[str, ...]:
    """Every directory and file once, in the order of the archives, parents first."""
    found: dict[str, None] = {}
    for wheel in wheels:
        for entry in wheel.entries:
            end = entry.path.find("/")
            while end != -1:
                found.setdefault(entry.path[:end])
                end = entry.path.find("/", end + 1)
            found.setdefault(entry.path)
    return tuple(found)
