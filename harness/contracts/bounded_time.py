"""bounded-time: every step ends, in bounded time and operations (pip#3532 retried a link for ever)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.contracts.scene import Scene
    from harness.model import Violation

NAME = "bounded-time"
# Far above anything honest even on a loaded machine: the limit finds loops, it does not measure.
_SECONDS = 120.0


def check(scene: Scene) -> Iterator[Violation]:
    """The installer was not stopped by the harness, and did not take minutes."""
    outcome = scene.outcome
    if outcome.ended == "limit" or outcome.seconds > _SECONDS:
        found = f"{outcome.operations} operations in {outcome.seconds:.1f} s, {outcome.message or 'no message'}"
        yield scene.violation(NAME, "time", f"an end within {_SECONDS:.0f} s", found)
