"""rerun-repairs: after a failure the same command ends with the complete tree, or says that it does not."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from harness.contracts.book import normalised
from harness.contracts.scene import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.contracts.scene import Scene
    from harness.model import Violation

NAME = "rerun-repairs"
_SHOWN = 3


def check(scene: Scene) -> Iterator[Violation]:
    """Judged where the last run of the same command, for the same wheels, has failed; whatever was in its way then."""
    if scene.failed_before is None or scene.outcome.ended == "limit":
        return
    first = f"step {scene.failed_before + 1} failed"
    if not scene.succeeded:
        # Any word will do here: message-names-path-and-errno asks of every failure, this one too, that it names a path
        # of the site and an errno; and what this run loses on top is the concern of failure-preserves.
        if not scene.outcome.message.strip():
            yield scene.violation(NAME, "message", f"a word on why it fails again, as {first}", "nothing said")
    elif scene.step.action != "warm" and not scene.refused_wheel:
        for path, expected, found in islice(_unrepaired(scene), _SHOWN):
            repaired = f"{expected} once the same command succeeds that failed in step {scene.failed_before + 1}"
            yield scene.violation(NAME, path, repaired, f"{found}: the second run says success without repairing")


def _unrepaired(scene: Scene) -> Iterator[tuple[str, str, str]]:
    """Path, what is expected there, and what is found."""
    for path in scene.missing:
        yield path, "a file", scene.found(path)
    asked = {normalised(wheel.name) for wheel in scene.asked}
    for wheel in scene.book.wheels:
        if normalised(wheel.name) in asked and wheel not in scene.wanted and scene.claimed_installed(wheel):
            yield scene.dist_info(wheel), "nothing", "a distribution still installed"
    if scene.step.action == "uninstall":
        yield from _left(scene)


def _left(scene: Scene) -> Iterator[tuple[str, str, str]]:
    """Files of the removed wheels that nobody claims any more; nothing will ever remove them."""
    kept = scene.expectation.files.keys() | scene.evidence.furniture
    for path in scene.book.expected(scene.asked).files:
        node = scene.after.environment.get(scene.spelled(path))
        if node is not None and node.kind != "directory" and path not in kept:
            yield path, "nothing", said(node)
