"""order-independent: the same tree for every order, schedule and layout, but for the winner of a shared file.

The winner is documented: of files that several wheels bring with different content, the one installed last stays. Under
a drawn schedule "last" is the schedule's choice, and any claimant may win; so it is with an installer that promises no
order (`Evidence.ordered`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.contracts.links import resolved
from harness.contracts.recorded import rows
from harness.contracts.scene import is_lock, said

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
    if _is_same(scene.evidence, control):
        return
    yield from _trees(scene, control)
    yield from _records(scene, control)


def _failed(evidence: Evidence) -> bool:
    return any(step.outcome.exit for step in evidence.steps)


def _is_same(evidence: Evidence, control: Evidence) -> bool:
    """Equal without a closer look, as most are."""
    ours, theirs = evidence.steps[-1].after, control.steps[-1].after
    return (
        ours.environment == theirs.environment
        and ours.records == theirs.records
        and evidence.case.layout.roles == control.case.layout.roles
        and not any(node.kind == "symlink" for node in ours.environment.values())
    )


def _trees(scene: Scene, control: Evidence) -> Iterator[Violation]:
    ours, theirs = _files(scene.evidence), _files(control)
    furniture = {_common(path) for path in scene.evidence.furniture | control.furniture}
    judged, lost = _judged(scene), {_common(path) for path in scene.lost}
    for path in sorted(ours.keys() | theirs.keys()):
        expected, found = theirs.get(path), ours.get(path)
        if ((expected is None or found is None) and path in furniture) or path in lost:
            continue
        if _essence(expected, path in judged) != _essence(found, path in judged):
            yield scene.violation(NAME, path, f"{said(expected)}, as on plain", said(found))


def _common(path: str) -> str:
    """Where purelib and platlib are two directories, a file may be in the other one than on plain."""
    scheme, slash, rest = path.partition("/")
    return f"{'purelib' if scheme == 'platlib' else scheme}{slash}{rest}"


def _files(evidence: Evidence) -> dict[str, Node | None]:
    """The files at the end, links into the cache followed; directories are made as files need them."""
    trees = evidence.steps[-1].after
    return {
        _common(path): _unnamed(resolved(path, trees, evidence.roots), evidence)
        for path, node in trees.environment.items()
        if node.kind != "directory" and "/__pycache__/" not in path and not is_lock(path, node)
    }


def _unnamed(node: Node | None, evidence: Evidence) -> Node | None:
    """A link to what is no longer in the cache says nothing but that: entries of a cache have names of their own."""
    into = f"{evidence.roots.get('cache', '')}/"
    return node._replace(target="") if node and node.kind == "symlink" and node.target.startswith(into) else node


def _judged(scene: Scene) -> set[str]:
    """Paths whose content a wheel brings. What installers make themselves may name a path of the layout, or the time.

    Where a schedule, or an installer without an order, decides who wins, any claimant's content will do.
    """
    free = scene.evidence.case.plan.schedule is not None or not scene.evidence.ordered
    return {
        _common(path)
        for path, file in scene.expectation.files.items()
        if not (file.generated or file.shebang_rewritten or (free and len(scene.claims[path]) > 1))
    }


def _essence(node: Node | None, judged: bool) -> tuple[str, ...] | None:
    if node is None:
        return None
    return (node.kind, node.digest, node.target) if judged else (node.kind,)


def _records(scene: Scene, control: Evidence) -> Iterator[Violation]:
    judged = {
        _common(path)
        for path, file in scene.expectation.files.items()
        if not (file.generated or file.shebang_rewritten)
    }
    ours, theirs = _rows(scene.evidence, judged), _rows(control, judged)
    for record, key, digest in sorted(ours ^ theirs):
        where = "only here" if (record, key, digest) in ours else "only on plain"
        yield scene.violation(NAME, record, "the same rows as on plain", f"{key} {digest[:8]} {where}")


def _rows(evidence: Evidence, judged: set[str]) -> set[tuple[str, str, str]]:
    return {
        (_common(row.record), key, row.digest if key in judged else "")
        for row in rows(evidence.steps[-1].after.records, evidence.roots, evidence.platlib)
        for key in [_common(row.key)]
        if "/__pycache__/" not in key
    }
