"""Examples per second of the cross-device property, beside a bare loop of the same mounts and links."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from harness.bench.figure import Figure, beside
from harness.kernel import mounts
from harness.layouts import load
from harness.model import Case, Plan, Step, Wheel
from harness.run import Runner
from harness.strategies import directory_orders, wheel_sets

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.kernel.laboratory import Laboratory

_LAYOUT = "cross-device-cache"
_GROWTH = (1, 2, 3, 4, 6)


def measure(laboratory: Laboratory, *, quick: bool) -> list[Figure]:
    """On one core, in this process, the property and the bare loop alternating; then for each number of wheels."""
    count, rounds = (60, 1) if quick else (400, 7)
    name = f"cross-device property, contracts on, {_LAYOUT}"
    whole = _beside_bare(laboratory, wheel_sets(), name, count, rounds)
    small = rounds // 3 or 1
    growth = [
        _beside_bare(laboratory, wheel_sets(min_size=number, max_size=number), f"  of {number} wheels", count, small)
        for number in _GROWTH
    ]
    return [replace(whole, aim=">= 250/s"), *growth]


def _beside_bare(
    laboratory: Laboratory, wheels: st.SearchStrategy[tuple[Wheel, ...]], name: str, count: int, rounds: int
) -> Figure:
    property_, bare = _property(Runner(laboratory), wheels, count), _bare(laboratory, wheels, count)
    property_(), bare()  # warm up: imports, verified layouts
    pairs = [(_rate(property_, count), _rate(bare, count)) for _ in range(rounds)]
    return beside(
        name,
        pairs,
        "examples/s",
        against="bare mounts and links under Hypothesis",
    )


def _rate(run: Callable[[], None], count: int) -> float:
    start = time.perf_counter()
    run()
    return count / (time.perf_counter() - start)


def _settings(count: int) -> settings:
    return settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=tuple(HealthCheck),
    )


def _property(runner: Runner, wheel_set: st.SearchStrategy[tuple[Wheel, ...]], count: int) -> Callable[[], None]:
    @_settings(count)
    @given(data=st.data(), wheels=wheel_set)
    def installs_in_any_order(data: st.DataObject, wheels: tuple[Wheel, ...]) -> None:
        plan = Plan(creation=data.draw(directory_orders(wheels)))
        step = Step(action="install", wheels=tuple(wheel.key for wheel in wheels))
        verdict = runner.run(Case(layout=load(_LAYOUT), wheels=wheels, steps=(step,), plan=plan))
        if not verdict.holds:
            raise AssertionError(verdict.violations)

    return installs_in_any_order


def _bare(laboratory: Laboratory, wheel_set: st.SearchStrategy[tuple[Wheel, ...]], count: int) -> Callable[[], None]:
    """The same draws and the same kind of system calls, with nothing around them: no core, no snapshot, no contract."""
    base = f"{laboratory.sites}/bare"

    @_settings(count)
    @given(data=st.data(), wheels=wheel_set)
    def mounts_and_links(data: st.DataObject, wheels: tuple[Wheel, ...]) -> None:
        order = data.draw(directory_orders(wheels))
        os.mkdir(base)
        with mounts.tmpfs(base):
            os.mkdir(f"{base}/cache")
            with mounts.tmpfs(f"{base}/cache"):
                for wheel in wheels:
                    _place(wheel, order, f"{base}/cache/{wheel.name}", f"{base}/environment")
        os.rmdir(base)

    return mounts_and_links


def _place(wheel: Wheel, order: tuple[str, ...], cache: str, environment: str) -> None:
    contents = {entry.path: entry.content for entry in wheel.entries}
    for path in order:
        if path in contents:
            for root in (cache, environment):
                os.makedirs(os.path.dirname(f"{root}/{path}"), exist_ok=True)
            with open(f"{cache}/{path}", "wb", buffering=0) as file:
                file.write(contents[path])
            _link_or_copy(f"{cache}/{path}", f"{environment}/{path}")


def _link_or_copy(source: str, path: str) -> None:
    try:
        os.link(source, path)
    except OSError:
        with open(source, "rb", buffering=0) as reader, open(path, "wb", buffering=0) as writer:
            writer.write(reader.read())
