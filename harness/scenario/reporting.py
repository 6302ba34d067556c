"""From a finished scenario instance to a result, a saved case and a story."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.matrix import Result
from harness.reports.catalog import known as known_reports
from harness.reproduction import describe, save
from harness.reproduction.replay import command
from harness.reproduction.sameness import same

if TYPE_CHECKING:
    import pytest

    from harness.matrix.cells import State
    from harness.run import Verdict
    from harness.scenario.lab import Lab
    from harness.scenario.selection import Instance

PROPERTY = "exdev"
FAILURES = Path(".exdev") / "failures"
# What the reasons of skips start with, and what stands between several.
NOT_APPLICABLE, KNOWN, AND = "not applicable: ", "known: ", ", "


def keep(verdict: Verdict, root: Path) -> str:
    """Save a violating case; its file as seen from here."""
    return os.path.relpath(save(verdict.case, root / FAILURES), Path.cwd())


def attach(
    report: pytest.TestReport, item: pytest.Item, instance: Instance, verdict: Verdict | None, *, saved: str
) -> None:
    """Put an instance's result on its report, as plain data: workers send reports to their controller."""
    state, why = _state(report, verdict)
    result = Result(
        scenario=getattr(item, "originalname", item.name),
        layout=verdict.case.layout.name if verdict else instance.layout_name,
        link_mode=verdict.case.link_mode if verdict else instance.link_mode_name,
        installer=instance.installer,
        state=state,
        why=why,
        saved=saved,
        seconds=round(report.duration, 3),
    )
    report.user_properties.append((PROPERTY, asdict(result)))


def mark_known(report: pytest.TestReport, lab: Lab) -> None:
    """A scenario that met nothing but what open reports explain: an expected failure, with where to read of it."""
    report.outcome = "skipped"
    report.wasxfail = KNOWN + AND.join(f"{one.id} <{one.url}>" for one in lab.known.values())


def results(reports: list[pytest.TestReport]) -> list[Result]:
    """The results on these reports."""
    found = [value for report in reports for name, value in report.user_properties if name == PROPERTY]
    return [_result(value) for value in found if isinstance(value, dict)]


def _result(value: dict[str, Any]) -> Result:
    # Workers send tuples as lists.
    return Result(**{**value, "why": tuple(value["why"])})


def story(verdict: Verdict, lab: Lab, saved: str) -> str:
    """The failure as people read it, run twice more to see whether it is under control."""
    first = lab.first_failure or verdict
    known = known_reports(verdict.violations, verdict.evidence)
    text = describe(verdict, replay=command(Path(saved), verdict.case), shrunk_from=first.case, known=known)
    one, two = lab.again(verdict.case), lab.again(verdict.case)
    if not (same(one, verdict) and same(two, verdict)):
        text += "\n    uncontrolled: two more runs of this case came to something else: neither a pass nor a failure"
    return text


def _state(report: pytest.TestReport, verdict: Verdict | None) -> tuple[State, tuple[str, ...]]:
    if report.passed:
        return "pass", ()
    if report.failed:
        if verdict is None:
            lines = str(report.longrepr).strip().splitlines() if report.longrepr else []
            return "error", (lines[-1].strip() if lines else str(report.when),)
        return "violation", tuple(dict.fromkeys(violation.contract for violation in verdict.violations))
    if known := getattr(report, "wasxfail", ""):
        return "known", tuple(known.removeprefix(KNOWN).split(AND))
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = reason.removeprefix("Skipped: ")
    if reason.startswith(NOT_APPLICABLE):
        return "not applicable", tuple(reason.removeprefix(NOT_APPLICABLE).split(AND))
    return "not run", (reason,)
