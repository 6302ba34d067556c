"""`exdev capture`: write the storage of this machine down as a layout."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.checking.words import comment
from harness.errors import FileInvalid
from harness.kernel.mountinfo import covering
from harness.layouts.capture import capture
from harness.layouts.nodes import inside
from harness.layouts.survey import survey
from harness.layouts.validate import problems
from harness.model import codec
from harness.output import check_absent, create
from harness.printable import escaped

if TYPE_CHECKING:
    from harness.kernel.mountinfo import MountEntry
    from harness.layouts.storage import Storage
    from harness.model import Layout

_EXAMPLES: Final = """\
Read from the mount table, and tried with one scratch directory in each of the three, which is removed again. What does
not exist yet is not made: the nearest directory above it counts, and nothing is tried there.

exit status: 0 done; 2 a path or the output file is not usable

examples:
  exdev capture --cache ~/.cache/uv --environment .venv
  exdev capture --cache /root/.cache/uv --environment /venvs/app --temporary /scratch --output mine.toml
  exdev capture --cache ~/.cache/uv --environment .venv --no-probe      only look, write nothing at all
  pytest scenarios --layout mine.toml --installer uv                    what can be done with it
  exdev check mine.toml --installer uv
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `capture` to the command line."""
    parser = subparsers.add_parser(
        "capture",
        help="write this machine's storage down as a layout",
        description="Write down, as a layout that can be rebuilt anywhere, what storage an installer has here.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_places(parser, required=True)
    parser.add_argument("--output", metavar="FILE", help="write into this new file; default: print")
    parser.set_defaults(run=run)


def add_places(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Add what says which directories are meant."""
    parser.add_argument("--cache", metavar="DIR", required=required, help="the installer's cache")
    parser.add_argument("--environment", metavar="DIR", required=required, help="the virtual environment, or a prefix")
    parser.add_argument("--temporary", metavar="DIR", help="for temporary files; default: TMPDIR, or /tmp")
    parser.add_argument("--no-probe", action="store_true", help="write nothing at all: try nothing, only look")


def run(arguments: argparse.Namespace) -> int:
    """Look, and write the layout.

    Raises:
        FileInvalid: a path is not usable, or the output file is there already or cannot be written.
        ScratchStays: a scratch directory could not be removed.
    """
    if arguments.output:
        check_absent(Path(arguments.output))
    storage, layout = looked_at(arguments)
    text = document(storage, layout, arguments)
    if arguments.output:
        create(Path(arguments.output), text)
    else:
        sys.stdout.write(text)
    return 0


def looked_at(arguments: argparse.Namespace) -> tuple[Storage, Layout]:
    """What is on this machine, and the layout of it, which says what it does not mirror.

    Raises:
        FileInvalid: a path is not usable, or what is found there cannot be said as a layout.
        ScratchStays: a scratch directory could not be removed.
    """
    # Our own TMPDIR, as the installer's: `tempfile` would try it by writing, and go elsewhere (tempfile.gettempdir).
    temporary = arguments.temporary or os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 - where installers go without it
    storage = survey(
        cache=arguments.cache,
        environment=arguments.environment,
        temporary=temporary,
        probe=not arguments.no_probe,
    )
    captured = capture(storage)
    # Paths of any bytes are told in them, and a file is UTF-8.
    layout = replace(captured.layout, unmirrored=tuple(map(escaped, captured.remarks)))
    found = problems(layout)
    if found:
        raise FileInvalid(file="the layout of this machine", problems=found)
    return storage, layout


def document(storage: Storage, layout: Layout, arguments: argparse.Namespace) -> str:
    """The TOML file: first, as comments, what was asked and what was seen."""
    told = {"cache": arguments.cache, "environment": arguments.environment, "temporary": arguments.temporary}
    words = [word for name, path in told.items() if path for word in (f"--{name}", path)]
    lines = [f"$ exdev capture {shlex.join(words)}{' --no-probe' * arguments.no_probe}", ""]
    lines += [f"{place.part}: {place.asked}" for place in storage.places]
    lines += [""] + [_mounted(entry) for entry in _mounts(storage)]
    return "".join(map(comment, lines)) + "\n" + codec.dump_toml(layout)


def _mounts(storage: Storage) -> tuple[MountEntry, ...]:
    """Those that hold a place, and those inside the environment."""
    holding = [covering(storage.mounts, place.path) for place in storage.places]
    return tuple(dict.fromkeys(entry for entry in (*holding, *inside(storage)) if entry is not None))


def _mounted(entry: MountEntry) -> str:
    """One mount, in the words of mount(8)."""
    return (
        f"{entry.source or 'none'} on {entry.at} type {entry.type} ({','.join(entry.options)}), device {entry.device}"
    )
