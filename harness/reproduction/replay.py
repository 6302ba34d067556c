"""`exdev replay FILE`: run a saved case again, twice, and say what is wrong with it."""

from __future__ import annotations

import argparse
import shlex
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from harness import reports
from harness.kernel.laboratory import open_laboratory
from harness.reproduction.asked import add_arguments, asked, check_machine
from harness.reproduction.describe import describe
from harness.reproduction.recognise import Sought
from harness.reproduction.report_answer import report_answer
from harness.reproduction.sameness import same
from harness.reproduction.shell import look_around
from harness.run import Runner
from harness.wheels import published

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.model import Case
    from harness.reproduction.asked import Asked
    from harness.reproduction.recognise import Shown
    from harness.run import Verdict

_EXAMPLES = """\
exit status:
  0    every contract is kept
  1    the case violates one; of a report: its own defect is shown
  2    the file, the command line or this machine is not usable
  3    two runs of it differ, so that it is neither a pass nor a failure
  4    of a report: its defect is not shown, or not all of it, but a contract is violated: what else is broken is said
  130  interrupted by Ctrl-C: no verdict
  with --shell: 0, whatever the shell ends with

examples:
  exdev replay .exdev/failures/3f9c2a81d0b4.toml
  exdev replay uv-1513                            a report, on the last release that was seen to have it
  exdev replay uv-1513 --installer uv==0.1.3      whether that one has it, and what else is broken there
  exdev replay ./mine.toml --installer uv         a report of your own, held against its own signs
  exdev replay case.toml --installer reference    the same case with another installer
  exdev replay uv-1513 --wheels real              the published wheels themselves, re-packed in the order of the case
  exdev replay case.toml --trace                  with every operation of the last step
  exdev replay case.toml --shell                  do its steps, then look around: a shell inside the site
  exdev replay case.toml --shell --steps 1        look around when the first of them is done; 0: before any of them
"""

_STATUS: Final[Mapping[Shown, int]] = {"good": 0, "bad": 1, "other": 4}
_WHEELS = "real: published wheels in place of their skeletons, downloaded once; some are large, which is said before"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `replay` to the command line."""
    parser = subparsers.add_parser(
        "replay",
        help="run a saved case again",
        description="Run a saved case, or the case of a report, twice, and say what is wrong with it;\n"
        "of a report, whether its own defect is shown.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(parser)
    parser.add_argument("--trace", action="store_true", help="show every operation of the last step")
    parser.add_argument("--shell", action="store_true", help="judge nothing: open a shell where its steps were done")
    parser.add_argument("--steps", metavar="N", type=_count, help="do the first N steps only (0: build the layout)")
    parser.add_argument("--wheels", choices=("skeleton", "real"), default="skeleton", help=_WHEELS)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Replay.

    Returns:
        The exit status.

    Raises:
        HarnessError: the file or the machine is not usable.
    """
    wanted = asked(arguments.file, installer=arguments.installer)
    case = wanted.case
    if arguments.wheels == "real":
        case = published.instead(case, tell=lambda line: sys.stderr.write(f"{line}\n"))
    if arguments.steps is not None:
        case = replace(case, steps=case.steps[: arguments.steps])
    with open_laboratory() as laboratory:
        check_machine(case.layout)
        runner = Runner(laboratory)
        if arguments.shell:
            with runner.inside(case) as (site, steps):
                return look_around(site, steps, case)
        first, second = runner.run(case), runner.run(case)
    return _print_answer(wanted, (first, second), trace=arguments.trace)


def _print_answer(wanted: Asked, runs: tuple[Verdict, Verdict], *, trace: bool) -> int:
    """Say what came of two runs.

    Returns:
        The exit status.
    """
    first, second = runs
    report = wanted.report
    known = reports.known(first.violations, first.evidence, own_report=report)
    labels = [Sought(report=report).shown(run) for run in runs] if report else []
    if report:
        skipped_steps = len(report.steps) - len(first.case.steps)
        sys.stdout.write(f"{report_answer(report, runs, labels, known=known, skipped_steps=skipped_steps)}\n\n")
    sys.stdout.write(f"{describe(first, trace=trace, known=known)}\n")
    if not same(first, second):
        sys.stdout.write("\ntwo runs of this case differ: it is uncontrolled, neither a pass nor a failure\n")
        return 3
    return _STATUS[labels[0]] if labels else int(not first.holds)


def _count(text: str) -> int:
    """A number that is not negative: argparse says what is wrong with any other text."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of steps")
    return int(text)


def command(path: Path, case: Case) -> str:
    """The command line that replays a saved case."""
    return shlex.join(("exdev", "replay", str(path), "--installer", case.installer))
