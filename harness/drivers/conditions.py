"""Conditions a driver runs under: a drawn listing order, a trace, a limit; each wraps one way to perform into another.

Faults and kill points will be two more functions of this shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from harness.errors import LimitReached, OperationRefused, errno_name
from harness.model import Traced
from harness.model import operation as op

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from harness.drivers.perform import Perform


def listed(perform: Perform, choices: Sequence[int]) -> Perform:
    """Every directory is listed in a drawn order: sorted, then drawn one by one (choice modulo names left, then 0).

    Args:
        perform: what really performs.
        choices: non-negative integers, consumed from the front across all listings.
    """
    draw = iter(choices)

    def performing(operation: op.Operation) -> Any:  # noqa: ANN401 - as `perform`
        answer = perform(operation)
        return _drawn(sorted(answer), draw) if operation.__class__ is op.ListDirectory else answer

    return performing


def _drawn(names: list[op.Listed], draw: Iterable[int]) -> tuple[op.Listed, ...]:
    choices = iter(draw)
    return tuple(names.pop(next(choices, 0) % len(names)) for _ in range(len(names)))


class Done(NamedTuple):
    """One operation as it happened, reads and notes included; `errno` is 0 where it was not refused."""

    program: int
    operation: op.Operation
    errno: int = 0


def traced(perform: Perform, *, program: Callable[[], int], keep: Callable[[Done], None]) -> Perform:
    """Every operation is kept, in order, with what it answered.

    Args:
        perform: what really performs.
        program: says which program is going.
        keep: is given each operation once it is done.
    """

    def performing(operation: op.Operation) -> Any:  # noqa: ANN401 - as `perform`
        try:
            answer = perform(operation)
        except OperationRefused as refused:
            keep(Done(program(), operation, refused.errno))
            raise
        keep(Done(program(), operation))
        return answer

    return performing


def told(log: Iterable[Done]) -> tuple[Traced, ...]:
    """The mutating operations of a log, in words."""
    return tuple(
        Traced(
            program=program,
            operation=operation.__class__.__name__.lower(),
            path=operation.path,
            second=getattr(operation, "source", ""),
            errno=errno_name(errno) if errno else "",
        )
        for program, operation, errno in log
        if not isinstance(operation, op.READS)
    )


def limited(perform: Perform, limit: int) -> Perform:
    """At most `limit` operations are performed; the next one raises LimitReached (pip#3532 looped for ever)."""
    left = limit

    def performing(operation: op.Operation) -> Any:  # noqa: ANN401 - as `perform`
        nonlocal left
        left -= 1
        if left < 0:
            raise LimitReached(limit=limit)
        return perform(operation)

    return performing
