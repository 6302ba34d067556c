"""`exdev check`: whether an installer is safe on a machine's storage, and which setting helps where it is not."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Final

from harness import installers, layouts
from harness.checking.capture import add_places, looked_at
from harness.checking.judging import judge
from harness.checking.remedies import remedies
from harness.checking.telling import tell
from harness.errors import FileInvalid, NotApplicable, Problem
from harness.kernel.laboratory import open_laboratory
from harness.model import LINK_MODES
from harness.printable import escaped
from harness.reproduction.asked import check_machine
from harness.run import Runner

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.checking.judging import Judgement
    from harness.checking.remedies import Remedy
    from harness.installers import Installer
    from harness.model import Layout, LinkMode

_EXAMPLES: Final = """\
The storage is rebuilt in a private mount namespace, and everything is tried there: cache and environment of this
machine are only looked at. Small wheels are installed, reinstalled, upgraded and uninstalled, each twice, and once on
plain storage: what goes wrong there too is not the storage's fault. Where the machine refuses to write, for another
reason than a read-only filesystem, nothing is called safe: no layout refuses in the same way.

exit status: 0 safe; 1 not safe; 2 the command line, a file or this machine is not usable; 3 two runs of the same differ

examples:
  exdev check --cache ~/.cache/uv --environment .venv --installer uv
  exdev check --cache ~/.cache/uv --environment .venv --installer uv==0.13.9 --link-mode hardlink
  exdev check mine.toml --installer pip                what exdev capture has written, on this machine or another
  exdev check package-directory-is-mount --installer uv    a layout of the catalogue
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `check` to the command line."""
    parser = subparsers.add_parser(
        "check",
        help="say whether an installer is safe on a machine's storage",
        description="Say in plain words whether an installer is safe on this machine's storage, and what helps if not.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="?", help="a layout: a file of exdev capture, or a name; default: this machine's")
    add_places(parser, required=False)
    parser.add_argument("--installer", metavar="NAME", default="uv", help="uv (default), uv==0.1.2, pip, pdm, ...")
    parser.add_argument(
        "--link-mode",
        action="append",
        default=[],
        choices=LINK_MODES,
        help="the one that is used; default: what the installer does by itself; may be given more than once",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Look or read, rebuild, ask, and say what came of it.

    Raises:
        HarnessError: the command line, a file or the machine is not usable.
    """
    _check_places(arguments)
    # Before there is a laboratory: the machine is looked at from outside, and a release may have to be installed. That
    # takes long, and is for nothing where there is no layout.
    layout = _storage(arguments)
    _progress(f"finding {arguments.installer}")
    installer = installers.find(arguments.installer)
    modes = tuple(dict.fromkeys(arguments.link_mode)) or usual(installer)
    for mode in modes:
        if mode not in installer.abilities.link_modes:
            raise NotApplicable(installer=installer.name, what=f"link mode {mode}")
    with open_laboratory() as laboratory:
        check_machine(layout)
        runner = Runner(laboratory)
        judgements = tuple(_judged(layout, installer, mode, runner) for mode in modes)
        wrong = [one for one in judgements if one.state not in ("safe", "not applicable")]
        tried = _tried(wrong, judgements, installer, runner)
    if all(one.state == "not applicable" for one in judgements):
        raise NotApplicable(installer=installer.name, what="any of what is asked here")
    sys.stdout.write(tell(installer.name, judgements, tried, layout=layout))
    if any(one.state == "differs" for one in judgements):
        return 3
    return 1 if wrong else 0


def usual(installer: Installer) -> tuple[LinkMode, ...]:
    """The link modes that an installer takes by itself.

    uv's is clone or hardlink, by its release; both go on to the same other ways. Who can link but does so only if told
    to, copies.
    """
    able = installer.abilities.link_modes
    if installer.name.startswith(("uv==", "path:")):
        return ("clone", "hardlink")
    if "copy" in able and "==" in installer.name:
        return ("copy",)
    return tuple(mode for mode in ("hardlink", "clone", "symlink", "copy") if mode in able)[:1]


def _check_places(arguments: argparse.Namespace) -> None:
    places = [name for name in ("cache", "environment", "temporary") if getattr(arguments, name)]
    message = ""
    if arguments.file and (places or arguments.no_probe):
        message = "a layout says where everything lies: leave --cache, --environment, --temporary and --no-probe out"
    elif not arguments.file and not {"cache", "environment"} <= set(places):
        message = "name a layout, or --cache and --environment of this machine"
    if message:
        raise FileInvalid(file="the command line", problems=(Problem(where="", message=message),))


def _storage(arguments: argparse.Namespace) -> Layout:
    if arguments.file:
        return layouts.load(arguments.file)
    storage, layout = looked_at(arguments)
    for place in storage.places:
        if place.part == "environment" and place.there != place.path:
            # A cache is made by whoever needs it; an environment that is not there is a slip, and not safe.
            message = "is not there; make it, or name the directory that it will be made in"
            raise FileInvalid(file=escaped(place.asked), problems=(Problem(where="", message=message),))
    return layout


def _judged(layout: Layout, installer: Installer, mode: LinkMode, runner: Runner) -> Judgement:
    return judge(layout, installer=installer.name, link_mode=mode, runner=runner, progress=_progress)


def _tried(
    wrong: Iterable[Judgement], judgements: Sequence[Judgement], installer: Installer, runner: Runner
) -> tuple[tuple[Remedy, Judgement], ...]:
    """Each remedy once, whichever link mode it is for; what has been judged already is not judged again."""
    done = {(one.layout, one.link_mode): one for one in judgements}
    judged = {key: one.state for key, one in done.items()}
    found = []
    for one in wrong:
        able = installer.abilities.link_modes
        for remedy in remedies(one.layout, installer=installer.name, link_mode=one.link_mode, able=able):
            key = remedy.layout, remedy.link_mode
            if key in judged and judged[key] != "safe":
                continue
            if key not in done:
                _progress(f"trying a remedy: {remedy.words}")
                done[key] = _judged(remedy.layout, installer, remedy.link_mode, runner)
            found.append((remedy, done[key]))
    return tuple(found)


def _progress(text: str) -> None:
    sys.stderr.write(f"exdev check: {escaped(text)}\n")
    sys.stderr.flush()
