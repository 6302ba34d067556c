"""What two runs of a report's case say of it: whether its defect is shown, and what else is broken there; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.printable import printable
from harness.reports.signs import affects, explaining, missing, sign_violations, strangers
from harness.reproduction.recognise import broken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.model.report import Report
    from harness.reproduction.recognise import Shown
    from harness.run import Verdict


def report_answer(
    report: Report, runs: Sequence[Verdict], labels: Sequence[Shown], *, known: Sequence[Report], skipped_steps: int = 0
) -> str:
    """The answer, without a final newline: `uv#1513: not shown by uv==0.1.3`, and below it what is to be said of that.

    Args:
        report: what is asked about.
        runs: verdicts of its case, all with one installer.
        labels: what each of them is.
        known: the reports that explain some of what is broken in the first one.
        skipped_steps: how many of the report's steps were not done.
    """
    first = runs[0]
    steps = "step" if skipped_steps == 1 else f"{skipped_steps} steps"
    scope = f" without its last {steps}" if skipped_steps else ""
    lines = [f"{report.id}{scope}: {_shown_phrase(report, runs, labels)}"]
    if others := "; ".join(_other_breaches(report, first, known)):
        label = "also broken" if sign_violations(report, first.violations, first.evidence) else "broken instead"
        lines.append(f"    {label:16}{others}")
    if not skipped_steps and (disagreement := _disagreement(report, first.case.installer, shows="bad" in labels)):
        lines.append(f"    {'disagrees':16}{disagreement}")
    return printable("\n".join(lines), kept="\n")


def _shown_phrase(report: Report, runs: Sequence[Verdict], labels: Sequence[Shown]) -> str:
    first = runs[0]
    installer = first.case.installer
    if len(set(labels)) > 1 and "bad" in labels:
        return f"shown by {installer} in {labels.count('bad')} of {len(runs)} runs"
    if labels[0] == "bad":
        return f"shown by {installer}"
    unseen = missing(report, first.violations, first.evidence)
    seen = [one for one in dict.fromkeys(sign.contract for sign in report.signs) if one not in unseen]
    if seen:
        return f"shown in part by {installer}: {', '.join(seen)}, and not {', '.join(unseen)}"
    return f"not shown by {installer}"


def _other_breaches(report: Report, verdict: Verdict, known: Sequence[Report]) -> Iterator[str]:
    """Each contract that something else breaks, with the reports of that: `complete (uv#2336)`."""
    evidence = verdict.evidence
    own = set(sign_violations(report, verdict.violations, evidence))
    for contract in broken(verdict):
        rest = [one for one in verdict.violations if one.contract == contract and one not in own]
        if not rest:
            continue
        names = [
            f"{one.id} in another way" if one.id == report.id else one.id for one in explaining(known, rest, evidence)
        ]
        if strangers(known, rest, evidence):
            names.append("what no report explains" if names else "no report explains it")
        yield f"{contract} ({' and '.join(names)})"


def _disagreement(report: Report, installer: str, *, shows: bool) -> str:
    """What speaks against the report's own `affected`; empty: nothing, or it says nothing of this installer."""
    if installer.partition("==")[0] != report.installer or affects(report, installer) is shows:
        return ""
    said = "does not have it" if shows else "has it"
    return f'the report says affected = "{report.affected}", by which {installer} {said}'
