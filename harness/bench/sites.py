"""Build and take down of every layout, beside one bare tmpfs."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from harness.bench.figure import Figure, beside
from harness.kernel import mounts
from harness.layouts import build, load, names

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.kernel.laboratory import Laboratory
    from harness.model import Layout


def measure(laboratory: Laboratory, *, quick: bool) -> list[Figure]:
    """Each layout's whole life without an installer: mounts, role directories, image mounts, take-down."""
    rounds = 20 if quick else 200
    return [_of(load(name), laboratory, rounds) for name in names()]


def _of(layout: Layout, laboratory: Laboratory, rounds: int) -> Figure:
    def once() -> None:
        with build(layout, laboratory=laboratory) as site:
            site.finish_image()

    once()
    values = [(_microseconds(once), _bare(laboratory)) for _ in range(rounds)]
    return beside(
        f"layout {layout.name}",
        values,
        "us",
        against="one bare tmpfs",
        aim="< 1000 us",
    )


def _bare(laboratory: Laboratory) -> float:
    path = f"{laboratory.sites}/bare"
    os.mkdir(path)

    def once() -> None:
        with mounts.tmpfs(path):
            pass

    value = _microseconds(once)
    os.rmdir(path)
    return value


def _microseconds(run: Callable[[], None]) -> float:
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1e6
