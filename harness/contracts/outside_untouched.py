"""outside-untouched: nothing beyond cache, environment and temporary directory is written, and what was there stays.

What was there: files and directories of the environment that no wheel brings and that lay there before the first step,
empty directories included (pip#12237, pip#7226). A directory of a package, below that of a scheme, is another matter:
RECORD names no directories, and nobody can tell afterwards whether it was there before the files in it.

The home directory is outside, too, but for what an installer's own file lists (`Abilities.keeps`).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from harness.contracts.scene import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.contracts.scene import Scene
    from harness.model import Layout, Node, Violation

NAME = "outside-untouched"


def check(scene: Scene) -> Iterator[Violation]:
    """The tree around the roles is the same before and after; in it, what is none of the wheels' stays."""
    yield from _around(scene)
    yield from _there_before(scene)
    for path, node in scene.evidence.steps[scene.index].home.items():
        yield scene.violation(NAME, f"home/{path}", "only what it is known to keep in the home directory", said(node))


def _there_before(scene: Scene) -> Iterator[Violation]:
    replaced = tuple(f"{path}/" for path in scene.legacy_before)
    first, before, after = scene.evidence.steps[0].before.environment, scene.before.environment, scene.after.environment
    for path, node in first.items():
        # What others have changed since is theirs.
        if before.get(path) != node or _is_same(f"/{path}", node, after.get(path)):
            continue
        found = after.get(path)
        if node.kind == "directory" and found is not None and found.kind == "directory":
            continue  # modes are judged by modes-equal
        if not (_is_of_a_wheel(path, node, scene) or f"{path}/".startswith(replaced)):
            yield scene.violation(NAME, path, f"{said(node)}, which was there before", scene.found(path))


def _is_of_a_wheel(path: str, node: Node, scene: Scene) -> bool:
    """A file that a wheel brings too, or a directory for such files below that of a scheme."""
    claims = scene.claims
    if node.kind != "directory":
        return path in claims
    return "/" in path and any(claim.startswith(f"{path}/") for claim in claims)


def _around(scene: Scene) -> Iterator[Violation]:
    before, after = scene.before.outside, scene.after.outside
    if before == after:
        return
    seen_twice = tuple(_bound(scene.evidence.case.layout))
    for path in sorted(before.keys() | after.keys()):
        if not _is_same(path, before.get(path), after.get(path)) and not f"{path}/".startswith(seen_twice):
            yield scene.violation(NAME, f"/{path}", said(before.get(path)), said(after.get(path)))


def _is_same(path: str, before: Node | None, after: Node | None) -> bool:
    """Bytecode holds the time of its source (PEP 552): written again, it may differ or not."""
    if before and after and "/__pycache__/" in path and before.kind == after.kind == "file":
        return True
    return before == after


def _bound(layout: Layout) -> Iterator[str]:
    """What a bind mount shows elsewhere: writing there is writing here."""
    for mount in layout.mounts:
        if mount.source and mount.source.startswith(("/", "{")):
            yield posixpath.normpath(layout.roles.resolve(mount.source)).lstrip("/") + "/"
