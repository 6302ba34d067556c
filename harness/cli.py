"""The command `exdev`: thin; each subcommand is a module with `add_parser` and `run`."""

from __future__ import annotations

import argparse
import io
import os
import sys
import traceback
from typing import TYPE_CHECKING, Final

import harness
from harness import doctor
from harness.checking import capture, check
from harness.errors import HarnessError
from harness.matrix import commands as matrix
from harness.printable import escaped
from harness.provisioning import commands as provisioning
from harness.reproduction import bisect, export, reduce, replay

if TYPE_CHECKING:
    from collections.abc import Sequence

# Each has add_parser(subparsers), which sets the default `run`: a function of the arguments to the exit status.
SUBCOMMANDS: Final = (doctor, capture, check, matrix, provisioning, replay, export, bisect, reduce)

_EXAMPLES: Final = """\
examples:
  exdev doctor                     what this machine can do, and what to do about the rest
  exdev doctor --require overlay   exit status 1 where overlay is missing
  exdev provision uv==0.1.2        have a release of an installer ready, for runs without a network
  exdev matrix .exdev/matrix.json  results that pytest scenarios --matrix .exdev/matrix.json has saved
  exdev capture --cache ~/.cache/uv --environment .venv
                                   this machine's storage as a layout
  exdev check --cache ~/.cache/uv --environment .venv --installer uv
                                   whether uv is safe on it, and what helps if not
  exdev replay uv-1513 --installer uv==0.1.3
                                   whether that release shows what a report is about
  exdev export uv-1513             a report's case as one shell script, for those who have no exdev
  exdev bisect uv-1513             which releases of uv show what this report is about
  exdev reduce case.toml           the same violation in a smaller case
  exdev COMMAND --help             what COMMAND takes

scenarios are run by pytest: pytest scenarios

exit status of every command: what its --help says; 2 for a wrong command line, or a file or machine that is not usable;
70 where exdev itself is at fault; 130 after Ctrl-C
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand.

    Args:
        argv: what follows the command's name; default: of this process.

    Returns:
        The exit status: the subcommand's; 2 for a wrong command line, or a file or machine that is not usable; 70 where
        exdev itself is at fault; 130 after Ctrl-C; 141 where nobody reads what is printed. None of these is a verdict.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Pictures of layouts have lines that not every locale can write.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        arguments = _parser().parse_args(argv)
        status: int = arguments.run(arguments)
        sys.stdout.flush()
    except HarnessError as refused:
        return _complain(refused)
    except KeyboardInterrupt:
        return 130  # 128 + SIGINT, as a shell says it
    except BrokenPipeError:
        # The reader (`head`, a pager) has gone.
        _print_no_more()
        return 141  # 128 + SIGPIPE
    except OSError as refused:
        _print_no_more()
        return _complain(refused)
    except Exception:  # noqa: BLE001 - Python would end with 1, which says of a case that it violates a contract
        traceback.print_exc()
        return 70  # EX_SOFTWARE of sysexits.h
    return status


def _complain(error: Exception) -> int:
    # What is wrong in a file is told in its own words, which anybody may have written.
    told = escaped(str(error), kept="\n")
    sys.stderr.write(f"exdev: {told}\n")
    return 2


def _print_no_more() -> None:
    """What is still buffered must not fail again at interpreter exit: see SIGPIPE in the documentation of `signal`."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="exdev",
        description="Filesystem regressions of Python package installers: real mounts, drawn orders, judged trees.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"exdev {harness.__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for subcommand in SUBCOMMANDS:
        subcommand.add_parser(subparsers)
    return parser


if __name__ == "__main__":
    sys.exit(main())
