"""What must hold inside a well-typed value beyond its types: references that resolve, numbers in range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.errors import Problem
from harness.model.case import Case, Step
from harness.model.wheel import Entry, Wheel

_ALL_MODE_BITS = 0o7777


def incoherences(kind: type[object], fields: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """The problems of one value by itself; see `harness.model.codec.Check`."""
    if kind is Case and fields.keys() >= {"wheels", "steps"}:
        yield from _dangling(fields["wheels"], fields["steps"])
    mode = fields.get("mode", 0)
    if kind is Entry and not 0 <= mode <= _ALL_MODE_BITS:
        yield Problem(where=f"{where}.mode", message=f"{mode} is not a mode: 0 to {_ALL_MODE_BITS} (0o7777)")


def _dangling(wheels: Iterable[Wheel], steps: Iterable[Step]) -> Iterator[Problem]:
    known = {wheel.key for wheel in wheels}
    for number, step in enumerate(steps):
        for index, key in enumerate(step.wheels):
            if key not in known:
                message = f"{key!r} is no wheel of this case; it has: {', '.join(sorted(known)) or 'none'}"
                yield Problem(where=f"step[{number}].wheels[{index}]", message=message)
