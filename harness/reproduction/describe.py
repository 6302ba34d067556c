"""A verdict as a maintainer reads it: where, in which order, what was done, what is wrong, how to replay it; pure."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from harness.layouts import picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.model import Case, Evidence, StepEvidence, Violation
    from harness.run import Verdict

_WIDTH = 118
_SHOWN = 12
_TRACE = 15


def describe(verdict: Verdict, *, replay: str = "", trace: bool = False) -> str:
    """The whole story in plain text, without a final newline.

    Args:
        verdict: of the run.
        replay: the command that does it again; left out where there is none.
        trace: show the operations of the last step too, not only those that were refused.
    """
    case, evidence = verdict.case, verdict.evidence
    lines = [_title(verdict), "", *(f"    {line}" for line in picture(case.layout).splitlines()), ""]
    lines += _order(case)
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


def _order(case: Case) -> Iterator[str]:
    """The creation order, without what every wheel has and nothing depends on: the files inside .dist-info."""
    shown = [path for path in case.plan.creation if ".dist-info/" not in path]
    if shown:
        yield from _wrapped("created in this order", ", ".join(shown))
    if case.plan.listing is not None:
        yield from _wrapped("listed by choices", ", ".join(map(str, case.plan.listing)) or "none: sorted")
    if case.plan.schedule is not None:
        yield from _wrapped("scheduled by choices", ", ".join(map(str, case.plan.schedule)) or "none: in order")


def _step(number: int, step: StepEvidence, evidence: Evidence, *, trace: bool) -> Iterator[str]:
    outcome = step.outcome
    image = " (image)" if step.step.image else ""
    yield f"    step {number}{image}  {step.step.action} {' '.join(step.step.wheels)}   exit {outcome.exit}"
    for text in (outcome.message, *outcome.notes):
        for line in text.splitlines():
            yield f"            {_short(_with_roles(line, evidence))}"
    operations = outcome.trace if trace else tuple(one for one in outcome.trace if one.errno)
    for one in operations[-_TRACE:] if not trace else operations:
        paths = " <- ".join(filter(None, (one.path, one.second)))
        yield f"            {one.operation:10} {one.errno or 'ok':10} {_with_roles(paths, evidence)}"


def _violations(violations: tuple[Violation, ...], evidence: Evidence) -> Iterator[str]:
    width = max((len(violation.contract) for violation in violations), default=0)
    for violation in violations[:_SHOWN]:
        text = f"{violation.path}   expected {violation.expected}, found {violation.found}"
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
        text = text.replace(f"{path}/", f"{{{role}}}/")
    return text


def _short(text: str) -> str:
    """One line; what installers print is hostile input, and control characters stay out of the terminal."""
    clean = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return clean if len(clean) <= 2 * _WIDTH else f"{clean[: 2 * _WIDTH]}..."
