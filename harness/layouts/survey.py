"""Survey of the live machine: reads its mount table and directories, and tries what they allow with scratch files."""

from __future__ import annotations

import glob
import os
import re
import stat
from contextlib import suppress
from itertools import islice, permutations
from typing import TYPE_CHECKING, Final

from harness.errors import FileInvalid, Problem, errno_name
from harness.kernel import mountinfo, trials
from harness.kernel.layers import on_lower_layer
from harness.kernel.scratch import Scratch, scratch_in
from harness.layouts.storage import Answer, Linked, Place, Storage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.kernel.mountinfo import MountEntry
    from harness.layouts.storage import Part

_PYTHON: Final = re.compile(r"python3\.(\d+)")
_INTERPRETER: Final = re.compile(r"python[0-9.]*|pyvenv\.cfg")
# A directory of packages may have thousands: links among them are rare, and more than a few are not mirrored.
_LOOKED_AT: Final = 10_000


def survey(*, cache: str, environment: str, temporary: str, probe: bool = True) -> Storage:
    """Look at the storage that an installer would use.

    Nothing is written but one scratch directory in each of cache, temporary and environment (its site-packages, once
    there is one), which is removed again, also on Ctrl-C; none in what does not exist, none at all without `probe`.

    Args:
        cache: a path, which need not exist.
        environment: likewise.
        temporary: likewise.
        probe: try what the directories allow.

    Raises:
        FileInvalid: one of them is no directory, or cannot be looked at.
        ScratchStays: a scratch directory could not be removed again.
    """
    try:
        mounts = mountinfo.seen(mountinfo.read())
    except OSError as refused:
        raise _unusable("/proc/self/mountinfo", f"cannot be read: {errno_name(refused.errno)}") from refused
    asked: dict[Part, str] = {"cache": cache, "environment": environment, "temporary": temporary}
    places = [_place(part, path) for part, path in asked.items()]
    home = places[1]
    packages = _packages(home.path)
    if packages:
        places.append(_place("purelib", packages))
    if os.path.isdir(f"{home.path}/bin"):
        places.append(_place("scripts", f"{home.path}/bin"))
    return Storage(
        mounts=mounts,
        places=tuple(places),
        symlinks=tuple(_symlinks(home.path, packages)),
        files=frozenset(_files(mounts, (home.path, os.path.realpath(packages or home.path)))),
        answers=tuple(_answers({place.part: place for place in places})) if probe else (),
        probed=probe,
    )


def _place(part: Part, asked: str) -> Place:
    try:
        absolute = os.path.abspath(asked)
        path = os.path.realpath(absolute)
        there = _nearest(path)
        found, room = os.stat(there), os.statvfs(there)
    except OSError as refused:
        raise _unusable(asked, f"cannot be looked at: {errno_name(refused.errno)}") from refused
    except ValueError as error:  # a NUL byte
        raise _unusable(asked, str(error)) from error
    if not stat.S_ISDIR(found.st_mode):
        raise _unusable(asked, f"{there!r} is no directory")
    return Place(
        part=part,
        asked=absolute,
        path=path,
        there=there,
        device=found.st_dev,
        mode=stat.S_IMODE(found.st_mode) if there == path else None,
        free=room.f_bavail * room.f_frsize,
        inodes=room.f_favail if room.f_files else None,
        lower=_lower(there) if there == path else None,
    )


def _nearest(path: str) -> str:
    """The nearest directory above a path that exists, or itself.

    Raises:
        OSError: it cannot be seen whether one exists: a directory above it is closed, or its server does not answer.
    """
    while True:
        try:
            os.lstat(path)
        except FileNotFoundError:
            path = os.path.dirname(path)
        else:
            return path


