"""Markdown: the whole bug report, to be pasted into an issue; pure.

Whatever layouts, wheels and installers have to say stands in fences and code spans longer than anything in it, so that
it is text and nothing else: no heading, no link, nobody's name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import harness
from harness.layouts import picture
from harness.reproduction.export.header import actual, promises, steps
from harness.reproduction.export.script import script
from harness.reproduction.export.shell import comment, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.reproduction.export.affected import Affected
    from harness.reproduction.export.told import Told

_RUNS: Final = re.compile("`+")
_LONGEST_MESSAGE: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where it was seen.

    Attributes:
        kernel: `Linux 6.18.5`.
        python: `3.11.7`.
        user: `root`, or `a user, in a user namespace`.
    """

    kernel: str
    python: str
    user: str


def markdown(told: Told, machine: Machine, affected: Affected) -> str:
    """The report.

    Args:
        told: what it is about.
        machine: where it was seen.
        affected: which releases show it.
    """
    return "\n\n".join(_parts(told, machine, affected)) + "\n"


def _parts(told: Told, machine: Machine, affected: Affected) -> Iterator[str]:
    case, report = told.case, told.report
    broken = dict.fromkeys(one.contract for one in told.recorded.verdicts[0].violations)
    where = f"on a layout called {span(case.layout.name)}, link mode {span(case.link_mode)}"
    yield f"### {told.installer} breaks {', '.join(map(span, broken))} {where}"
    if report:
        yield fenced("\n".join(map(printable, (f"{report.id}: {report.title}", report.url, report.why))))
    yield "**Environment**"
    yield "\n".join(f"- {name}: {span(text)}" for name, text in _environment(told, machine))
    yield "**Layout**"
    yield fenced(f"{printable(case.layout.about)}\n\n{picture(case.layout)}")
    yield "**Commands**"
    yield fenced("\n".join(_commands(told)), "sh")
    yield "**Expected**"
    yield fenced("\n".join(promises(told)))
    yield "**Actual**"
    yield fenced("\n".join(_actual(told)))
    yield "**Affected**"
    yield "\n".join(f"- {line}" for line in _affected(told, affected))
    yield "**Script**"
    yield "It needs no exdev, mounts in a namespace of its own, and ends with 1 if it shows."
    yield f"<details><summary>repro.sh</summary>\n\n{fenced(script(told), 'sh')}\n\n</details>"


def _environment(told: Told, machine: Machine) -> Iterator[tuple[str, str]]:
    yield "installer", told.installer
    yield "kernel", machine.kernel
    yield "filesystem", "tmpfs, and what the layout mounts"
    yield "Python", machine.python
    yield "run as", machine.user
    yield "exdev", harness.__version__


def _commands(told: Told) -> Iterator[str]:
    """As they were given, without the variables; the script has those as well."""
    for line, commands in zip(steps(told), told.recorded.commands, strict=True):
        yield comment(line)
        for ran in commands:
            words = [told.names.word(word) for word in ran.command.arguments]
            yield " ".join(words).replace('"$INSTALLER"', told.distribution if told.distribution == "uv" else "python")


def _actual(told: Told) -> Iterator[str]:
    yield from actual(told)
    evidence = told.recorded.verdicts[0].evidence
    for number, step in enumerate(evidence.steps, 1):
        if message := step.outcome.message:
            root = f"{told.recorded.base}/root"
            yield f"\nstep {number} says:"
            for line in message[:_LONGEST_MESSAGE].replace(root, "").splitlines():
                yield f"    {printable(line)}"


def _affected(told: Told, affected: Affected) -> Iterator[str]:
    report = told.report
    for specifier, between in affected.claims:
        asked = f"; only those between {span(between[0])} and {span(between[1])} were bisected" if between else ""
        yield f"{span(specifier)}{asked}"
    if report and report.installer == told.distribution:
        yield f"seen with {', '.join(map(span, report.red))}"
        if report.green:
            yield f"seen without it: {', '.join(map(span, report.green))}"
    if not affected.claims:
        yield f"not bisected: {span(affected.advice)}" if affected.advice else "not known"


def fenced(text: str, language: str = "") -> str:
    """A code block that its own text cannot end: its fence is longer than any run of backticks (CommonMark 4.5)."""
    fence = "`" * max(3, 1 + _longest(text))
    body = text if text.endswith("\n") else f"{text}\n"
    return f"{fence}{language}\n{body}{fence}"


def span(text: str) -> str:
    """A code span that its own text cannot end (6.1)."""
    clean = printable(text)
    ticks = "`" * (1 + _longest(clean))
    pad = " " if clean.startswith("`") or clean.endswith("`") or not clean.strip() else ""
    return f"{ticks}{pad}{clean}{pad}{ticks}"


def _longest(text: str) -> int:
    return max(map(len, _RUNS.findall(text)), default=0)
