"""What must hold inside a well-typed value beyond its types: references that resolve, numbers in range."""

from __future__ import annotations

from collections.abc import Iterator

from harness.errors import Problem
from harness.model.case import Case
from harness.model.wheel import Entry

_ALL_MODE_BITS = 0o7777


def incoherences(value: object, where: str) -> Iterator[Problem]:
    """The problems of one value by itself; `where` is its path in the file it came from."""
    if isinstance(value, Case):
        yield from _dangling(value)
    elif isinstance(value, Entry) and not 0 <= value.mode <= _ALL_MODE_BITS:
        yield Problem(where=f"{where}.mode", message=f"{value.mode} is not a mode: 0 to {_ALL_MODE_BITS} (0o7777)")


def _dangling(case: Case) -> Iterator[Problem]:
    known = {wheel.key for wheel in case.wheels}
    for number, step in enumerate(case.steps):
        for index, key in enumerate(step.wheels):
            if key not in known:
                message = f"{key!r} is no wheel of this case; it has: {', '.join(sorted(known)) or 'none'}"
                yield Problem(where=f"step[{number}].wheels[{index}]", message=message)
