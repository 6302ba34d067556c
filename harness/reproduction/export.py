"""Export: a case as archives and a shell script, so that the real installer can be tried on it without the harness."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from harness.layouts.commands import commands, role
from harness.wheels import reordered
from harness.wheels.archive import write

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model import Case, Step

SCRIPT: Final = "site.sh"
_ROLES: Final = ("cache", "environment", "purelib", "temporary", "wheelhouse")
_PYTHON: Final = f"python{sys.version_info.major}.{sys.version_info.minor}"


def export(case: Case, directory: Path) -> Path:
    """Write each archive in the case's order, and the script; the directory is made.

    Returns:
        The script's path.

    Raises:
        OSError: the directory cannot be written, or a file of that name is there.
        FileInvalid: the layout cannot be built by hand safely.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for wheel in case.wheels:
        with (directory / wheel.filename).open("xb") as file:
            file.write(write(reordered(wheel, case.plan.creation)))
    path = directory / SCRIPT
    with path.open("x", encoding="utf-8") as file:
        file.write(script(case))
    return path


def script(case: Case) -> str:
    """The script: it enters namespaces of its own, builds the layout, and runs a command in it, or a shell.

    What a plan says of listings and schedules is not in it: no command can ask a filesystem for them.
    """
    start, after = commands(case.layout)
    image = (
        ['sh -c "${IMAGE:-:}"  # the image steps: what is done before the mounts that follow', *after] if after else []
    )
    variables = [f"export {name.upper()}={role(case.layout, name)}" for name in _ROLES]
    return "\n".join((*_head(case), *start, *variables, *_ENVIRONMENT, *image, 'exec "${@:-sh}"', ""))


def _head(case: Case) -> list[str]:
    # What lifts an obstacle is for the reader to do: nobody knows when a command of theirs has failed.
    steps = [f"#   {_moment(step)}{step.action} {' '.join(step.wheels)}" for step in case.steps]
    return [
        "#!/bin/sh",
        _comment(f"{case.layout.name}: {case.layout.about}"),
        _comment(
            f"Made for {case.installer}, link mode {case.link_mode}. `sh {SCRIPT} COMMAND` runs there; the steps:"
        ),
        *map(_printable, steps),
        "set -eu",
        'here=$(cd "$(dirname "$0")" && pwd -P)',
        # Everything is mounted in a namespace of its own, and goes with the last process in it.
        'case "${EXDEV_INSIDE:-}-$(id -u)" in',
        '-0) EXDEV_INSIDE=root exec unshare --mount sh "$here/' + SCRIPT + '" "$@" ;;',
        '-*) EXDEV_INSIDE=user exec unshare --mount --map-root-user sh "$here/' + SCRIPT + '" "$@" ;;',
        "esac",
        'userxattr=; [ "$EXDEV_INSIDE" = root ] || userxattr=,userxattr',
        "umask 022",
        "site=$here/site",
        'inside() { case "$(realpath -m "$1")/" in "$site"/*) ;; *) outside "$1" ;; esac; }',
        'outside() { echo "$1 leads out of the site" >&2; exit 1; }',
        'mkdir -p "$site"',
        'mount -t tmpfs -o mode=755 exdev "$site"',
    ]


_ENVIRONMENT: Final = (
    'cp "$here"/*.whl "$WHEELHOUSE"',
    # An environment as the venv module makes it, without the files that a small filesystem has no room for.
    f"python=$({_PYTHON} -c 'import os, sys; print(os.path.realpath(sys.executable))')",
    'mkdir -p "$ENVIRONMENT/bin"; ln -s "$python" "$ENVIRONMENT/bin/python"',
    'printf "home = %s\\n" "$(dirname "$python")" > "$ENVIRONMENT/pyvenv.cfg"',
    # An installer that takes this for another environment would write there: into the machine's own Python.
    'prefix=$("$ENVIRONMENT/bin/python" -BIc "import sys; print(sys.prefix)")',
    '[ "$prefix" = "$ENVIRONMENT" ] || { echo "the environment is not one: its prefix is $prefix" >&2; exit 1; }',
    'export VIRTUAL_ENV="$ENVIRONMENT" HOME="$TEMPORARY"; unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME',
)


def _moment(step: Step) -> str:
    return "image: " if step.image else "once the obstacles are lifted: " if step.lifted else ""


def _comment(text: str) -> str:
    return _printable(f"# {text}")


def _printable(text: str) -> str:
    """One line, whatever a layout is called: it must not end its comment."""
    return "".join(character if character.isprintable() else "?" for character in text)
