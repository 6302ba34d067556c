"""whole-files: each shared file is wholly one claimant's, never mixed or torn: that of who was told to write it last.

Who that is is known where the installer keeps to the order in which a step names wheels (`Evidence.ordered`), and where
a step names only one of those that bring the file. Under a drawn schedule any wheel of the step may be the last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.contracts.scene import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.contracts.scene import Scene
    from harness.model import Violation

NAME = "whole-files"


def check(scene: Scene) -> Iterator[Violation]:
    """Every file that a wheel of the case brings, installed or left over, has the content of one of them."""
    for path, digests in scene.claims.items():
        node = scene.content(path)
        if node is None or node.kind != "file" or node.digest in digests or "" in digests:
            continue
        if not (_rewritten(scene, path) or _never_written(scene, path) or _is_hidden(scene, path)):
            wanted = " or ".join(sorted(digest[:8] for digest in digests))
            yield scene.violation(NAME, path, f"the content of one claimant (sha256 {wanted})", said(node))
    yield from _won_by_others(scene)


def _won_by_others(scene: Scene) -> Iterator[Violation]:
    """Files with the content of a wheel that the step was not to install, or not to install last."""
    if not scene.succeeded:
        return
    for path in scene.brought:
        node, file = scene.content(path), scene.expectation.files.get(path)
        digests = {claim.digest for claim in file.claims} if file else set[str]()
        if node is None or path in scene.lost or len(digests) == 1 or "" in digests or node.digest not in digests:
            continue  # what is everybody's; what an installer makes; what is not whole, or an old version's
        winners = scene.winners(path)
        if winners and all(node.digest not in one for one in winners.values()):
            expected = " or ".join(f"{wheel}'s (sha256 {min(one)[:8]})" for wheel, one in winners.items())
            yield scene.violation(NAME, path, expected, said(node))


def _rewritten(scene: Scene, path: str) -> bool:
    """The first line of a wheel's own scripts names the interpreter once they are installed."""
    files = (scene.book.expected((wheel,)).files.get(path) for wheel in scene.book.wheels if _is_good(scene, wheel.key))
    return any(file is not None and file.shebang_rewritten for file in files)


def _is_good(scene: Scene, key: str) -> bool:
    return key not in scene.book.bad


def _is_hidden(scene: Scene, path: str) -> bool:
    """A file of the layout, or of somebody else, that hides or replaces what was installed, left as it was."""
    return path in scene.lost and path not in scene.brought


def _never_written(scene: Scene, path: str) -> bool:
    """A file that the layout put there, at the start or over the image, and nobody has touched since."""
    steps, now = scene.evidence.steps, scene.after.environment.get(path)
    laid = (
        index for index, done in enumerate(steps) if index == 0 or (steps[index - 1].step.image and not done.step.image)
    )
    return any(steps[index].before.environment.get(path) == now for index in laid if index <= scene.index)
