"""Altering a right program: single operations of the reference core replaced, to make an installer wrong in one way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from harness.errors import OperationRefused
from harness.installers.reference import REFERENCE
from harness.model import operation as op

if TYPE_CHECKING:
    from harness.installers.programs import Maker, ProgramInstaller
    from harness.model import Action, Wheel
    from harness.reference import Settings

# Does something instead of an operation, and gives the answer that the program gets for it.
Change: TypeAlias = Callable[[op.Operation], op.Program[Any]]
# Makes a wrong program out of a right one.
Wrap: TypeAlias = Callable[[op.Program[Any], "Settings"], op.Program[Any]]


def altered(program: op.Program[Any], change: Change) -> op.Program[Any]:
    """The same program with each operation done by `change`."""
    resume: Callable[[], op.Operation] = partial(next, program)
    while True:
        try:
            operation = resume()
        except StopIteration as stop:
            return stop.value
        try:
            answer = yield from change(operation)
        except OperationRefused as refused:
            resume = partial(program.throw, refused)
        else:
            resume = partial(program.send, answer)


def changed(change: Change, *actions: Action) -> ProgramInstaller:
    """The reference core with some operations done differently, in these actions only, if any are named."""
    return wrapped(lambda program, _: altered(program, change), *actions)


def wrapped(wrap: Wrap, *actions: Action) -> ProgramInstaller:
    """The reference core with its programs for these actions (all, if none are named) replaced by what `wrap` makes."""

    def wrong(make: Maker) -> Maker:
        def making(wheel: Wheel, archive: str, settings: Settings) -> op.Program[Any]:
            return wrap(make(wheel, archive, settings), settings)

        return making

    makers = {
        action: wrong(make) if not actions or action in actions else make for action, make in REFERENCE.makers.items()
    }
    return replace(REFERENCE, name="mutant", makers=makers)
