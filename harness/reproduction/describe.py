"""A verdict as a maintainer reads it: where, in which order, what was done, what is wrong, how to replay it; pure."""

from __future__ import annotations

import posixpath
import re
import textwrap
from itertools import groupby
from typing import TYPE_CHECKING

from harness.contracts import CONTRACTS
from harness.layouts import picture
from harness.model import ROLES
from harness.model.case import USUAL_UMASK
from harness.printable import printable
from harness.reproduction import happenings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.model import Case, Evidence, StepEvidence, Traced, Violation
    from harness.model.report import Report
    from harness.run import Verdict

_WIDTH = 118
_SHOWN = 12
_TRACE = 15
_FILES = 6
_VISITED = 4
_TURNS = 8
# The trees' keys start with a role; messages show it in braces.
_ROLE = re.compile(rf"^({'|'.join(ROLES)})(/|$)")


def describe(
    verdict: Verdict,
    *,
    replay: str = "",
    trace: bool = False,
    shrunk_from: Case | None = None,
    known: Sequence[Report] = (),
) -> str:
    """The whole story in plain text, without a final newline.

    Args:
        verdict: of the run.
        replay: the command that does it again; left out where there is none.
        trace: show every operation of the last step, not only those that were refused.
        shrunk_from: the case that failed first.
        known: the reports that explain some of it, or all.
    """
    case, evidence = verdict.case, verdict.evidence
    lines = [_title(verdict), *_about(case), "", *(f"    {line}" for line in picture(case.layout).splitlines()), ""]
    lines += [*_wheels(case), *_order(case, shrunk_from or case), *_came_about(verdict)]
    for number, step in enumerate(evidence.steps, start=1):
        lines += _step(number, step, verdict, trace=trace and step is evidence.steps[-1])
    lines += [""]
    lines += _violations(verdict.violations, evidence)
    lines += [""] * bool(known or replay)
    lines += [f"    known as    {one.id}, {one.status}: {one.url}" for one in known]
    if replay:
        lines += [f"    replay      {replay}"]
    return "\n".join(lines).rstrip()


def said(verdict: Verdict) -> str:
    """What the installer said in the step that broke a promise first: one line of bounded length, roles for paths."""
    evidence = verdict.evidence
    steps = {violation.step for violation in verdict.violations if violation.step < len(evidence.steps)}
    message = evidence.steps[min(steps)].outcome.message if steps else ""
    return _short(_with_roles(" ".join(message.split()), evidence.roots))


def _title(verdict: Verdict) -> str:
    case = verdict.case
    broken = ", ".join(dict.fromkeys(f"`{violation.contract}`" for violation in verdict.violations))
    verb = f"breaks {broken}" if broken else "keeps every contract"
    strict = ", strict" if case.strict else ""
    return f"{case.installer} {verb} on {case.layout.name}, link mode {case.link_mode}{strict}"


def _about(case: Case) -> list[str]:
    """What the layout is, and who met it: a layout that nobody has is nobody's bug."""
    layout = case.layout
    reports = f" ({', '.join(layout.reports)})" if layout.reports else ""
    return textwrap.wrap(printable(f"{layout.about}{reports}"), _WIDTH, initial_indent="    ", subsequent_indent="    ")


def _wheels(case: Case) -> Iterator[str]:
    """What each wheel brings beside its .dist-info, where that is little enough to be read."""
    for wheel in case.wheels:
        files = [entry for entry in wheel.entries if entry.kind != "directory" and ".dist-info/" not in entry.path]
        if len(files) <= _FILES:
            listed = ", ".join(f"{entry.path} ({len(entry.content)} bytes)" for entry in files)
            yield from _wrapped(wheel.key, printable(listed) or "nothing but its .dist-info")
        else:
            yield from _wrapped(wheel.key, f"{len(files)} files")


def _order(case: Case, before: Case) -> Iterator[str]:
    """The creation order, without what every wheel has and nothing depends on: the files inside .dist-info."""
    shown = _shown(case)
    if shown:
        size = len(_shown(before))
        yield from _wrapped("created in this order", printable(", ".join(shown)))
        if size > len(shown):
            yield f"{'':28}(shrunk from {size} entries)"


def _came_about(verdict: Verdict) -> Iterator[str]:
    """What the plan's choices came to: raw choices say nothing to a reader."""
    plan, steps = verdict.case.plan, verdict.evidence.steps
    if verdict.holds or not steps:
        return
    if plan.schedule is not None:
        yield from _wrapped("turns of operations", _turns(steps[-1]))
    elif plan.creation or plan.listing is not None:
        wheel, paths = happenings.visited(steps[-1], verdict.evidence)
        if paths:
            more = f", and {len(paths) - _VISITED} more" if len(paths) > _VISITED else ""
            listed = f"{', '.join(paths[:_VISITED])}{more} (by {wheel})"
            yield from _wrapped("visited in this order", printable(listed))


