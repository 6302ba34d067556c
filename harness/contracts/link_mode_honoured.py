"""link-mode-honoured: files share the cache's data where the link mode says so and only there, found by writing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.contracts.scene import said
from harness.wheels.expected import installed_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.contracts.scene import Scene
    from harness.model import LinkMode, Node, SharingEvidence, Tree, Violation

NAME = "link-mode-honoured"
_LIBRARIES = ("purelib/", "platlib/")
# The link modes that cannot be without a cache of unpacked wheels, and where it shows.
_INTO_THE_CACHE = ("hardlink", "symlink")


def check(scene: Scene) -> Iterator[Violation]:
    """Judged after the last step, of library files that no image step placed and no mount covers or covered.

    Scripts are rewritten, and what lies in `.data` is moved to where it belongs: how is the installer's own business.
    """
    if not scene.is_last or not scene.succeeded or scene.step.action == "warm":
        return
    excused, judge = _crossing(scene), _JUDGES[scene.evidence.case.link_mode]
    old, cached, never = _placed_in_image(scene), _cached(scene), _never_cached(scene)
    earlier, moved = _before_a_change(scene), frozenset(_moved(scene))
    for path, file in scene.expectation.files.items():
        wheels = {claim.wheel for claim in file.claims}
        node = scene.after.environment.get(path)
        if file.generated or node is None or wheels & old or path in moved or not path.startswith(_LIBRARIES):
            continue
        if path in scene.evidence.furniture or any(tree.get(path) == node for tree in earlier):
            continue
        # Whose version of a shared file it is may be anybody's guess: one that could be excused is enough then.
        is_excused = wheels <= excused if scene.evidence.ordered else bool(wheels & excused)
        complaint = judge(scene, node, scene.evidence.sharing.get(path), is_excused, wheels <= cached)
        if complaint is None and wheels <= never and node.kind == "file":
            complaint = ("data shared with the cache", "a file of which no cache has anything, on plain neither")
        if complaint:
            yield scene.violation(NAME, path, *complaint)


def _copied(
    _: Scene, node: Node, seen: SharingEvidence | None, _excused: bool, _cached: bool
) -> tuple[str, str] | None:
    if node.kind == "symlink":
        return "a file of its own", said(node)
    if seen is not None and seen.sharing == "shared":
        return "data of its own", "data shared with the cache"
    return None


def _cloned(
    scene: Scene, node: Node, seen: SharingEvidence | None, _excused: bool, _cached: bool
) -> tuple[str, str] | None:
    """Tools like uv fall back from clone to hardlink: a fallback like any other where nothing can be cloned."""
    if node.kind == "symlink":
        return "a file", said(node)
    if seen is None or seen.sharing == "unknown":
        return None
    possible = any(one.sharing == "own" and one.possible for one in scene.evidence.sharing.values())
    if seen.sharing == "shared" and (possible or scene.evidence.case.strict):
        return "data of its own", "data shared with the cache"
    if scene.evidence.case.strict and not seen.possible:
        return _STRICT
    return None


def _hardlinked(
    scene: Scene, node: Node, seen: SharingEvidence | None, excused: bool, cached: bool
) -> tuple[str, str] | None:
    if node.kind == "symlink":
        return "a file", said(node)
    if seen is None or seen.sharing != "own" or not cached:
        return None
    if scene.evidence.case.strict:
        return _STRICT
    if seen.possible and not excused:
        return "data shared with the cache", "a copy where a link was possible"
    return None


def _symlinked(
    scene: Scene, node: Node, _seen: SharingEvidence | None, _excused: bool, cached: bool
) -> tuple[str, str] | None:
    if node.kind == "symlink" or not (cached or scene.evidence.case.strict):
        return None
    return "a symlink into the cache", said(node)


_STRICT = ("a failure where a strict link mode is impossible", "a copy")
_JUDGES: dict[LinkMode, Callable[[Scene, Node, SharingEvidence | None, bool, bool], tuple[str, str] | None]] = {
    "copy": _copied,
    "clone": _cloned,
    "hardlink": _hardlinked,
    "symlink": _symlinked,
}


def _moved(scene: Scene) -> Iterator[str]:
    """The files that some wheel brings by way of its `.data`."""
    for wheel in scene.wanted:
        data = wheel.data
        for entry in wheel.entries:
            if entry.path.startswith(f"{data}/"):
                yield installed_path(wheel, data, entry.path, "", scene.evidence.platlib)


def _placed_in_image(scene: Scene) -> set[str]:
    """Wheels whose files were sealed into a lower layer, and not written anew since."""
    old: set[str] = set()
    for one in scene.evidence.steps:
        if one.step.image:
            old |= set(one.step.wheels)
        elif one.step.action == "reinstall":
            old -= set(one.step.wheels)
    return old


def _before_a_change(scene: Scene) -> tuple[Tree, ...]:
    """The trees with what was placed while there were obstacles, or before others have changed the cache.

    What can be linked today could not be then, or is not the file that it was linked to.
    """
    return tuple(done.before.environment for done in scene.evidence.steps if done.step.lifted or done.step.meddled)


def _crossing(scene: Scene) -> set[str]:
    """Wheels with a file that could not be linked: falling back for all of such a wheel is what installers document."""
    sharing, furniture = scene.evidence.sharing, scene.evidence.furniture
    return {
        claim.wheel
        for path, file in scene.expectation.files.items()
        for claim in file.claims
        if path in furniture or (path in sharing and sharing[path].sharing == "own" and not sharing[path].possible)
    }


def _cached(scene: Scene) -> set[str]:
    """Wheels whose every content lies in the cache. Others came another way: read-only and full caches force one."""
    contents = {node.digest for node in scene.after.cache.values()}
    return {wheel.key for wheel in scene.wanted if contents.issuperset(scene.book.archived[wheel.dist_info].values())}


def _never_cached(scene: Scene) -> set[str]:
    """Wheels that were to be linked, of which there is nothing in the cache even where it has room and is writable."""
    control = scene.evidence.control
    if control is None or scene.evidence.case.link_mode not in _INTO_THE_CACHE or control.steps[-1].outcome.exit:
        return set()
    held = {node.digest for trees in (scene.after, control.steps[-1].after) for node in trees.cache.values()}
    archived = scene.book.archived
    return {wheel.key for wheel in scene.wanted if held.isdisjoint(archived[wheel.dist_info].values())}