def _lower(path: str) -> bool | None:
    """Whether a directory, or the directories in it, come from a lower layer: an overlay's own root never says so."""
    found = on_lower_layer(path)
    if found is False and os.path.ismount(path):
        with suppress(OSError), os.scandir(path) as entries:
            below = (on_lower_layer(entry.path) for entry in islice(entries, _LOOKED_AT))
            return any(below)
    return found


def _unusable(file: str, message: str) -> FileInvalid:
    return FileInvalid(file=ascii(file)[1:-1], problems=(Problem(where="", message=message),))


def _packages(environment: str) -> str:
    """Its site-packages, as it is spelled: that of the newest Python, should there be several; empty: none."""
    library = f"{environment}/lib"
    try:
        os.listdir(library)
    except FileNotFoundError:
        return ""
    except OSError as refused:  # which glob would take for an empty one
        raise _unusable(library, f"cannot be looked at: {errno_name(refused.errno)}") from refused
    found = [
        (int(version[1]), path)
        for path in glob.glob(f"{glob.escape(library)}/python3.*/site-packages")
        if (version := _PYTHON.fullmatch(path.split("/")[-2])) and os.path.isdir(path)
    ]
    return max(found)[1] if found else ""


def _symlinks(environment: str, packages: str) -> Iterator[Linked]:
    """Links where installers walk: in the scheme's own directories, and in site-packages."""
    directories = [environment, f"{environment}/lib"]
    directories += [os.path.dirname(packages), packages] if packages else []
    directories += [f"{environment}/{name}" for name in ("share", "include", "bin")]
    found: dict[str, Linked] = {}
    for directory in dict.fromkeys(map(os.path.realpath, directories)):
        with suppress(OSError):
            for name in sorted(os.listdir(directory)[:_LOOKED_AT]):
                link = _linked(f"{directory}/{name}")
                # A virtual environment is made anew, with its interpreter.
                if link and not (_INTERPRETER.fullmatch(name) or _INTERPRETER.fullmatch(os.path.basename(link.leads))):
                    found[link.at] = link
    yield from sorted(found.values(), key=lambda link: link.target != "directory")


def _linked(path: str) -> Linked | None:
    """A link, and what is at its end; None: it is none, or nobody can say."""
    try:
        says = os.readlink(path)
    except OSError:
        return None
    leads = os.path.realpath(path)
    try:
        is_directory = stat.S_ISDIR(os.stat(path).st_mode)
    except FileNotFoundError:
        return Linked(at=path, says=says, leads=leads, target="missing")
    except OSError:  # a circle, or a directory that is closed
        return None
    return Linked(at=path, says=says, leads=leads, target="directory" if is_directory else "file")


def _files(mounts: tuple[MountEntry, ...], directories: tuple[str, ...]) -> Iterator[str]:
    for entry in mounts:
        # Others are not looked at: a server that does not answer would hold us.
        if any(mountinfo.holds(directory, entry.at) for directory in directories):
            with suppress(OSError):
                if not stat.S_ISDIR(os.lstat(entry.at).st_mode):
                    yield entry.at


def _answers(places: Mapping[Part, Place]) -> Iterator[Answer]:
    parts: tuple[Part, ...] = ("cache", "purelib" if "purelib" in places else "environment", "temporary")
    here = {part: places[part].path for part in parts if places[part].exists}
    with scratch_in(tuple(here.values())) as made:
        scratch = {part: made[path] for part, path in here.items()}
        usable = {part: one.descriptor for part, one in scratch.items() if isinstance(one, Scratch)}
        yield from [
            Answer(do="write", source=part, gives="ok" if isinstance(one, Scratch) else one)
            for part, one in scratch.items()
        ]
        for part, descriptor in usable.items():
            yield from [Answer(do=do, source=part, gives=gives) for do, gives in trials.alone(descriptor).items()]
        for source, to in permutations(usable, 2):
            if usable[source] != usable[to]:
                found = trials.between(usable[source], usable[to])
                yield from [Answer(do=do, source=source, to=to, gives=gives) for do, gives in found.items()]
