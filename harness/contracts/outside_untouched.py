"""outside-untouched: nothing beyond cache, environment and temporary directory is written, links or no links."""

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
    """The tree around the roles is the same before and after."""
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
