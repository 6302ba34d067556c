"""uninstall-keeps-shared: what another RECORD claims stays, what only the removed one claimed goes (uv#19430)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.contracts.book import normalised
from harness.contracts.scene import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.contracts.scene import Scene
    from harness.model import Violation

NAME = "uninstall-keeps-shared"


def check(scene: Scene) -> Iterator[Violation]:
    """Judged of uninstalls that say they succeeded."""
    if scene.step.action != "uninstall" or not scene.succeeded:
        return
    kept, environment = scene.expectation.files, scene.after.environment
    for path, file in kept.items():
        if not file.optional and scene.content(path) is None and not scene.is_unchanged(path):
            owners = ", ".join(claim.wheel for claim in file.claims)
            yield scene.violation(NAME, path, f"kept: {owners} claims it too", "nothing")
    asked = {normalised(wheel.name) for wheel in scene.asked}
    gone = [wheel for wheel in scene.book.wheels if normalised(wheel.name) in asked and wheel.key not in scene.book.bad]
    # What an earlier step left of other wheels is no business of this one.
    for path in {path: None for wheel in gone for path in scene.book.expected((wheel,)).files}:
        node = environment.get(scene.spelled(path))
        # A directory of that name is another wheel's; one that the layout mounts a file on cannot go.
        if node is None or node.kind == "directory" or path in kept or path in scene.evidence.furniture:
            continue
        if path not in scene.orphans_before:
            yield scene.violation(NAME, path, "nothing: no installed distribution claims it", said(node))
