"""From a finished scenario instance to a result, a saved case and a story."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from harness.matrix import Result
from harness.reproduction import describe, save
from harness.reproduction.replay import command, same

if TYPE_CHECKING:
    import pytest

    from harness.matrix.cells import State
    from harness.run import Verdict
    from harness.scenario.lab import Lab
    from harness.scenario.selection import Instance

PROPERTY = "exdev"
FAILURES = Path(".exdev") / "failures"


def attach(report: pytest.TestReport, item: pytest.Item, instance: Instance, verdict: Verdict | None) -> None:
    """Put an instance's result on its report, as plain data: workers send reports to their controller."""
    state, why = _state(report, verdict)
    result = Result(
        scenario=getattr(item, "originalname", item.name),
        layout=verdict.case.layout.name if verdict else instance.layout_name,
        link_mode=verdict.case.link_mode if verdict else instance.link_mode_name,
        installer=instance.installer,
        state=state,
        why=why,
    )
    report.user_properties.append((PROPERTY, asdict(result)))


def results(reports: list[pytest.TestReport]) -> list[Result]:
    """The results on these reports."""
    return [Result(**value) for report in reports for name, value in report.user_properties if name == PROPERTY]  # type: ignore[arg-type]  # written by `attach`


def story(verdict: Verdict, lab: Lab, root: Path) -> str:
    """The failure as people read it: saved, and run twice more to see whether it is under control."""
    path = save(verdict.case, root / FAILURES)
    shown = Path(os.path.relpath(path, Path.cwd()))
    text = describe(verdict, replay=command(shown, verdict.case))
    first, second = lab.again(verdict.case), lab.again(verdict.case)
    if not (same(first, verdict) and same(second, verdict)):
        text += "\n    uncontrolled: two more runs of this case came to something else: neither a pass nor a failure"
    return text


def _state(report: pytest.TestReport, verdict: Verdict | None) -> tuple[State, str]:
    if report.passed:
        return "pass", ""
    if report.failed:
        if verdict is None:
            return "error", str(report.longrepr).strip().splitlines()[-1] if report.longrepr else report.when
        return "violation", ", ".join(dict.fromkeys(violation.contract for violation in verdict.violations))
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = reason.removeprefix("Skipped: ")
    if reason.startswith(NOT_APPLICABLE):
        return "not applicable", reason.removeprefix(NOT_APPLICABLE)
    return "not run", reason


NOT_APPLICABLE = "not applicable: "
