"""Telling: a case run here, and what of it a script and a bug report say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.reports import missing
from harness.reproduction.export.facts import facts
from harness.reproduction.export.recording import record
from harness.reproduction.export.told import Told

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory
    from harness.reproduction.asked import Asked

_DRAWN = (
    "a listing order or a schedule was drawn for this case; no script can ask a filesystem for one, and this does not"
)


def tell(one: Asked, laboratory: Laboratory) -> Told:
    """Run a case twice, without what no command can ask a filesystem for.

    Raises:
        NotExportable: its installer is no command.
        HarnessError: see `Runner.run`.
    """
    plan = one.case.plan
    is_drawn = plan.listing is not None or plan.schedule is not None
    case = replace(one.case, plan=replace(plan, listing=None, schedule=None)) if is_drawn else one.case
    recorded = record(case, laboratory)
    notes = [_DRAWN] * is_drawn
    report, first = one.report, recorded.verdicts[0]
    if report and missing(report, first.violations, first.evidence):
        notes.append(f"{case.installer} shows no sign of {report.id}: this is something else")
        report = None
    return Told(recorded=recorded, facts=facts(recorded.verdicts, report), report=report, notes=tuple(notes))
