"""A violation that an open report explains is known; the smallest stranger beside it is not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness import installers, layouts
from harness.model import Case, Plan, Step
from harness.model.report import Report, ReportedWheel, Sign
from harness.reports import case as case_of
from harness.run import Runner
from harness.scenario import Lab, Violated, install

if TYPE_CHECKING:
    from harness.installers import Installer
    from harness.kernel.laboratory import Laboratory

# The historical algorithm under the name of the release that had it: no release has to be provided for this test.
NAME = "uv==0.1.2"
REPORT = Report(
    id="uv#1513",
    url="https://example.org",
    title="t",
    why="w",
    installer="uv",
    status="open",
    affected="<0.1.3",
    red=("0.1.2",),
    layout="cross-device-cache",
    link_mode="hardlink",
    creation=("a-1.0.dist-info", "b-1.0.dist-info", "nvidia", "nvidia/__init__.py"),
    wheels=tuple(ReportedWheel(name=name, files=("nvidia/__init__.py", f"{name}.py")) for name in "ab"),
    steps=(Step(action="install", wheels=("a-1.0", "b-1.0")),),
    signs=(Sign(contract="complete"), Sign(contract="no-debris"), Sign(contract="honest-exit")),
)


def _find(name: str) -> Installer:
    return replace(installers.find("specimen:uv-0.1.2"), name=NAME) if name == NAME else installers.find(name)  # type: ignore[type-var]


def _lab(laboratory: Laboratory, *reports: Report) -> Lab:
    runner = Runner(laboratory, find=_find)
    layout = layouts.load(REPORT.layout)
    return Lab(runner, layouts=(layout,), link_modes=("hardlink",), installer=NAME, reports=reports)


def _case() -> Case:
    case = case_of(REPORT, NAME)
    files = ("a.py", "b.py", "a-1.0.dist-info", "b-1.0.dist-info")
    inside = tuple(entry.path for wheel in case.wheels for entry in wheel.entries if ".dist-info/" in entry.path)
    return replace(case, plan=Plan(creation=(*files, *inside, "nvidia", "nvidia/__init__.py")))


def test_what_an_open_report_explains_is_known_and_goes_on(laboratory: Laboratory) -> None:
    lab = _lab(laboratory, REPORT)
    verdict = lab.judge(_case())
    assert not verdict.holds
    assert lab.known == {"uv#1513": REPORT}


@pytest.mark.parametrize(
    "reports", [(), (replace(REPORT, signs=REPORT.signs[1:]),), (replace(REPORT, affected="<0.1"),)]
)
def test_what_no_report_explains_whole_fails(laboratory: Laboratory, reports: tuple[Report, ...]) -> None:
    lab = _lab(laboratory, *reports)
    with pytest.raises(Violated):
        lab.judge(_case())
    assert lab.failure is not None


def test_what_holds_is_not_known_to_be_anything(laboratory: Laboratory) -> None:
    lab = _lab(laboratory, REPORT)
    assert lab.run(install(_case().wheels[0])).holds
    assert lab.known == {}
