"""Scratch directories on the live machine, where nothing goes away by itself: one in each place, and all removed."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from harness.errors import ScratchStays, errno_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

PREFIX: Final = ".exdev-scratch-"
_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def scratch_in(directories: Sequence[str]) -> Iterator[dict[str, str]]:
    """A scratch directory of mode 0700 in each directory, for as long as the `with` block runs.

    They go also on Ctrl-C, SIGTERM and SIGHUP; nothing but SIGKILL leaves one.

    Returns:
        By directory: the scratch directory's path, or the name of the errno with which it was refused.

    Raises:
        ScratchStays: one could not be removed.
    """
    made: dict[str, str] = {}
    with ExitStack() as stack:
        stack.enter_context(_endings_raised())
        for directory in dict.fromkeys(directories):
            # Between the directory and the promise to remove it no signal may come.
            with _undisturbed():
                try:
                    made[directory] = tempfile.mkdtemp(prefix=PREFIX, dir=directory)
                except OSError as refused:
                    made[directory] = errno_name(refused.errno)
                else:
                    stack.callback(_remove, made[directory])
        yield made


def _remove(path: str) -> None:
    with _undisturbed():
        try:
            shutil.rmtree(path)
        except FileNotFoundError:
            # Somebody else has removed it, a cleaner of old files perhaps.
            if os.path.lexists(path):
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
