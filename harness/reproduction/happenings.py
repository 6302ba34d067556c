"""What happened in a step, for people: the operations that tell something, whose turn it was, what came first; pure."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from harness.model import Evidence, StepEvidence, Traced

# What a maker of directories and an undoer expect: what they wanted was so already.
_HARMLESS = {("mkdir", "EEXIST"), ("unlink", "ENOENT"), ("rmdir", "ENOENT"), ("rmdir", "ENOTEMPTY")}
_PLACING = {"link", "clone", "symlink", "truncate", "create", "copy"}


def refused(trace: Sequence[Traced]) -> list[Traced]:
    """What was refused, but for what was so already, and directories that were made a moment later."""
    later = {(one.operation, one.path) for one in trace if not one.errno and one.operation == "mkdir"}
    return [one for one in trace if _tells(one) and (one.operation, one.path) not in later]


def _tells(one: Traced) -> bool:
    return bool(one.errno) and (one.operation, one.errno) not in _HARMLESS


def around(trace: Sequence[Traced], paths: Collection[str]) -> list[Traced]:
    """What was refused, and all that was done to these paths: how programs that take turns came to disagree."""
    told = {*refused(trace)}
    return [one for one in trace if one in told or one.path in paths or one.second in paths]


def turns(step: StepEvidence) -> list[tuple[str, int]]:
    """Whose wheel's program went, and for how many operations that change something, turn by turn."""
    found = groupby(step.outcome.trace, key=lambda one: one.program)
    return [(step.step.wheels[program], len([*operations])) for program, operations in found]


def visited(step: StepEvidence, evidence: Evidence) -> tuple[str, list[str]]:
    """The wheel whose program went last, and its files in the order in which it first tried to place them."""
    trace = step.outcome.trace
    if not trace:
        return "", []
    last = trace[-1].program
    key = step.step.wheels[last]
    brought = {entry.path for entry in evidence.case.wheel(key).entries if entry.kind == "file"}
    mine = (one for one in trace if one.program == last and one.operation in _PLACING)
    return key, [*dict.fromkeys(path for one in mine for path in _placed(one, evidence) if path in brought)]


def _placed(one: Traced, evidence: Evidence) -> Iterator[str]:
    """The path inside the environment's libraries."""
    for role in ("purelib", "platlib"):
        root = evidence.roots.get(role)
        if root and one.path.startswith(f"{root}/"):
            yield one.path[len(root) + 1 :]
            return
