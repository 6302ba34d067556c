"""Tests of recognising a defect: by contract, path, message, layout and release, and by all of them at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness import layouts, reports
from harness.model import Case, Evidence, Outcome, Step, StepEvidence, Trees, Violation
from harness.model.report import Report, ReportedWheel, Sign
from harness.wheels import wheel

NOTHING = Trees(environment={}, cache={}, temporary={}, outside={}, records={})
SIX = wheel("six", "1.0", files=["six.py"])
STEP = Step(action="install", wheels=(SIX.key,))
REPORT = Report(
    id="uv#1",
    url="https://example.org",
    title="t",
    why="w",
    installer="uv",
    status="open",
    affected=">=0.1",
    red=("0.1.2",),
    layout="nested-tmpfs",
    link_mode="hardlink",
    wheels=(ReportedWheel(name="six", files=("six.py",)),),
    steps=(STEP,),
    signs=(
        Sign(contract="complete", path="purelib/six*", message=r"os error 18"),
        Sign(contract="honest-exit", link_modes=("hardlink",)),
    ),
    elsewhere=(Sign(contract="no-debris", layouts=("nested-mount",)),),
)
LOST = Violation(contract="complete", path="purelib/six.py", expected="a file", found="nothing", step=0)


def _evidence(*messages: str, layout: str = "nested-tmpfs", installer: str = "uv==0.1.2") -> Evidence:
    case = Case(layout=layouts.load(layout), wheels=(SIX,), steps=(STEP,), installer=installer, link_mode="hardlink")
    steps = (
        StepEvidence(step=STEP, outcome=Outcome(exit=int(bool(one)), message=one), before=NOTHING, after=NOTHING)
        for one in messages
    )
    return Evidence(case=case, steps=tuple(steps))


SEEN = _evidence("failed (os error 18)")


def test_a_reported_violation_is_explained() -> None:
    assert reports.explains(REPORT, LOST, SEEN)


@pytest.mark.parametrize(
    ("violation", "evidence"),
    [
        (replace(LOST, contract="whole-files"), SEEN),
        (replace(LOST, path="purelib/seven.py"), SEEN),
        (LOST, _evidence("failed (os error 28)")),
        (LOST, _evidence("failed (os error 18)", layout="plain")),
        (LOST, _evidence("failed (os error 18)", installer="uv==0.0.5")),
        (LOST, _evidence("failed (os error 18)", installer="pip==24.0")),
        (LOST, _evidence("failed (os error 18)", installer="reference")),
        (LOST, _evidence("", "failed (os error 18)")),
        (replace(LOST, contract="no-debris"), _evidence("", layout="bind-cache")),
    ],
)
def test_what_differs_in_anything_is_a_stranger(violation: Violation, evidence: Evidence) -> None:
    assert not reports.explains(REPORT, violation, evidence)
    assert reports.strangers([REPORT], [violation], evidence) == (violation,)


def test_a_step_that_failed_speaks_for_itself() -> None:
    evidence = _evidence("failed (os error 18)", "failed for another reason")
    assert not reports.explains(REPORT, replace(LOST, step=1), evidence)


@pytest.mark.parametrize(
    ("installer", "shown"),
    [("specimen:uv-0.1.2", True), ("reference", True), ("pip==24.0", False), ("uv==0.0.5", False)],
)
def test_only_programs_of_the_harness_show_a_defect_in_other_words(installer: str, *, shown: bool) -> None:
    evidence = _evidence("rename: ENOENT", installer=installer)
    assert reports.sign_violations(REPORT, (LOST,), evidence) == ((LOST,) if shown else ())


def test_a_sign_may_say_what_was_found() -> None:
    sign = Sign(contract="complete", found="^a symlink")
    assert not reports.explains(replace(REPORT, signs=(sign,)), LOST, SEEN)
    assert reports.explains(replace(REPORT, signs=(sign,)), replace(LOST, found="a symlink to six"), SEEN)


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("purelib/six.py", True),
        ("purelib/__pycache__/six.cpython-311.pyc", True),
        ("purelib/Six-0.9.dist-info", True),
        ("purelib/six_old.py", True),
        ("purelib/seven.py", False),
        ("purelib/seven-1.0.dist-info", False),
        ("purelib/six.pyi", False),
        ("exit status", False),
    ],
)
def test_a_sign_may_be_about_what_the_failing_step_was_asked_for(path: str, *, asked: bool) -> None:
    before = wheel("Six", "0.9", files=["six.py", "six_old.py"])
    evidence = _evidence("failed (os error 18)")
    case = replace(evidence.case, wheels=(SIX, before, wheel("seven", files=["seven.py"])))
    report = replace(REPORT, signs=(Sign(contract="complete", asked=True),))
    violation = replace(LOST, path=path)
    assert reports.explains(report, violation, replace(evidence, case=case)) is asked


def test_what_comes_after_a_failure_is_about_what_that_failure_was_asked_for() -> None:
    seven = wheel("seven", files=["seven.py"])
    failed = _evidence("failed (os error 18)")
    done = StepEvidence(
        step=Step(action="install", wheels=(seven.key,)), outcome=Outcome(exit=0), before=NOTHING, after=NOTHING
    )
    evidence = replace(failed, case=replace(failed.case, wheels=(SIX, seven)), steps=(*failed.steps, done))
    report = replace(REPORT, signs=(Sign(contract="complete", asked=True),))
    assert reports.explains(report, replace(LOST, step=1), evidence)
    assert not reports.explains(report, replace(LOST, step=1, path="purelib/seven.py"), evidence)


def test_success_over_holes_is_explained_by_the_failure_before_it() -> None:
    evidence = _evidence("failed (os error 18)", "")
    assert reports.explains(REPORT, replace(LOST, step=1), evidence)


def test_the_same_defect_is_known_on_other_layouts_where_the_report_says_so() -> None:
    debris = replace(LOST, contract="no-debris")
    assert reports.explains(REPORT, debris, _evidence("", layout="package-directory-is-mount"))


def test_a_sign_may_show_everywhere_and_only_after_some_action() -> None:
    sign = Sign(contract="complete", layouts=("*",), after=("uninstall",))
    report = replace(REPORT, signs=(sign,))
    assert not reports.explains(report, LOST, _evidence("", layout="plain"))
    assert reports.explains(
        replace(report, signs=(replace(sign, after=("install",)),)), LOST, _evidence("", layout="plain")
    )


def test_a_build_of_ones_own_has_what_is_not_fixed() -> None:
    assert reports.affects(REPORT, "path:/build/uv")
    assert not reports.affects(replace(REPORT, status="fixed"), "path:/build/uv")


def test_every_contract_that_a_report_names_has_to_be_seen() -> None:
    assert reports.missing(REPORT, [LOST], SEEN) == ("honest-exit",)
    assert reports.missing(REPORT, [LOST, replace(LOST, contract="honest-exit")], SEEN) == ()
