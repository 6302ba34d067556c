"""Running programs: one to its end, or several interleaved one operation at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from harness.errors import HarnessError, OperationRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.drivers.perform import Perform
    from harness.model.operation import Operation, Program

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending(Generic[Answer]):
    """How a program ended: with an answer, or with the error that left it."""

    answer: Answer | None = None
    error: HarnessError | None = None


def run(program: Program[Answer], perform: Perform) -> Answer:
    """Run one program to its end.

    Raises:
        HarnessError: whatever the program let out.
    """
    send, throw = program.send, program.throw
    try:
        operation = next(program)
        while True:
            try:
                answer = perform(operation)
            except OperationRefused as refused:
                operation = throw(refused)
            else:
                operation = send(answer)
    except StopIteration as stop:
        result: Answer = stop.value
        return result


class _Running(Generic[Answer]):
    """One of several programs: the operation it wants to do next, or how it ended."""

    def __init__(self, program: Program[Answer]) -> None:
        self.program = program
        self.wants: Operation | None = None
        self.ending: Ending[Answer] | None = None
        self._advance(lambda: next(program))

    def step(self, perform: Perform) -> None:
        """Do the operation it wants, and go on to the next one."""
        operation = self.wants
        if operation is None:
            raise ValueError("this program has ended")
        try:
            answer = perform(operation)
        except OperationRefused as error:
            refused = error
            self._advance(lambda: self.program.throw(refused))
        else:
            self._advance(lambda: self.program.send(answer))

    def _advance(self, resume: Callable[[], Operation]) -> None:
        try:
            self.wants = resume()
        except StopIteration as stop:
            self.wants, self.ending = None, Ending(answer=stop.value)
        except HarnessError as error:
            self.wants, self.ending = None, Ending(error=error)


def interleave(
    programs: Sequence[Program[Answer]],
    perform: Perform,
    schedule: Sequence[int],
    *,
    going: Callable[[int], None] = lambda _: None,
) -> tuple[Ending[Answer], ...]:
    """Run several programs, one operation at a time.

    Args:
        programs: in the order that choices count them.
        perform: how operations are done.
        schedule: which of the pending programs goes next, choice modulo their number; exhausted choices are 0, so the
            empty schedule runs them one after the other.
        going: told the index of the program before each of its operations.

    Returns:
        Each program's ending, in the order of `programs`.
    """
    running = [_Running(program) for program in programs]
    choices = iter(schedule)
    while pending := [index for index, one in enumerate(running) if one.ending is None]:
        index = pending[next(choices, 0) % len(pending)]
        going(index)
        running[index].step(perform)
    return tuple(one.ending for one in running if one.ending is not None)
