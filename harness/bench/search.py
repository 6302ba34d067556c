"""Seconds until uv#1513 is found from nothing in the real uv 0.1.2 and shrunk, beside the same in the specimen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky

from harness import reports
from harness.bench.figure import Figure, beside
from harness.layouts import load
from harness.model import Plan, Wheel
from harness.run import Runner
from harness.scenario import Lab, Violated, install
from harness.strategies import directory_orders, wheel_sets

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory

RELEASE: Final = "uv==0.1.2"
SPECIMEN: Final = "specimen:uv-0.1.2"
_LAYOUT: Final = "cross-device-cache"
_SEEDS: Final = 20
EXAMPLES: Final = 100  # the default profile's, for an installer that takes no longer than the reference core


def measure(laboratory: Laboratory, *, quick: bool) -> list[Figure]:
    """Twenty seeds, no database: the whole search, then only as far as the first failing example."""
    numbers = range(3 if quick else _SEEDS)
    runner = Runner(laboratory)
    for name in (RELEASE, SPECIMEN):
        search(runner, name, 0)  # warm up: the release provided, the layout verified
    pairs = [(search(runner, RELEASE, number), search(runner, SPECIMEN, number)) for number in numbers]
    return [
        beside(
            f"uv#1513 found in {RELEASE} and shrunk, {len(numbers)} seeds",
            [(release.whole, specimen.whole) for release, specimen in pairs],
            "s",
            against="the specimen of it",
            aim="< 10 s",
        ),
        beside(
            "  found",
            [(release.first, specimen.first) for release, specimen in pairs],
            "s",
            against="the specimen of it",
        ),
    ]


class Found(AssertionError):  # noqa: N818 - reads as what happened
    """How long a search took.

    Attributes:
        whole: seconds, shrinking included.
        first: seconds until the first failing example.
        failure: the shrunk one.
    """

    def __init__(self, *, whole: float, first: float, failure: Violated) -> None:
        super().__init__(whole, first)
        self.whole, self.first, self.failure = whole, first, failure


def search(runner: Runner, installer: str, number: int) -> Found:
    """Look for it, with one seed.

    Raises:
        LookupError: it was not found.
    """
    known = tuple(report for report in map(reports.load, reports.names()) if not report.id.startswith("uv#1513"))
    lab = Lab(runner, layouts=(load(_LAYOUT),), link_modes=("hardlink",), installer=installer, reports=known)
    started = time.perf_counter()
    first: list[float] = []

    @seed(number)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=tuple(HealthCheck),
    )
    @given(data=st.data(), wheels=wheel_sets())
    def any_creation_order_installs(data: st.DataObject, wheels: tuple[Wheel, ...]) -> None:
        try:
            lab.run(install(*wheels), plan=Plan(creation=data.draw(directory_orders(wheels))))
        except Violated:
            first.append(time.perf_counter() - started)
            raise

    try:
        any_creation_order_installs()
    except Violated as failure:
        return Found(whole=time.perf_counter() - started, first=first[0], failure=failure)
    except Flaky:
        # That release installs in an order of its own choosing: what failed may pass when it is tried again.
        if lab.failure is not None:
            return Found(whole=time.perf_counter() - started, first=first[0], failure=Violated(lab.failure))
        raise
    raise LookupError(f"not found in {installer} with seed {number}, after {lab.examples} examples")
