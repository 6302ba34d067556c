"""uv#1513 is found from nothing by every seed within the default profile, and shrinks to two small wheels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from harness.layouts import load
from harness.model import Plan, Wheel
from harness.run import Runner
from harness.scenario import Lab, Violated, install
from harness.strategies import directory_orders, wheel_sets

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory

SEEDS = range(20)
EXAMPLES = 100  # the default profile's


def _lab(laboratory: Laboratory, installer: str) -> Lab:
    layouts = (load("cross-device-cache"),)
    return Lab(Runner(laboratory), layouts=layouts, link_modes=("hardlink",), installer=installer)


def _search(lab: Lab, number: int) -> None:
    @seed(number)
    @settings(max_examples=EXAMPLES, database=None, deadline=None, report_multiple_bugs=False, print_blob=False)
    @given(data=st.data(), wheels=wheel_sets())
    def shared_files_survive(data: st.DataObject, wheels: tuple[Wheel, ...]) -> None:
        lab.run(install(*wheels), plan=Plan(creation=data.draw(directory_orders(wheels))))

    shared_files_survive()


@pytest.mark.parametrize("number", SEEDS)
def test_every_seed_finds_and_shrinks_it(laboratory: Laboratory, number: int) -> None:
    lab = _lab(laboratory, "specimen:uv-0.1.2")
    with pytest.raises(Violated, match="rename: ENOENT") as caught:
        _search(lab, number)
    case = caught.value.verdict.case
    files = {entry.path for one in case.wheels for entry in one.entries if ".dist-info/" not in entry.path}
    assert len(case.wheels) <= 2
    assert len(files) <= 3
    assert "nvidia/__init__.py" in files


def test_the_reference_core_survives_the_same_search(laboratory: Laboratory) -> None:
    lab = _lab(laboratory, "reference")
    _search(lab, 0)
    assert lab.examples == EXAMPLES
