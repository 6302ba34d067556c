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
_LONG: Final = "n" * 255  # NAME_MAX, limits.h


def alone(scratch: str) -> dict[str, str]:
    """What one scratch directory allows.

    Returns:
        By trial `ok`, the name of the errno that refused it, or in one word what came instead: `execute`, `symlink`,
        `clone`, `flock`, `lockf`, `long-name`; `modes`: `kept` or `changed`; `case`: `kept` or `ignored`.
    """
    return {name: _tried(deed, scratch) for name, deed in _ALONE.items()}


def between(source: str, target: str) -> dict[str, str]:
    """What two scratch directories allow between them: `link`, `rename` and `clone` from the first to the second."""
    return {name: _tried(deed, source, target) for name, deed in _BETWEEN.items()}


def _tried(deed: Callable[..., str | None], *directories: str) -> str:
    try:
        return deed(*directories) or "ok"
    except OSError as refused:
        return errno_name(refused.errno)
    except subprocess.TimeoutExpired:
        return "hangs"
    finally:
        # Where there is little room, what one trial leaves behind would be the next one's ENOSPC.
        for directory in directories:
            _empty(directory)


def _empty(directory: str) -> None:
    with suppress(OSError):  # who removes the directory itself says what stays
        for name in os.listdir(directory):
            os.unlink(f"{directory}/{name}")


def _file(directory: str, name: str, content: bytes = b"exdev") -> str:
    path = f"{directory}/{name}"
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.write(descriptor, content)
    finally:
        os.close(descriptor)
    return path


def _execute(scratch: str) -> str | None:
    script = _file(scratch, "script", _SCRIPT)
    os.chmod(script, 0o700)
    done = subprocess.run([script], cwd="/", check=False, timeout=_SECONDS, stdin=subprocess.DEVNULL)  # noqa: S603 - ours
    return None if done.returncode == 0 else f"exits {done.returncode}"


def _symlink(scratch: str) -> None:
    os.symlink("nowhere", f"{scratch}/symlink")


def _clone(source: str, target: str) -> None:
    reading = os.open(_file(source, "cloned"), os.O_RDONLY | os.O_CLOEXEC)
    try:
        writing = os.open(f"{target}/clone", os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            clone(reading, writing)
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def _modes(scratch: str) -> str:
    path = _file(scratch, "moded")
    os.chmod(path, _MODE)
    return "kept" if os.stat(path).st_mode & 0o777 == _MODE else "changed"


def _case(scratch: str) -> str:
    _file(scratch, "Case")
    return "ignored" if os.path.lexists(f"{scratch}/cASE") else "kept"


def _long_name(scratch: str) -> None:
    _file(scratch, _LONG)


def _lock(way: Callable[[int, int], object]) -> Callable[[str], None]:
    def lock(scratch: str) -> None:
        descriptor = os.open(f"{scratch}/lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            # Without waiting: nobody else can hold it, and a server that does not answer must not hold us.
            way(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(descriptor)

    return lock


def _link(source: str, target: str) -> None:
    os.link(_file(source, "linked"), f"{target}/link", follow_symlinks=False)


def _rename(source: str, target: str) -> None:
    os.rename(_file(source, "renamed"), f"{target}/name")


_ALONE: Final[Mapping[str, Callable[[str], str | None]]] = {
    "execute": _execute,
    "symlink": _symlink,
    "clone": lambda scratch: _clone(scratch, scratch),
    "modes": _modes,
    "case": _case,
    "long-name": _long_name,
    "flock": _lock(fcntl.flock),
    "lockf": _lock(fcntl.lockf),
}
_BETWEEN: Final[Mapping[str, Callable[[str, str], str | None]]] = {"link": _link, "rename": _rename, "clone": _clone}
