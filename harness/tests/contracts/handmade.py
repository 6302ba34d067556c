"""Hand-made evidence: trees as a right installer would leave them, to be changed in one place and judged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.contracts import judge
from harness.contracts.book import digest_of
from harness.model import Evidence, Node, Outcome, StepEvidence, Trees
from harness.wheels.expected import expected
from harness.wheels.make import record_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.model import Case, SharingEvidence, Wheel

ROOTS = {
    "cache": "/site/cache",
    "environment": "/site/env",
    "temporary": "/site/tmp",
    "wheelhouse": "/site/wheelhouse",
    "purelib": "/site/env/lib/python3/site-packages",
    "platlib": "/site/env/lib/python3/site-packages",
    "scripts": "/site/env/bin",
    "data": "/site/env",
    "headers": "/site/env/include/python3",
}
EMPTY = Trees(environment={}, cache={}, temporary={}, outside={}, records={})
DIRECTORY = Node("directory", 0o755)


def file(content: bytes, mode: int = 0o644) -> Node:
    """A file with this content."""
    return Node("file", mode, len(content), digest_of(content))


def link(target: str) -> Node:
    """A symbolic link."""
    return Node("symlink", 0o777, target=target)


def installed(*wheels: Wheel, more: str = "", cache: Mapping[str, Node] | None = None) -> Trees:
    """The trees once wheels of library files alone are installed.

    Args:
        wheels: in the order of installation.
        more: rows for the RECORD of the last one.
        cache: what the cache holds.
    """
    contents = {f"purelib/{entry.path}": entry for wheel in wheels for entry in wheel.entries}
    tree: dict[str, Node] = {}
    for path, one in expected(wheels, platlib="purelib").files.items():
        if path in contents:
            tree[path] = file(contents[path].content, one.mode)
    records = {}
    for wheel in wheels:
        path = f"purelib/{wheel.dist_info}/RECORD"
        record = _record(wheel) + (more if wheel == wheels[-1] else "")
        records[path] = record.encode()
        tree[path] = file(records[path])
    for path in tuple(tree):
        parent = path.rpartition("/")[0]
        while "/" in parent:
            tree[parent] = DIRECTORY
            parent = parent.rpartition("/")[0]
    return replace(EMPTY, environment=tree, records=records, cache=cache or {})


def _record(wheel: Wheel) -> str:
    own = f"{wheel.dist_info}/RECORD"
    return "".join(record_row(one.path, one.content) for one in wheel.entries if one.path != own) + f"{own},,\n"


def unpacked(wheel: Wheel, root: str) -> dict[str, Node]:
    """A wheel as it lies in a cache below this key."""
    return {f"{root}/{entry.path}": file(entry.content, entry.mode) for entry in wheel.entries}


def put(trees: Trees, **nodes: Mapping[str, Node]) -> Trees:
    """The trees with nodes added to those named."""
    return replace(trees, **{name: {**getattr(trees, name), **added} for name, added in nodes.items()})


def seen(
    case: Case,
    *trees: Trees,
    outcome: Outcome | None = None,
    sharing: Mapping[str, SharingEvidence] | None = None,
    control: Evidence | None = None,
) -> Evidence:
    """What was seen of a case: the trees after each step, nothing before the first; the outcome is the last one's."""
    befores = (EMPTY, *trees)
    steps = tuple(
        StepEvidence(step=step, outcome=Outcome(exit=0), before=before, after=after)
        for step, before, after in zip(case.steps, befores, trees, strict=False)
    )
    if outcome is not None:
        steps = (*steps[:-1], replace(steps[-1], outcome=outcome))
    return Evidence(case=case, steps=steps, roots=ROOTS, sharing=sharing or {}, control=control)


def broken(evidence: Evidence) -> dict[str, set[str]]:
    """Per contract that was broken, the paths."""
    found: dict[str, set[str]] = {}
    for one in judge(evidence):
        found.setdefault(one.contract, set()).add(one.path)
    return found
