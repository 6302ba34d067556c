"""Scratch directories on the live machine, where nothing goes away by itself: one in each place, and all removed.

They are held by descriptors, never by paths: root may look at directories that belong to somebody else, who could put a
link in a scratch directory's place at any moment.
"""

from __future__ import annotations

import errno
import os
import secrets
import signal
import threading
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.errors import ScratchStays, errno_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

PREFIX: Final = ".exdev-scratch-"
_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Scratch:
    """An empty directory of our own.

    Attributes:
        path: where it was made.
        descriptor: open, for the `dir_fd` of what is done in it.
    """

    path: str
    descriptor: int


@contextmanager
def scratch_in(directories: Sequence[str]) -> Iterator[dict[str, Scratch | str]]:
    """A scratch directory of mode 0700 in each directory, for as long as the `with` block runs.

    They go also on Ctrl-C, SIGTERM and SIGHUP; nothing but SIGKILL leaves one. Who puts something into them takes it
    out again.

    Returns:
        By directory: the scratch directory, or the name of the errno with which it was refused.

    Raises:
        ScratchStays: one could not be removed.
    """
    made: dict[str, Scratch | str] = {}
    with ExitStack() as stack:
        stack.enter_context(_endings_raised())
        for directory in dict.fromkeys(directories):
            try:
                # Between the directory and the promise to remove it no signal may come.
                with _undisturbed():
                    made[directory] = _make(directory, stack)
            except OSError as refused:
                made[directory] = errno_name(refused.errno)
        yield made


def _make(directory: str, stack: ExitStack) -> Scratch:
    parent = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    stack.callback(os.close, parent)
    name = PREFIX + secrets.token_hex(6)
    path = os.path.join(directory, name)
    os.mkdir(name, 0o700, dir_fd=parent)
    stack.callback(_remove, parent, name, path)
    descriptor = os.open(name, _DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    stack.callback(os.close, descriptor)
    if os.listdir(descriptor):
        # Somebody has put another directory in its place already.
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    return Scratch(path, descriptor)


def _remove(parent: int, name: str, path: str) -> None:
    with _undisturbed(), suppress(FileNotFoundError):  # somebody else has removed it, a cleaner of old files perhaps
        try:
            os.rmdir(name, dir_fd=parent)
        except FileNotFoundError:
            raise
        except OSError as refused:
            raise ScratchStays(path=path, errno=refused.errno or 0) from refused


@contextmanager
def _undisturbed() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, *_ENDING))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _endings_raised() -> Iterator[None]:
    """What asks a process to end ends it as Ctrl-C does: through every `finally`."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what a signal does (signal's documentation)
        return
    before = {number: signal.signal(number, _end) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
