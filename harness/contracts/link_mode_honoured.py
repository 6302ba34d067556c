"""link-mode-honoured: files share the cache's data where the link mode says so and only there, found by writing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.contracts.scene import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.contracts.scene import Scene
    from harness.model import Violation

NAME = "link-mode-honoured"


def check(scene: Scene) -> Iterator[Violation]:
    """Judged after the last step, of files that no image step placed and no mount covers."""
    evidence = scene.evidence
    if not scene.is_last or not scene.succeeded or scene.step.action == "warm":
        return
    old = {wheel.key for one in evidence.steps if one.step.image for wheel in map(evidence.case.wheel, one.step.wheels)}
    crossing = _crossing(scene)
    for path, file in scene.expectation.files.items():
        wheels = {claim.wheel for claim in file.claims}
        if file.generated or file.optional or wheels & old or path in evidence.furniture or path.startswith("scripts/"):
            continue
        yield from _of_file(scene, path, excused=wheels <= crossing)


def _crossing(scene: Scene) -> set[str]:
    """Wheels with a file that could not be linked: falling back for all of such a wheel is what installers document."""
    sharing = scene.evidence.sharing
    return {
        claim.wheel
        for path, file in scene.expectation.files.items()
        for claim in file.claims
        if path in scene.evidence.furniture
        or (path in sharing and sharing[path].sharing == "own" and not sharing[path].linkable)
    }


def _of_file(scene: Scene, path: str, *, excused: bool) -> Iterator[Violation]:
    mode, node = scene.evidence.case.link_mode, scene.after.environment.get(path)
    if node is None:
        return
    if node.kind == "symlink" and mode != "symlink":
        yield scene.violation(NAME, path, f"a file, as {mode} makes it", said(node))
    seen = scene.evidence.sharing.get(path)
    if seen is None or seen.sharing == "unknown":
        return
    if mode in {"clone", "copy"} and seen.sharing == "shared":
        yield scene.violation(NAME, path, f"data of its own, as {mode} makes it", "data shared with the cache")
    if mode == "hardlink" and seen.sharing == "own" and seen.linkable and not excused:
        yield scene.violation(NAME, path, "data shared with the cache", "a copy where a link was possible")
    if mode == "symlink" and node.kind == "file" and _could_be_symlink(scene):
        yield scene.violation(NAME, path, "a symlink into the cache", said(node))
    if scene.evidence.case.strict and mode == "hardlink" and seen.sharing == "own":
        yield scene.violation(NAME, path, "a failure where a strict link mode is impossible", "a copy")


def _could_be_symlink(scene: Scene) -> bool:
    """Not where a mount made writing to the cache impossible before anything was in it."""
    return "read-only" not in scene.evidence.case.layout.tags or bool(scene.before.cache)
