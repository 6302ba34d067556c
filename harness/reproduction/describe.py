"""A verdict as a maintainer reads it: where, in which order, what was done, what is wrong, how to replay it; pure."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from harness.layouts import picture
from harness.model import ROLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.model import Case, Evidence, StepEvidence, Traced, Violation
    from harness.run import Verdict

_WIDTH = 118
_SHOWN = 12
_TRACE = 15
_FILES = 6
# The trees' keys start with a role; messages show it in braces.
_ROLE = re.compile(rf"^({'|'.join(ROLES)})(/|$)")


def describe(verdict: Verdict, *, replay: str = "", trace: bool = False, shrunk_from: Case | None = None) -> str:
    """The whole story in plain text, without a final newline.

    Args:
        verdict: of the run.
        replay: the command that does it again; left out where there is none.
        trace: show every operation of the last step, not only those that were refused.
        shrunk_from: the case that failed first.
    """
    case, evidence = verdict.case, verdict.evidence
    lines = [_title(verdict), "", *(f"    {line}" for line in picture(case.layout).splitlines()), ""]
    lines += [*_wheels(case), *_order(case, shrunk_from or case)]
    for number, step in enumerate(evidence.steps, start=1):
        lines += _step(number, step, evidence, trace=trace and step is evidence.steps[-1])
    lines += [""]
    lines += _violations(verdict.violations, evidence)
    if replay:
        lines += [f"    replay      {replay}"]
    return "\n".join(lines).rstrip()


def _title(verdict: Verdict) -> str:
    case = verdict.case
    broken = ", ".join(dict.fromkeys(f"`{violation.contract}`" for violation in verdict.violations))
    verb = f"breaks {broken}" if broken else "keeps every contract"
    strict = ", strict" if case.strict else ""
    return f"{case.installer} {verb} on {case.layout.name}, link mode {case.link_mode}{strict}"


def _wheels(case: Case) -> Iterator[str]:
    """What each wheel brings beside its .dist-info, where that is little enough to be read."""
    for wheel in case.wheels:
        files = [entry for entry in wheel.entries if entry.kind != "directory" and ".dist-info/" not in entry.path]
        if len(files) <= _FILES:
            listed = ", ".join(f"{entry.path} ({len(entry.content)} bytes)" for entry in files)
            yield from _wrapped(wheel.key, _printable(listed) or "nothing but its .dist-info")
        else:
            yield from _wrapped(wheel.key, f"{len(files)} files")


def _order(case: Case, before: Case) -> Iterator[str]:
    """The creation order, without what every wheel has and nothing depends on: the files inside .dist-info."""
    shown = _shown(case)
    if shown:
        size = len(_shown(before))
        yield from _wrapped("created in this order", _printable(", ".join(shown)))
        if size > len(shown):
            yield f"{'':28}(shrunk from {size} entries)"
    if case.plan.listing is not None:
        yield from _wrapped("listed by choices", ", ".join(map(str, case.plan.listing)) or "none: sorted")
    if case.plan.schedule is not None:
        yield from _wrapped("scheduled by choices", ", ".join(map(str, case.plan.schedule)) or "none: in order")


def _shown(case: Case) -> list[str]:
    return [path for path in case.plan.creation if ".dist-info/" not in path]


def _step(number: int, step: StepEvidence, evidence: Evidence, *, trace: bool) -> Iterator[str]:
    outcome = step.outcome
    image = " (image)" if step.step.image else ""
    must = "   (has to succeed)" if step.step.must else ""
    yield f"    step {number}{image}  {step.step.action} {' '.join(step.step.wheels)}   exit {outcome.exit}{must}"
    for text in (outcome.message, *outcome.notes):
        for line in text.splitlines():
            yield f"            {_short(_with_roles(line, evidence))}"
    telling = outcome.trace if trace else [one for one in outcome.trace if _is_telling(one)][-_TRACE:]
    for one in telling:
        paths = " <- ".join(filter(None, (one.path, one.second)))
        yield f"            {one.operation:10} {one.errno or 'ok':10} {_short(_with_roles(paths, evidence))}"


def _is_telling(operation: Traced) -> bool:
    """Refused, and not by mkdir because the directory is there: that is how it is asked for."""
    return bool(operation.errno) and (operation.operation, operation.errno) != ("mkdir", "EEXIST")


def _violations(violations: tuple[Violation, ...], evidence: Evidence) -> Iterator[str]:
    width = max((len(violation.contract) for violation in violations), default=0)
    for violation in violations[:_SHOWN]:
        path = _ROLE.sub(r"{\1}\2", violation.path, count=1)
        text = f"{path}   expected {violation.expected}, found {violation.found}"
        step = f" (step {violation.step + 1})" if len(evidence.steps) > 1 else ""
        yield f"    {violation.contract:{width}}  {_short(_with_roles(text, evidence))}{step}"
    if len(violations) > _SHOWN:
        yield f"    and {len(violations) - _SHOWN} more"


def _wrapped(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=f"    {label:24}", subsequent_indent=" " * 28, break_long_words=False
    )


def _with_roles(text: str, evidence: Evidence) -> str:
    """Real paths as `{purelib}/...`: they differ from run to run, and the role is what a reader looks for."""
    for role, path in sorted(evidence.roots.items(), key=lambda item: (-len(item[1]), item[0] != "purelib")):
        if path in text:
            text = re.sub(re.escape(path) + r"(?![\w.-])", f"{{{role}}}", text)
    return text


def _short(text: str) -> str:
    """One line of bounded length."""
    clean = _printable(text)
    return clean if len(clean) <= 2 * _WIDTH else f"{clean[: 2 * _WIDTH]}..."


def _printable(text: str) -> str:
    """What installers print and wheels name is hostile input: control characters stay out of the terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