def _turns(step: StepEvidence) -> str:
    found = happenings.turns(step)
    if len(found) <= len({key for key, _ in found}):
        return "one program after the other: no interleaving is needed"
    more = f", and {len(found) - _TURNS} more turns" if len(found) > _TURNS else ""
    return ", ".join(f"{count} of {key}" for key, count in found[:_TURNS]) + more


def _shown(case: Case) -> list[str]:
    return [path for path in case.plan.creation if ".dist-info/" not in path]


def _step(number: int, step: StepEvidence, verdict: Verdict, *, trace: bool) -> Iterator[str]:
    yield from did(number, step, verdict.case, verdict.evidence.roots)
    interleaved = verdict.case.plan.schedule is not None and len(step.step.wheels) > 1
    for one in step.outcome.trace if trace else _telling(step, verdict, interleaved=interleaved):
        paths = " <- ".join(filter(None, (one.path, one.second)))
        whose = f"{step.step.wheels[one.program]}: " if interleaved else ""
        text = whose + _with_roles(paths, verdict.evidence.roots)
        yield f"            {one.operation:10} {one.errno or 'ok':10} {_short(text)}"


def did(number: int, step: StepEvidence, case: Case, roots: Mapping[str, str]) -> Iterator[str]:
    """What one step was, what it ran, how it ended and what it said, line by line.

    Args:
        number: counted from 1.
        step: what was seen of it.
        case: whose it is.
        roots: the real path of each role, which is shown as `{purelib}`.
    """
    outcome = step.outcome
    image = " (image)" if step.step.image else ""
    notes = "   (has to succeed)" if step.step.must else ""
    notes += "   (obstacles lifted)" if step.step.lifted else ""
    notes += f"   (umask {step.step.umask:03o})" if step.step.umask != USUAL_UMASK else ""
    performer = case.performer(step.step)
    notes += f"   (by {printable(performer)})" if performer != case.installer else ""
    for meddling in step.step.meddled:
        yield f"    somebody else  {meddling.do} {printable(meddling.subject)}"
    yield f"    step {number}{image}  {step.step.action} {' '.join(step.step.wheels)}   exit {outcome.exit}{notes}"
    for line in outcome.commands:
        yield f"            {'runs':10} {_short(_with_roles(line, roots))}"
    for text in (outcome.message, *outcome.notes):
        for line in text.splitlines():
            yield f"            {'says':10} {_short(_with_roles(line, roots))}"


def _telling(step: StepEvidence, verdict: Verdict, *, interleaved: bool) -> list[Traced]:
    """The last of what was refused; of programs that take turns, also what they did where it went wrong."""
    if not interleaved:
        return happenings.refused(step.outcome.trace)[-_TRACE:]
    wrong = {_located(violation.path, verdict.evidence) for violation in verdict.violations}
    return happenings.around(step.outcome.trace, wrong)[-_TRACE:]


def _located(key: str, evidence: Evidence) -> str:
    """The real path of a tree's key."""
    role, _, rest = key.partition("/")
    return f"{evidence.roots.get(role, '')}/{rest}"


def _violations(violations: tuple[Violation, ...], evidence: Evidence) -> Iterator[str]:
    """Under each promise what breaks it; a path that is wrong in one way is told once, whoever claims it."""
    once = {(one.contract, one.path, one.found, one.step): one for one in reversed(violations)}
    shown = [one for one in violations if once[one.contract, one.path, one.found, one.step] is one]
    for contract, broken in groupby(shown[:_SHOWN], key=lambda one: one.contract):
        yield from _promise(contract)
        for one in broken:
            path = _ROLE.sub(r"{\1}\2", one.path, count=1)
            text = f"{path}   expected {one.expected}, found {one.found}"
            step = f" (step {one.step + 1})" if len(evidence.steps) > 1 else ""
            yield f"        {_short(_with_roles(text, evidence.roots))}{step}"
    if len(shown) > _SHOWN:
        yield f"        and {len(shown) - _SHOWN} more"


def _promise(contract: str) -> list[str]:
    """A contract with its promise: why what follows is wrong."""
    known = CONTRACTS.get(contract)
    text = f"{contract}: {known.promise}" if known else contract
    return textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)


def _wrapped(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=f"    {label:22}  ",
        subsequent_indent=" " * 28,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _with_roles(text: str, roots: Mapping[str, str]) -> str:
    """Real paths as `{purelib}/...`: they differ from run to run, and the role is what a reader looks for."""
    for role, path in sorted(roots.items(), key=lambda item: (-len(item[1]), item[0] != "purelib")):
        if path in text:
            text = re.sub(re.escape(path) + r"(?![\w.-])", f"{{{role}}}", text)
    # What lies beside the roles: as the layout's picture spells it.
    site = posixpath.commonpath(roots.values()) if roots else "/"
    return text if site == "/" else text.replace(f"{site}/", "/")


def _short(text: str) -> str:
    """One line of bounded length."""
    clean = printable(text)
    return clean if len(clean) <= 2 * _WIDTH else f"{clean[: 2 * _WIDTH]}..."
