"""outside-untouched: nothing beyond cache, environment and temporary directory is written, links or no links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.contracts.scene import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.contracts.scene import Scene
    from harness.model import Violation

NAME = "outside-untouched"


def check(scene: Scene) -> Iterator[Violation]:
    """The tree around the roles is the same before and after."""
    before, after = scene.before.outside, scene.after.outside
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            yield scene.violation(NAME, f"/{path}", said(before.get(path)), said(after.get(path)))
