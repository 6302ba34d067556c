"""The comment at the top of a script: what is shown, with what, where, how to run it; pure."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

import harness
from harness.contracts import CONTRACTS
from harness.layouts import picture
from harness.model.case import USUAL_UMASK
from harness.reproduction.export.shell import comment, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.reproduction.export.told import Told

_WIDTH: Final = 118
_SHOWN: Final = 4
# What INSTALLER names: a program, or the interpreter of an environment.
_EXAMPLES: Final = {"uv": "/path/to/uv"}
_EXAMPLE: Final = "/path/to/venv/bin/python"


def header(told: Told) -> str:
    """Lines of comment, each bounded, whatever names and messages hold."""
    report = told.report
    titles = [f"{report.id}: {report.title}", report.url, "", report.why] if report else [told.case.layout.about]
    lines = [line for title in titles for line in _wrapped(title)]
    lines.append("#")
    lines += _section("with", f"{told.installer}, link mode {told.case.link_mode}")
    lines += _section("where", told.case.layout.about)
    lines += [comment(f"          {line}") for line in picture(told.case.layout).splitlines()]
    lines += _section("steps", *steps(told))
    lines += _section("expected", *promises(told))
    lines += _section("actual", *actual(told))
    lines += _section("run it", *_ways(told))
    lines += _section("status", "1 it shows, 0 it does not, 2 it could not be run")
    lines += _section("touches", "one directory below TMPDIR, which it removes; it mounts in a namespace of its own")
    lines += _section("notes", *told.notes)
    lines.append(comment(f"Made by exdev {harness.__version__}."))
    return "\n".join(("#!/bin/sh", *lines))


def steps(told: Told) -> Iterator[str]:
    """The steps in words, in the order in which they are done."""
    for number, step in enumerate(told.steps, 1):
        notes = [f"before it somebody has done {meddling.do} {meddling.subject}" for meddling in step.meddled]
        notes += ["with all obstacles lifted"] * step.lifted
        notes += ["before the later mounts are laid"] * step.image
        notes += [f"by {printable(told.case.performer(step))}"] * (told.case.performer(step) != told.case.installer)
        notes += [f"under umask {step.umask:03o}"] * (step.umask != USUAL_UMASK)
        noted = f" ({', '.join(notes)})" if notes else ""
        yield f"{number}. {step.action} {' '.join(step.wheels)}{noted}"


def promises(told: Told) -> Iterator[str]:
    """The contracts that are broken."""
    for name in dict.fromkeys(one.contract for one in told.recorded.verdicts[0].violations):
        yield f"{name}: {CONTRACTS[name].promise if name in CONTRACTS else ''}"


def actual(told: Told) -> Iterator[str]:
    """Exit statuses, and what breaks the promises."""
    yield ", ".join(f"step {number}: exit {status}" for number, status in enumerate(told.facts.exits, 1))
    for fact in told.facts.states[:_SHOWN]:
        yield f"{fact.path}: {fact.found} (step {fact.step})"
    if len(told.facts.states) > _SHOWN:
        yield "and more, see the end of each step below"


def _ways(told: Told) -> Iterator[str]:
    example = _EXAMPLES.get(told.distribution, _EXAMPLE)
    if told.recorded.release:
        yield f"`sh FILE` takes {told.installer} from PATH, or has pip put it into a temporary directory;"
    for number, other in enumerate(told.recorded.others, 2):
        yield f"likewise INSTALLER_{number} for {other.distribution} {other.version}, which does some of the steps;"
    yield f"`INSTALLER={example} sh FILE` takes that one. Needs util-linux and Python, as root or any user."


def _section(name: str, *texts: str) -> Iterator[str]:
    for number, text in enumerate(texts):
        yield from _wrapped(text, name if number == 0 else " ")


def _wrapped(text: str, name: str = "") -> list[str]:
    head = f"# {name:10}" if name else "# "
    lines = textwrap.wrap(
        printable(text),
        _WIDTH,
        initial_indent=head,
        subsequent_indent="#" + " " * (len(head) - 1),
        break_on_hyphens=False,
    )
    return lines or ["#"]
