"""`exdev matrix FILE...`: saved results, joined, as a table, a page, or a file for machines."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.matrix.cells import FAILING
from harness.matrix.comparing import compare
from harness.matrix.file import dump, read
from harness.matrix.github import planned, strategy
from harness.matrix.html import html
from harness.matrix.joining import LOST, join, lost
from harness.matrix.junit import junit
from harness.matrix.markdown import markdown
from harness.matrix.matrix import INCOMPLETE
from harness.matrix.picture import picture
from harness.matrix.printable import line
from harness.matrix.terminal import differences, table
from harness.output import overwrite
from harness.provisioning import index

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.matrix.cells import Result
    from harness.matrix.comparing import Pair
    from harness.matrix.matrix import Matrix

_EPILOG = """\
Several files, the shards of one run for example, are joined: equal results count once. The same scenario instance with
two verdicts in two files is `flaky`: it fails, and says which file says what.

states:
  pass            every promise was kept
  known           open reports, which are named, explain all that is wrong
  violation       a promise was broken
  flaky           one run broke a promise that another one kept
  error           the harness or the scenario itself failed
  not run         the machine could not; the reason is told
  not applicable  the installer does not do this

examples:
  pytest scenarios --installer uv --matrix .exdev/matrix.json -n auto
  exdev matrix .exdev/matrix.json                              a table, here
  exdev matrix shards/*.json --merge --output all.json         one file of several
  exdev matrix shards/*.json --expect plan.json --merge --output all.json
                                                               likewise; what a planned job did not tell is an error
  exdev matrix all.json --html --output matrix.html            a page to look around in
  exdev matrix all.json --markdown >> "$GITHUB_STEP_SUMMARY"
  exdev matrix new.json --compare old.json                     what changed from one release to another
  exdev matrix new.json --compare old.json --html --output matrix.html
  exdev matrix --github --shards 8                             jobs for a workflow, by the times measured for exdev
  exdev matrix --github --shards 8 all.json                    by the times of these results
  exdev matrix --github --shards 2 --installer path:./uv --layout nested-tmpfs --layout docker-volume

exit status:
  0  no result fails; --github: always
  1  a result is a violation, an error or flaky (of the files themselves, not of --compare), there is none at all, or
     the run was cut short, so that some may be missing
  2  a file or the command line is not usable
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `matrix` to the command line."""
    parser = subparsers.add_parser(
        "matrix",
        help="show, join and compare saved results",
        description="Show, join and compare results that `pytest scenarios --matrix FILE` has saved.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="saved results; --github needs none")
    forms = parser.add_mutually_exclusive_group()
    add = forms.add_argument
    add("--json", "--merge", dest="form", action="store_const", const=_json, help="one file, of the same format")
    add("--junit", dest="form", action="store_const", const=_junit, help="JUnit XML: a suite for each installer")
    add("--markdown", dest="form", action="store_const", const=_markdown, help="for the summary of a CI step")
    add("--html", dest="form", action="store_const", const=_html, help="one page with all the evidence in it")
    add("--picture", dest="form", action="store_const", const=_picture, help="one SVG image, for a README")
    parser.add_argument("--compare", metavar="OTHER", type=Path, help="say what changed since these earlier results")
    expect = "what --github has printed, in a file: a job NAME without NAME.json is an error"
    parser.add_argument("--expect", metavar="PLAN", type=Path, help=expect)
    parser.add_argument("--output", metavar="FILE", type=Path, help="write there, whole or not at all")
    add("--github", dest="form", action="store_const", const=None, help="a strategy matrix for GitHub Actions, as JSON")
    jobs = parser.add_argument_group("with --github")
    jobs.add_argument("--shards", type=int, default=None, metavar="N", help="divide among N jobs of about equal time")
    jobs.add_argument(
        "--pin", action="store_true", help="name the newest releases that the index has now, for all jobs"
    )
    for name, known in (("--layout", "of the catalogue"), ("--installer", "the reference core and the released ones")):
        jobs.add_argument(name, action="append", default=[], metavar="NAME", help=f"repeat; all {known} by default")
    parser.set_defaults(run=run, form=_table, wrong=parser.error)


def run(arguments: argparse.Namespace) -> int:
    """Show them.

    Returns:
        The exit status: 0, or 1 where something failed, or may be missing, or nothing is there.

    Raises:
        FileInvalid: a file is not usable, or cannot be written.
    """
    if arguments.form is None:
        return _github(arguments)
    if arguments.shards is not None or arguments.layout or arguments.installer or arguments.pin:
        arguments.wrong("--shards, --pin, --layout and --installer go with --github")
    if not arguments.files and not arguments.expect:
        arguments.wrong("name a file of saved results: pytest scenarios --matrix FILE.json")
    if arguments.compare and arguments.form in {_junit, _picture}:
        arguments.wrong("--compare goes with the table, --json, --markdown and --html")
    files = [(str(path), read(path)) for path in arguments.files]
    if arguments.expect:
        files.append((str(arguments.expect), lost(planned(arguments.expect), files)))
    matrix = join(files)
    other = read(arguments.compare) if arguments.compare else None
    text = arguments.form(matrix, join([(str(arguments.compare), other)]) if other else None)
    _give(arguments, text)
    if why := matrix.about.get(INCOMPLETE):
        sys.stderr.write(f"incomplete: {line(why)}\n")
        return 1
    return 0 if matrix.results and not any(result.state in FAILING for result in matrix.results) else 1


def _github(arguments: argparse.Namespace) -> int:
    """Jobs that are to be run; no verdict of what was."""
    for name in ("compare", "expect"):
        if getattr(arguments, name):
            arguments.wrong(f"--{name} does not go with --github")
    if arguments.shards is None or arguments.shards < 1:
        arguments.wrong("--github needs --shards N, at least 1")
    # Nobody knows how long what was lost takes.
    results = [result for path in arguments.files for result in read(path).results if result.instance != LOST]
    text = strategy(
        count=arguments.shards,
        layout=arguments.layout,
        installer=arguments.installer,
        results=results,
        newest=index.ask if arguments.pin else None,
    )
    _give(arguments, f"{text}\n")
    return 0


def _give(arguments: argparse.Namespace, text: str) -> None:
    if arguments.output:
        overwrite(arguments.output, text)
    else:
        sys.stdout.write(text)


def _table(matrix: Matrix, before: Matrix | None) -> str:
    parts = [table(matrix.results) or "no results"]
    parts += [] if before is None else [differences(compare(before, matrix))]
    return "\n\n".join(parts) + "\n"


def _json(matrix: Matrix, before: Matrix | None) -> str:
    if before is None:
        return dump(matrix)
    found = compare(before, matrix)
    silent = {"before": found.left, "after": found.alone}
    return dump(matrix, {"changes": [_change(one) for one in found.changes], "not_compared": silent})


def _change(one: Pair) -> Mapping[str, Any]:
    where = {name: getattr(one.result, name) for name in ("instance", "layout", "link_mode")}
    return {"installer": one.installer, **where, "before": _side(one.before), "after": _side(one.after)}


def _side(result: Result | None) -> Mapping[str, Any]:
    return {"installer": result.installer, "state": result.state, "why": result.why} if result else {}


def _junit(matrix: Matrix, _: Matrix | None) -> str:
    return junit(matrix)


def _markdown(matrix: Matrix, before: Matrix | None) -> str:
    return markdown(matrix, None if before is None else compare(before, matrix))


def _html(matrix: Matrix, before: Matrix | None) -> str:
    return html(matrix, before)


def _picture(matrix: Matrix, _: Matrix | None) -> str:
    return picture(matrix)
