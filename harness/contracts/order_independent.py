"""order-independent: the same tree for every order, schedule and layout, but for the winner of a shared file.

The winner is documented: of files that several wheels bring with different content, the one installed last stays. Under
a drawn schedule "last" is the schedule's choice, and any claimant may win.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.contracts.recorded import rows
from harness.contracts.scene import resolved, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.contracts.scene import Scene
    from harness.model import Evidence, Node, Violation

NAME = "order-independent"


def check(scene: Scene) -> Iterator[Violation]:
    """Judged after the last step, against the control run, where both did what was asked."""
    control = scene.evidence.control
    if control is None or not scene.is_last or _failed(scene.evidence) or _failed(control):
        return
    ours, theirs = _files(scene.evidence), _files(control)
    furniture = {_common(path) for path in scene.evidence.furniture | control.furniture}
    for path in sorted((ours.keys() | theirs.keys()) - _not_compared(scene)):
        expected, found = theirs.get(path), ours.get(path)
        if (expected is None or found is None) and path in furniture:
            continue
        if _essence(expected) != _essence(found):
            yield scene.violation(NAME, path, f"{said(expected)}, as on plain", said(found))
    yield from _records(scene, control)


def _failed(evidence: Evidence) -> bool:
    return any(step.outcome.exit for step in evidence.steps)


def _common(path: str) -> str:
    """Where purelib and platlib are two directories, a file may be in the other one than on plain."""
    scheme, slash, rest = path.partition("/")
    return f"{'purelib' if scheme == 'platlib' else scheme}{slash}{rest}"


def _files(evidence: Evidence) -> dict[str, Node | None]:
    """The files at the end, links into the cache followed; directories are made as files need them."""
    trees = evidence.steps[-1].after
    root = evidence.roots.get("cache", "")
    nodes = {_common(path): resolved(node, trees.cache, root) for path, node in trees.environment.items()}
    return {path: node for path, node in nodes.items() if node is None or node.kind != "directory"}


def _not_compared(scene: Scene) -> set[str]:
    """RECORDs may spell paths differently and are compared row by row; a schedule decides who wins."""
    free = {_common(path) for path in scene.after.records}
    if scene.evidence.case.plan.schedule is not None:
        free |= {_common(path) for path, digests in scene.claims.items() if len(digests) > 1}
    return free


def _essence(node: Node | None) -> tuple[str, str, str] | None:
    return None if node is None else (node.kind, node.digest, node.target)


def _records(scene: Scene, control: Evidence) -> Iterator[Violation]:
    ours, theirs = _rows(scene.evidence), _rows(control)
    for record, key, digest in sorted(ours ^ theirs):
        where = "only here" if (record, key, digest) in ours else "only on plain"
        yield scene.violation(NAME, record, "the same rows as on plain", f"{key} {digest[:8]} {where}")


def _rows(evidence: Evidence) -> set[tuple[str, str, str]]:
    found = rows(evidence.steps[-1].after.records, evidence.roots, evidence.platlib)
    return {(_common(row.record), _common(row.key), row.digest) for row in found}
