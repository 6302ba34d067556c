"""Where releases are kept: `NAME-VERSION-PYTHON`, one link each to the environment that was built for it.

An environment holds its own path (in the first line of its scripts), so it cannot be built elsewhere and moved. It is
built in a directory of its own below `builds/`, and stays there; what is published is a relative symbolic link to it,
put in place by one rename. So a killed run leaves at most a build that no link leads to, and what its orphans still
write goes there; whoever installs next removes such builds.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import sysconfig
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from packaging import tags
from packaging.version import Version

from harness.errors import HarnessError
from harness.provisioning.release import DISTRIBUTIONS, Release

if TYPE_CHECKING:
    from collections.abc import Iterator

# Of the record; raised when a reader of the old one would misread the new one.
_FORMAT: Final = 1
_RECORD: Final = "release.json"


@dataclass(frozen=True, slots=True)
class Provided:
    """A release that is installed.

    Attributes:
        release: which.
        directory: the root of the environment it lives in.
        library: that environment's site-packages.
        scripts: its `bin`.
    """

    release: Release
    directory: Path
    library: Path
    scripts: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One release in the cache, of any Python.

    Attributes:
        release: which.
        python: the tag of the interpreters it was installed for, such as `cp311`.
        directory: the root of its environment.
        size: bytes of all its files.
        made: when it was published, in ISO 8601, UTC.
    """

    release: Release
    python: str
    directory: Path
    size: int
    made: str


def python_tag() -> str:
    """The tag of the running interpreter: `cp311`."""
    return f"{tags.interpreter_name()}{tags.interpreter_version()}"


def at(environment: Path, release: Release) -> Provided:
    """A release in an environment of the running Python: where its parts lie there."""
    base = os.fspath(environment)
    paths = sysconfig.get_paths(scheme="venv", vars={"base": base, "platbase": base})
    return Provided(release, environment, Path(paths["purelib"]), Path(paths["scripts"]))


def key(release: Release) -> str:
    """The name under which a release is published for this Python, and locked."""
    return _name(release, python_tag())


def find(shelf: Path, release: Release) -> Provided | None:
    """A release that was published whole for this Python, and can be run; None: there is none."""
    kept = _read(shelf / key(release))
    if kept is None or (kept.release, kept.python) != (release, python_tag()):
        return None
    provided = at(kept.directory, release)
    # A link to the interpreter it was made with, which may have been removed since.
    return provided if (provided.scripts / "python").exists() else None


@contextlib.contextmanager
def locked(shelf: Path, name: str, *, wait: bool = True) -> Iterator[None]:
    """Nobody else works on what has this name (`key`, for a release) meanwhile. The file of the lock stays.

    Raises:
        BlockingIOError: somebody does, and there is to be no waiting.
        OSError: the cache cannot be written.
    """
    (shelf / "locks").mkdir(parents=True, exist_ok=True)
    with (shelf / "locks" / name).open("a") as lock:
        # Given back by the kernel with the last descriptor, however this process ends.
        fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


@contextlib.contextmanager
def building(shelf: Path, release: Release) -> Iterator[Path]:
    """An empty directory to build a release in, at the path that it keeps; removed if that fails. Under its lock.

    Raises:
        OSError: the cache cannot be written.
    """
    (shelf / "builds").mkdir(exist_ok=True)
    _sweep(shelf, held=key(release))
    directory = Path(tempfile.mkdtemp(prefix=f"{key(release)}.", dir=shelf / "builds"))
    try:
        directory.chmod(0o755)
        yield directory
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise


def publish(shelf: Path, release: Release, build: Path) -> None:
    """Make a build the release that `find` finds, at once and whole.

    Raises:
        OSError: the cache cannot be written.
    """
    record = {
        "format": _FORMAT,
        "distribution": release.distribution,
        "version": release.version,
        "python": python_tag(),
        "size": sum(path.lstat().st_size for path in build.rglob("*")),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    (build / _RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    link, fresh = shelf / key(release), build / "published"
    if not link.is_symlink():
        _discard(link)
    fresh.symlink_to(os.path.relpath(build, shelf))
    fresh.rename(link)
    # What it led to before, if that could no longer be run.
    _sweep(shelf, held=key(release))


def listed(shelf: Path) -> tuple[Kept, ...]:
    """Everything that is published, sorted by installer, version and Python."""
    paths = shelf.iterdir() if shelf.is_dir() else ()
    found = (
        kept for path in paths if (kept := _read(path)) is not None and path.name == _name(kept.release, kept.python)
    )
    return tuple(sorted(found, key=_order))


def remove(shelf: Path, kept: Kept) -> None:
    """Remove one release.

    Raises:
        OSError: it cannot be removed.
    """
    name = _name(kept.release, kept.python)
    with locked(shelf, name):
        _discard(shelf / name)
        # What a link led to may be anywhere, if somebody else made the link.
        if kept.directory.parent == (shelf / "builds").resolve():
            shutil.rmtree(kept.directory, ignore_errors=True)


def _name(release: Release, python: str) -> str:
    return f"{release.distribution}-{release.version}-{python}"


def _order(kept: Kept) -> tuple[Any, ...]:
    return (DISTRIBUTIONS.index(kept.release.distribution), Version(kept.release.version), kept.python)


def _read(link: Path) -> Kept | None:
    """What is published under a path; None for nothing, or a record that is not one of ours."""
    try:
        said = json.loads((link / _RECORD).read_text(encoding="utf-8"))
        if said["format"] != _FORMAT:
            return None
        return Kept(
            release=Release(said["distribution"], said["version"]),
            python=said["python"],
            directory=link.resolve(),
            size=said["size"],
            made=said["made"],
        )
    except (OSError, ValueError, LookupError, TypeError, HarnessError):
        return None


def _sweep(shelf: Path, *, held: str) -> None:
    """Remove each build that no link leads to and that nobody works on."""
    for build in list((shelf / "builds").iterdir()):
        name = build.name.rpartition(".")[0]
        with contextlib.suppress(BlockingIOError), contextlib.ExitStack() as stack:
            if name != held:
                stack.enter_context(locked(shelf, name, wait=False))
            if (shelf / name).resolve() != build.resolve():
                shutil.rmtree(build, ignore_errors=True)


def _discard(link: Path) -> None:
    """Remove what is published under a path: a link, or a directory where a copy of the cache followed its links."""
    if link.is_dir() and not link.is_symlink():
        shutil.rmtree(link)
    link.unlink(missing_ok=True)
