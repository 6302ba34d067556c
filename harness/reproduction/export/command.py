"""`exdev export FILE`: what somebody without the harness needs to see it for themselves."""

from __future__ import annotations

import argparse
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.kernel.laboratory import open_laboratory
from harness.output import check_creatable, create
from harness.reproduction import bisect
from harness.reproduction.asked import add_arguments, asked, check_machine
from harness.reproduction.export.affected import affected
from harness.reproduction.export.markdown import Machine, markdown
from harness.reproduction.export.script import script
from harness.reproduction.export.telling import tell
from harness.reproduction.recognise import Sought, recorded
from harness.reproduction.sameness import same_promises

if TYPE_CHECKING:
    from harness.reproduction.asked import Asked
    from harness.reproduction.export.told import Told

_NOTHING: Final = 1
_UNCONTROLLED: Final = 3
_LONGEST_ISSUE: Final = 65_536

_EXAMPLES: Final = """\
The case is run twice here, to learn which commands the installer is given and what shows the violation. The script
needs no exdev: it enters namespaces of its own, mounts the layout, makes the wheels, gives those commands and looks for
the violation. `sh repro.sh` ends with 1 if it shows, 0 if it does not, 2 if it could not be run.

exit status: 0 written; 1 the case violates nothing, so that there is nothing to show; 2 the file, the installer or this
             machine is not usable; 3 two runs of it differ

examples:
  exdev export uv-1513 --output repro.sh            a report, on the last release that was seen to have it
  exdev export uv-1513 --markdown                   the whole report, to be pasted into an issue
  exdev export .exdev/failures/3f9c2a81d0b4.toml    a case, as saved by a failing scenario
  exdev export case.toml --installer uv==0.13.9     the same case with a release
  INSTALLER=~/uv/target/debug/uv sh repro.sh        a script, with a build of one's own
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `export` to the command line."""
    parser = subparsers.add_parser(
        "export",
        help="a case as one shell script, or as a bug report",
        description="Write a case, or the case of a report, as one shell script that shows it without exdev.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(parser)
    parser.add_argument(
        "--output", metavar="FILE", type=Path, help="write it there, over no file that is there (default: print it)"
    )
    parser.add_argument("--markdown", action="store_true", help="the whole bug report, with the script in it")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Export.

    Raises:
        HarnessError: the file, the installer or the machine is not usable.
    """
    one = asked(arguments.file, installer=arguments.installer)
    if arguments.output:
        check_creatable(arguments.output)
    with open_laboratory() as laboratory:
        check_machine(one.case.layout)
        entered, told = laboratory.entered, tell(one, laboratory)
    if not _has_something_to_show(told):
        return _NOTHING
    if not all(same_promises(told.recorded.verdicts[0], other) for other in told.recorded.verdicts[1:]):
        sys.stderr.write("two runs of this case differ: it is uncontrolled, and no script can be trusted to show it\n")
        return _UNCONTROLLED
    text = _report(told, one, entered.user) if arguments.markdown else script(told)
    if arguments.markdown and len(text) > _LONGEST_ISSUE:
        advice = "attach the script instead, or make the case smaller first"
        sys.stderr.write(f"{len(text)} characters: GitHub takes {_LONGEST_ISSUE} in an issue; {advice}\n")
    if arguments.output:
        create(arguments.output, text)
    else:
        sys.stdout.write(text)
    return 0


def _report(told: Told, one: Asked, is_user: bool) -> str:
    machine = Machine(
        kernel=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        user="a user, in a user namespace" if is_user else "root",
    )
    sought = Sought(report=told.report) if told.report else recorded(told.recorded.verdicts[0])
    found = bisect.saved(one.case, one.case.installer, sought)
    return markdown(told, machine, affected(one, told, found))


def _has_something_to_show(told: Told) -> bool:
    if any(verdict.violations for verdict in told.recorded.verdicts):
        return True
    name = told.case.installer
    sys.stderr.write(f"{name} keeps every contract here: there is nothing to show. --installer names another release\n")
    return False
