"""`exdev matrix FILE...`: saved results as a table."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness.matrix.cells import FAILING
from harness.matrix.file import read
from harness.matrix.terminal import table

_EXAMPLES = """\
examples:
  pytest scenarios --installer uv --matrix .exdev/matrix.json -n auto
  exdev matrix .exdev/matrix.json

exit status: 0; 1 where a result is a violation, an error or flaky; 2 where a file is not usable
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `matrix` to the command line."""
    parser = subparsers.add_parser(
        "matrix",
        help="show saved results",
        description="Show results that `pytest scenarios --matrix FILE` has saved.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="saved results")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Show them.

    Returns:
        The exit status: 0, or 1 where something failed.

    Raises:
        FileInvalid: a file is not usable.
    """
    results = [result for path in arguments.files for result in read(path).results]
    sys.stdout.write(f"{table(results) or 'no results'}\n")
    return 1 if any(result.state in FAILING for result in results) else 0
