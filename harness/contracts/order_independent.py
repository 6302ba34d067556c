"""order-independent: the same tree for every order, schedule and layout, but for the winner of a shared file.

The winner is documented: of files that several wheels bring with different content, the one installed last stays. Under
a drawn schedule "last" is the schedule's choice, and any claimant may win; so it is with an installer that promises no
order (`Evidence.ordered`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.contracts.locations import locations, node_at
from harness.contracts.recorded import rows
from harness.contracts.scene import is_lock, said
from harness.wheels.expected import expected as brought_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
    names = _Names(scene, control)
    yield from _trees(scene, control, names)
    yield from _records(scene, control, names)


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


class _Names:
    """What wheels call the files of two runs, whose layouts have their schemes in different places.

    A file that two paths of a wheel set reach in either run goes by one name, and its content cannot be compared: where
    purelib and platlib are one directory, the last of two files stays; where they are two, both do.

    Attributes:
        shared: the names that stand for several paths.
    """

    def __init__(self, scene: Scene, control: Evidence) -> None:
        # Of all wheels: one that is gone may have left its content in a file that another has in common with it.
        paths = brought_by(
            [wheel for wheel in scene.book.wheels if wheel.key not in scene.book.bad], platlib="platlib"
        ).files
        self._places = {id(one): _by_place(one, paths) for one in (scene.evidence, control)}
        self._names = {path: path for path in paths}
        self.shared: set[str] = set()
        for places in self._places.values():
            for together in places.values():
                if len(together) > 1:
                    name = min(self._names[path] for path in together)
                    self._names |= dict.fromkeys(together, name)
                    self.shared.add(name)

    def of(self, place: str, evidence: Evidence) -> str:
        """The name of a place of the environment tree."""
        found = self._places[id(evidence)].get(place)
        return self._names[found[0]] if found else _common(place)


def _by_place(evidence: Evidence, paths: Iterable[str]) -> dict[str, list[str]]:
    where = locations(evidence.steps[-1].after, evidence)
    places: dict[str, list[str]] = {}
    for path in paths:
        places.setdefault(where.canonical(path), []).append(path)
    return places


def _trees(scene: Scene, control: Evidence, names: _Names) -> Iterator[Violation]:
    ours, theirs = _files(scene.evidence, names), _files(control, names)
    furniture = {names.of(path, one) for one in (scene.evidence, control) for path in one.furniture}
    judged, lost = _judged(scene, names), {names.of(path, scene.evidence) for path in scene.lost}
    wanted = {names.of(path, scene.evidence) for path in scene.expectation.files}
    for path in sorted(ours.keys() | theirs.keys()):
        expected, found = theirs.get(path), ours.get(path)
        if ((expected is None or found is None) and path in furniture) or path in lost:
            continue
        if expected is None and path in wanted:
            continue  # It was on plain that something went wrong, which is for other contracts to say.
        if _essence(expected, path in judged) != _essence(found, path in judged):
            yield scene.violation(NAME, path, f"{said(expected)}, as on plain", said(found))


def _common(path: str) -> str:
    """Where purelib and platlib are two directories, a file may be in the other one than on plain."""
    scheme, slash, rest = path.partition("/")
    return f"{'purelib' if scheme == 'platlib' else scheme}{slash}{rest}"


def _files(evidence: Evidence, names: _Names) -> dict[str, Node | None]:
    """The files at the end, links into the cache followed; directories are made as files need them."""
    trees = evidence.steps[-1].after
    where, by_links = locations(trees, evidence), evidence.case.link_mode == "symlink"
    return {
        names.of(path, evidence): _unnamed(node_at(path, trees, where, into_cache=by_links), evidence)
        for path, node in trees.environment.items()
        if node.kind != "directory" and "/__pycache__/" not in path and not is_lock(path, node)
    }


def _unnamed(node: Node | None, evidence: Evidence) -> Node | None:
    """A link to what is no longer in the cache says nothing but that: entries of a cache have names of their own."""
    into = f"{evidence.roots.get('cache', '')}/"
    return node._replace(target="") if node and node.kind == "symlink" and node.target.startswith(into) else node


def _judged(scene: Scene, names: _Names) -> set[str]:
    """Names of files whose content a wheel brings. What installers make themselves may name a path of the layout.

    Where a schedule, or an installer without an order, decides who wins, any claimant's content will do.
    """
    free = scene.evidence.case.plan.schedule is not None or not scene.evidence.ordered
    return {
        names.of(path, scene.evidence)
        for path, file in scene.expectation.files.items()
        if not (file.generated or file.shebang_rewritten or (free and len(scene.claims[path]) > 1))
    } - names.shared


def _essence(node: Node | None, judged: bool) -> tuple[str, ...] | None:
    if node is None:
        return None
    return (node.kind, node.digest, node.target) if judged else (node.kind,)


def _records(scene: Scene, control: Evidence, names: _Names) -> Iterator[Violation]:
    judged = {
        names.of(path, scene.evidence)
        for path, file in scene.expectation.files.items()
        if not (file.generated or file.shebang_rewritten)
    } - names.shared
    ours, theirs = _rows(scene.evidence, judged, names), _rows(control, judged, names)
    lost = {_common(path) for path in scene.lost}
    for record, key, digest in sorted(row for row in ours ^ theirs if row[0] not in lost):
        where = "only here" if (record, key, digest) in ours else "only on plain"
        yield scene.violation(NAME, record, "the same rows as on plain", f"{key} {digest[:8]} {where}")


def _rows(evidence: Evidence, judged: set[str], names: _Names) -> set[tuple[str, str, str]]:
    trees = evidence.steps[-1].after
    return {
        (_common(row.record), key, row.digest if key in judged else "")
        for row in rows(trees.records, locations(trees, evidence))
        for key in [names.of(row.key, evidence)]
        if "/__pycache__/" not in key
    }
