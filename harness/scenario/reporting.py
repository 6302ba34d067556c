"""From a finished scenario instance to a result, a saved case and a story."""

from __future__ import annotations

import os
import zlib
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.matrix import DRAWN, FAILING, Result
from harness.reports.catalog import known as known_reports
from harness.reproduction import describe, said, save
from harness.reproduction.replay import command
from harness.reproduction.sameness import same
from harness.scenario.selection import SELECTION

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from harness.matrix.cells import State
    from harness.run import Verdict
    from harness.scenario.lab import Lab
    from harness.scenario.selection import Instance, Selection

PROPERTY = "exdev"
FAILURES = Path(".exdev") / "failures"
KNOWN_CASES = Path(".exdev") / "known"
# Characters of a story that go into the matrix' file: ten screens.
_STORY = 20_000
# What the reasons of skips start with, and what stands between several.
NOT_APPLICABLE, KNOWN, AND = "not applicable: ", "known: ", ", "


def keep(verdict: Verdict, root: Path, where: Path = FAILURES) -> str:
    """Save a case; its file as seen from here."""
    return os.path.relpath(save(verdict.case, root / where), Path.cwd())


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What there is to tell of an instance that did not simply pass; see `Result`."""

    saved: str = ""
    message: str = ""
    story: str = ""
    replay: str = ""


def violated(verdict: Verdict, lab: Lab, root: Path) -> Told:
    """The failure as people read it, run twice more to see whether it is under control; its case is saved."""
    saved = keep(verdict, root)
    replay = command(Path(saved), verdict.case)
    first = lab.first_failure or verdict
    known = known_reports(verdict.violations, verdict.evidence)
    text = describe(verdict, replay=replay, shrunk_from=first.case, known=known)
    one, two = lab.again(verdict.case), lab.again(verdict.case)
    if not (same(one, verdict) and same(two, verdict)):
        text += "\n    uncontrolled: two more runs of this case came to something else: neither a pass nor a failure"
    return Told(saved=saved, message=said(verdict), story=text, replay=replay)


def explained(lab: Lab, root: Path) -> Told:
    """What met nothing but open reports: the first verdict for each report; the first of all is saved."""
    first, _ = lab.met[0]
    saved = keep(first, root, KNOWN_CASES)
    text = "\n\n".join(describe(verdict, known=known) for verdict, known in lab.met)
    return Told(saved=saved, message=said(first), story=text, replay=command(Path(saved), first.case))


def attach(
    report: pytest.TestReport, item: pytest.Item, instance: Instance, verdict: Verdict | None, told: Told
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
        saved=told.saved,
        seconds=round(report.duration, 3),
        instance=_named(item.path, item.nodeid, instance.id, _among(instance)),
        drawn=instance.drawn,
        message=told.message,
        story=_bounded(told.story or (report.longreprtext if state == "error" else "")),
        replay=told.replay,
    )
    report.user_properties.append((PROPERTY, asdict(result)))


def crashed(report: pytest.TestReport, selection: Selection, root: Path) -> Result | None:
    """Of an instance that took its worker down with it: what its name tells. None: the report is of no such thing.

    Args:
        report: pytest-xdist makes one of its own then, for the phase `???`, without what workers send.
        selection: what instances there can be.
        root: what its path starts from.
    """
    if not (report.failed and str(report.when) == "???"):
        return None
    file, _, name = report.nodeid.partition("::")
    found = [place for place in _places(selection) if place[0] in name.partition("[")[2]]
    if not found:
        return None
    identity, layout, link_mode, installer = max(found, key=lambda place: len(place[0]))
    return Result(
        scenario=name.partition("[")[0],
        layout=layout,
        link_mode=link_mode,
        installer=installer,
        state="error",
        why=(_last_line(report),),
        instance=_named(root / file, report.nodeid, identity, ""),
        drawn=layout == DRAWN,
        story=_bounded(report.longreprtext),
    )


def _places(selection: Selection) -> Iterator[tuple[str, str, str, str]]:
    """How pytest shows each instance that there can be, with its layout, link mode and installer."""
    for installer in selection.installers:
        yield f"{DRAWN}-{installer}", DRAWN, DRAWN, installer
        for layout, link_mode in product(selection.layouts, selection.link_modes):
            yield f"{layout.name}-{link_mode}-{installer}", layout.name, link_mode, installer


def _named(path: Path, nodeid: str, identity: str, among: str) -> str:
    """`scenarios/test_x.py::test_y[own parameters]`: as in any other run, wherever the files lie."""
    file = "/".join(path.parts[-2:])
    name, bracket, parameters = nodeid.partition("::")[2].partition("[")
    own = [part.strip("-") for part in parameters.removesuffix("]").split(identity, 1)] if bracket else []
    shown = "-".join(filter(None, (*own, among)))
    return f"{file}::{name}[{shown}]" if shown else f"{file}::{name}"


def _among(instance: Instance) -> str:
    """What a scenario draws its layout and link mode from: shards with other layouts do not contradict each other."""
    if not instance.drawn:
        return ""
    names = (*(layout.name for layout in instance.layouts), *instance.link_modes)
    return f"among-{zlib.crc32(' '.join(names).encode()):08x}"


def _bounded(text: str) -> str:
    return text if len(text) <= _STORY else f"{text[:_STORY]}\n... and {len(text) - _STORY} characters more"


def mark_known(report: pytest.TestReport, lab: Lab) -> None:
    """A scenario that met nothing but what open reports explain: an expected failure, with where to read of it."""
    report.outcome = "skipped"
    report.wasxfail = KNOWN + AND.join(f"{one.id} <{one.url}>" for one in lab.known.values())


def results(reports: list[pytest.TestReport], config: pytest.Config) -> list[Result]:
    """One result for each instance: of one whose test passed and whose fixtures failed after it, the failure."""
    found: dict[str, list[Result]] = {}
    for report in reports:
        told = [value for name, value in report.user_properties if name == PROPERTY and isinstance(value, dict)]
        # Reports of later phases repeat the properties of earlier ones.
        found.setdefault(report.nodeid, []).extend(map(_result, told))
        if fallen := crashed(report, config.stash[SELECTION], config.rootpath):
            found[report.nodeid].append(fallen)
    return [max(several, key=lambda one: one.state in FAILING) for several in found.values() if several]


def _result(value: dict[str, Any]) -> Result:
    # Workers send tuples as lists.
    return Result(**{**value, "why": tuple(value["why"])})


def _state(report: pytest.TestReport, verdict: Verdict | None) -> tuple[State, tuple[str, ...]]:
    if report.passed:
        return "pass", ()
    if report.failed:
        if verdict is None:
            return "error", (_last_line(report),)
        return "violation", tuple(dict.fromkeys(violation.contract for violation in verdict.violations))
    if known := getattr(report, "wasxfail", ""):
        return "known", tuple(known.removeprefix(KNOWN).split(AND))
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = reason.removeprefix("Skipped: ")
    if reason.startswith(NOT_APPLICABLE):
        return "not applicable", tuple(reason.removeprefix(NOT_APPLICABLE).split(AND))
    return "not run", (reason,)


def _last_line(report: pytest.TestReport) -> str:
    lines = str(report.longrepr).strip().splitlines() if report.longrepr else []
    return lines[-1].strip() if lines else str(report.when)
