"""complete: what was asked for is there, every RECORD row is true on disk, everything on disk is in a RECORD."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.contracts.recorded import claims_of, recorded
from harness.contracts.scene import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.contracts.scene import Scene
    from harness.model import Violation
    from harness.wheels.expected import ExpectedFile

NAME = "complete"


def check(scene: Scene) -> Iterator[Violation]:
    """Steps that failed with an excuse have to leave true RECORDs; all others what was asked for."""
    if scene.succeeded or not scene.excuse:
        yield from _asked_for(scene)
    yield from _rows_true(scene)
    if scene.succeeded:
        yield from _all_recorded(scene)


def _asked_for(scene: Scene) -> Iterator[Violation]:
    if scene.refused_wheel:
        return
    for path in scene.missing(scene.expectation):
        yield scene.violation(NAME, path, _described(scene.expectation.files[path]), said(scene.content(path)))
    if scene.step.action == "uninstall":
        for wheel in scene.asked:
            if scene.claimed_installed(wheel):
                yield scene.violation(NAME, wheel.dist_info, "nothing", "a distribution still installed")


def _described(file: ExpectedFile) -> str:
    sizes = "" if file.generated else " of " + " or ".join(dict.fromkeys(f"{one.size} bytes" for one in file.claims))
    return f"a file{sizes} from {', '.join(one.wheel for one in file.claims)}"


def _rows_true(scene: Scene) -> Iterator[Violation]:
    """A row of a path that several wheels bring with different content is true of one of them only: see whole-files."""
    for row in recorded(scene):
        node = scene.content(row.key)
        if node is None:
            yield scene.violation(NAME, row.key, f"a file, as {row.record} says", "nothing")
        elif row.digest and node.digest != row.digest and node.digest not in scene.claims.get(row.key, ()):
            yield scene.violation(NAME, row.key, f"sha256 {row.digest[:8]}, as {row.record} says", said(node))


def _all_recorded(scene: Scene) -> Iterator[Violation]:
    named = claims_of(scene)
    for path, node in scene.after.environment.items():
        if node.kind == "directory" or path in named or path in scene.evidence.furniture:
            continue
        if "/__pycache__/" not in path:
            yield scene.violation(NAME, path, "a row in some RECORD", said(node))
