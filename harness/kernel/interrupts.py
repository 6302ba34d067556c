"""Ctrl-C, kept from coming at a moment at which what has just been acquired would be lost."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


@contextmanager
def held() -> Iterator[None]:
    """What Ctrl-C raises is raised when the block is left. For what takes no longer than starting a process.

    Python raises it between any two instructions of its main thread: also after fork(2) and before anybody knows the
    number of the process that it made. In other threads it is never raised.
    """
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler) or threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[FrameType | None] = []
    signal.signal(signal.SIGINT, lambda _, frame: came.append(frame))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if came:
            handler(signal.SIGINT, came[0])
