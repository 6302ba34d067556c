"""cache-untouched: an install adds to the cache, and never changes what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.contracts.scene import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.contracts.scene import Scene
    from harness.model import Violation

NAME = "cache-untouched"


def check(scene: Scene) -> Iterator[Violation]:
    """Every path that was in the cache before the step is there after it, with the same content and mode."""
    for path, node in scene.before.cache.items():
        if (found := scene.after.cache.get(path)) != node:
            yield scene.violation(NAME, f"cache/{path}", said(node), said(found))
