"""`exdev provision`: have releases of installers ready, list them, remove them."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import TYPE_CHECKING, Final

from harness import data
from harness.errors import HarnessError
from harness.provisioning import index, shelf
from harness.provisioning.providing import provide
from harness.provisioning.release import DISTRIBUTIONS, Release, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.provisioning.shelf import Kept

# Of the JSON document; raised when a reader of the old one would misread the new one.
FORMAT: Final = 1

_EXAMPLES: Final = f"""\
Each release is installed by pip, once, into an environment of its own in the cache, and has to say its version
before it counts. Runs take it from there, and need no network then. What pip.conf, PIP_INDEX_URL and the like say of
the index is respected.

A name without a version is the newest release that pip can install now: the index is asked anew, and its answer is
what that name means to all runs from then on.

examples:
  exdev provision uv==0.1.2 pip==24.0      these releases
  exdev provision {" ".join(DISTRIBUTIONS)}
                                           the newest of all
  exdev provision --list                   what is there, with size and date
  exdev provision --list --json            the same, for machines
  exdev provision --remove uv==0.1.2       this release
  exdev provision --remove uv              every release of uv

exit status:
  0  everything that was asked for is there (with --remove: was removed)
  1  something of it is not; all the rest was done
  2  the command line is wrong
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `provision` to the command line."""
    parser = subparsers.add_parser(
        "provision",
        help="have releases of installers ready, for runs without a network",
        description="Have releases of installers ready, for runs without a network.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "releases", nargs="*", metavar="NAME[==VERSION]", help=f"an installer ({', '.join(DISTRIBUTIONS)}), a release"
    )
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--list", action="store_true", help="install nothing: show what is there, of these or of all")
    way.add_argument("--remove", action="store_true", help="remove these releases; of a name, all")
    parser.add_argument("--json", action="store_true", help="with --list: print one JSON document")
    parser.set_defaults(run=run, wrong=parser.error)


def run(arguments: argparse.Namespace) -> int:
    """Provide, list or remove.

    Returns:
        The exit status: 0, or 1 where something that was asked for could not be done.

    Raises:
        HarnessError: what was asked for names no release.
    """
    if arguments.json and not arguments.list:
        arguments.wrong("--json goes with --list")
    if not arguments.list and not arguments.releases:
        arguments.wrong("name a release, for example uv==0.1.2, or use --list")
    wanted = [parse(text) for text in dict.fromkeys(arguments.releases)]
    if arguments.list:
        return _list(wanted, as_json=arguments.json)
    done = [_removed(one) if arguments.remove else _provided(one) for one in wanted]
    return 0 if all(done) else 1


def _provided(wanted: Release | str) -> bool:
    """Provides one release, and says so; False where that cannot be done."""
    try:
        release = wanted if isinstance(wanted, Release) else _newest(wanted)
        if shelf.find(data.cache("releases"), release):
            _say(f"{release}: already there")
            return True
        _say(f"{release}: installing ...")
        started = time.monotonic()
        provide(release)
    except HarnessError as refused:
        _say(str(refused))
        return False
    _say(f"{release}: done in {time.monotonic() - started:.1f} s")
    return True


def _newest(distribution: str) -> Release:
    _say(f"{distribution}: asking the index for the newest release ...")
    return index.ask(distribution)


def _removed(wanted: Release | str) -> bool:
    found = _chosen([wanted])
    for kept in found:
        try:
            shelf.remove(data.cache("releases"), kept)
        except OSError as refused:
            _say(f"{kept.release} ({kept.python}): not removed: {refused.filename}: {refused.strerror}")
            return False
        _say(f"{kept.release} ({kept.python}): removed")
    if not found:
        _say(f"{wanted}: not there")
    return bool(found)


def _list(wanted: Sequence[Release | str], *, as_json: bool) -> int:
    found = _chosen(wanted)
    if as_json:
        releases = [_record(kept) for kept in found]
        document = {"format": FORMAT, "directory": str(data.cache("releases")), "releases": releases}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in _table(found)))
    if not found:
        _say(f"nothing of it is in {data.cache('releases')}")
    return 0 if found or not wanted else 1


def _record(kept: Kept) -> dict[str, str | int]:
    said: dict[str, str | int] = {
        "python": kept.python,
        "directory": str(kept.directory),
        "size": kept.size,
        "made": kept.made,
    }
    return {"distribution": kept.release.distribution, "version": kept.release.version, **said}


def _chosen(wanted: Sequence[Release | str]) -> tuple[Kept, ...]:
    """What is there of these releases and names; of nothing in particular: everything."""
    found = shelf.listed(data.cache("releases"))
    return tuple(one for one in found if not wanted or one.release in wanted or one.release.distribution in wanted)


def _table(found: Iterable[Kept]) -> list[str]:
    rows = [(str(one.release), one.python, f"{one.size / 1e6:.1f} MB", one.made[:10]) for one in found]
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [f"{row[0]:{wide[0]}}  {row[1]:{wide[1]}}  {row[2]:>{wide[2]}}  {row[3]}" for row in rows]


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
