"""Ctrl-C that is held back is not lost."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from harness.kernel import interrupts

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def python_handles_it() -> Iterator[None]:
    """Who starts the tests in the background of a shell has them ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_what_is_held_is_raised_after_the_block() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        _interrupted(done)
    assert done == ["all of it"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def _interrupted(done: list[str]) -> None:
    with interrupts.held():
        signal.raise_signal(signal.SIGINT)
        done.append("all of it")


def test_who_ignores_it_goes_on_ignoring_it() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with interrupts.held():
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def test_without_ctrl_c_nothing_is_raised() -> None:
    with interrupts.held():
        pass
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
