"""Trials: what one or two directories of the live machine allow, done with scratch files in them."""

from __future__ import annotations

import fcntl
import os
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from harness.errors import errno_name
from harness.kernel.cloning import clone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SCRIPT: Final = b"#!/bin/sh\nexit 0\n"
_SECONDS: Final = 30
_MODE: Final = 0o741  # of nobody's umask, and of no filesystem that has one mode for all files
_NEW: Final = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW
_FIRST: Final = "Exdev"
_SECOND: Final = "second"
_OTHER_CASE: Final = "eXDEV"
_LONG: Final = "n" * 255  # NAME_MAX, limits.h


def alone(scratch: int) -> dict[str, str]:
    """What one scratch directory allows.

    Args:
        scratch: its descriptor.

    Returns:
        By trial `ok`, the name of the errno that refused it, or in one word what came instead: `execute`, `symlink`,
        `clone`, `flock`, `lockf`, `long-name`; `modes`: `kept` or `changed`; `case`: `kept` or `ignored`.
    """
    return {name: _tried(deed, scratch) for name, deed in _ALONE.items()}


def between(source: int, target: int) -> dict[str, str]:
    """What two scratch directories allow between them: `link`, `rename` and `clone` from the first to the second."""
    return {name: _tried(deed, source, target) for name, deed in _BETWEEN.items()}


def _tried(deed: Callable[..., str | None], *directories: int) -> str:
    try:
        return deed(*directories) or "ok"
    except OSError as refused:
        return errno_name(refused.errno)
    except subprocess.TimeoutExpired:
        return "hangs"
    finally:
        # Where there is little room, what one trial leaves behind would be the next one's ENOSPC.
        for directory in directories:
            for name in (_FIRST, _SECOND, _LONG):
                with suppress(OSError):  # it was not made; or it stays, and whoever removes the directory says so
                    os.unlink(name, dir_fd=directory)


def _file(directory: int, name: str = _FIRST, content: bytes = b"exdev") -> int:
    """A new file, open for writing."""
    descriptor = os.open(name, _NEW, 0o600, dir_fd=directory)
    try:
        os.write(descriptor, content)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _made(directory: int, name: str = _FIRST) -> None:
    os.close(_file(directory, name))


def _execute(scratch: int) -> str | None:
    descriptor = _file(scratch, content=_SCRIPT)
    try:
        os.fchmod(descriptor, 0o700)
    finally:
        os.close(descriptor)  # what is open for writing cannot be run (ETXTBSY)
    done = subprocess.run(  # noqa: S603 - ours
        [f"/proc/self/fd/{scratch}/{_FIRST}"],
        cwd="/",
        check=False,
        timeout=_SECONDS,
        stdin=subprocess.DEVNULL,
        pass_fds=(scratch,),
    )
    return None if done.returncode == 0 else f"exits {done.returncode}"


def _symlink(scratch: int) -> None:
    os.symlink("nowhere", _FIRST, dir_fd=scratch)


def _clone(source: int, target: int) -> None:
    _made(source)
    reading = os.open(_FIRST, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=source)
    try:
        writing = os.open(_SECOND, _NEW, 0o600, dir_fd=target)
        try:
            clone(reading, writing)
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def _modes(scratch: int) -> str:
    descriptor = _file(scratch)
    try:
        os.fchmod(descriptor, _MODE)
    finally:
        os.close(descriptor)
    found = os.stat(_FIRST, dir_fd=scratch, follow_symlinks=False).st_mode & 0o777
    return "kept" if found == _MODE else "changed"


def _case(scratch: int) -> str:
    _made(scratch)
    try:
        os.stat(_OTHER_CASE, dir_fd=scratch, follow_symlinks=False)
    except FileNotFoundError:
        return "kept"
    return "ignored"


def _lock(way: Callable[[int, int], object]) -> Callable[[int], None]:
    def lock(scratch: int) -> None:
        descriptor = _file(scratch)
        try:
            # Without waiting: nobody else can hold it, and a server that does not answer must not hold us.
            way(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(descriptor)

    return lock


def _link(source: int, target: int) -> None:
    _made(source)
    os.link(_FIRST, _SECOND, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)


def _rename(source: int, target: int) -> None:
    _made(source)
    os.rename(_FIRST, _SECOND, src_dir_fd=source, dst_dir_fd=target)


_ALONE: Final[Mapping[str, Callable[[int], str | None]]] = {
    "execute": _execute,
    "symlink": _symlink,
    "clone": lambda scratch: _clone(scratch, scratch),
    "modes": _modes,
    "case": _case,
    "long-name": lambda scratch: _made(scratch, _LONG),
    "flock": _lock(fcntl.flock),
    "lockf": _lock(fcntl.lockf),
}
_BETWEEN: Final[Mapping[str, Callable[[int, int], str | None]]] = {"link": _link, "rename": _rename, "clone": _clone}
