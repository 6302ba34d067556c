"""A violation that an open report explains is known; the smallest stranger beside it is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness import installers, layouts
from harness.model import Case, Plan, Step
from harness.model.report import Report, ReportedWheel, Sign
from harness.reports import case as case_of
from harness.run import Runner
from harness.scenario import Lab, Violated, install
from harness.scenario.reporting import explained

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
    assert lab.met == [(verdict, (REPORT,))]


def test_the_first_that_met_a_report_tells_of_it(laboratory: Laboratory, tmp_path: Path) -> None:
    lab = _lab(laboratory, REPORT)
    first = lab.judge(_case())
    lab.judge(_case())
    assert lab.met == [(first, (REPORT,))]
    told = explained(lab, tmp_path)
    assert told.story.startswith(f"{NAME} breaks `complete`")
    assert "known as    uv#1513" in told.story
    assert told.message.startswith("{purelib}/nvidia/__init__.py (from ")
    assert Path(told.saved).resolve().parent == tmp_path / ".exdev" / "known"
    assert told.replay == f"exdev replay {told.saved} --installer {NAME}"
    lab.begin()
    assert lab.met == []


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
