"""uninstall-keeps-shared: what another RECORD claims stays, what only the removed one claimed goes (uv#19430)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.contracts.recorded import orphans_before
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
        if not file.optional and scene.content(path) is None and path not in scene.lost:
            owners = ", ".join(claim.wheel for claim in file.claims)
            yield scene.violation(NAME, path, f"kept: {owners} claims it too", "nothing")
    for path in scene.claims:
        node = environment.get(scene.spelled(path))
        # A directory of that name is another wheel's; one that the layout mounts a file on cannot go.
        if node is None or node.kind == "directory" or path in kept or path in scene.evidence.furniture:
            continue
        if path not in orphans_before(scene):
            yield scene.violation(NAME, path, "nothing: no installed distribution claims it", said(node))
