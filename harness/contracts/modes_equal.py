"""modes-equal: permission bits are the same in every link mode: what the archive says, under the umask."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.contracts.scene import Scene
    from harness.model import Violation

NAME = "modes-equal"
# Set-id and sticky bits of directories come from their parents and from whoever set them up, not from installers.
_PERMISSIONS = 0o777


def check(scene: Scene) -> Iterator[Violation]:
    """Files as the oracle says; directories as they were, or as mkdir under the umask makes them."""
    yield from _furniture(scene)
    if not scene.succeeded or scene.step.action in {"warm", "uninstall"}:
        return
    yield from _files(scene)
    yield from _directories(scene)


def _furniture(scene: Scene) -> Iterator[Violation]:
    """Directories of the layout are not the installer's to change, whatever it was asked for and what came of it."""
    before, after = scene.before.environment, scene.after.environment
    for path in scene.evidence.furniture:
        old, new = before.get(path), after.get(path)
        if old and new and old.kind == new.kind == "directory" and old.mode != new.mode:
            yield scene.violation(NAME, path, f"mode {old.mode:04o}, as before", f"mode {new.mode:04o}")


def _directories(scene: Scene) -> Iterator[Violation]:
    before, furniture = scene.before.environment, scene.evidence.furniture
    wanted = _PERMISSIONS & ~scene.step.umask
    for path, node in scene.after.environment.items():
        if node.kind != "directory" or node.mode & _PERMISSIONS == wanted or path in furniture:
            continue
        if before.get(path) != node:
            yield scene.violation(NAME, path, f"mode {wanted:04o}", f"mode {node.mode:04o}")


def _files(scene: Scene) -> Iterator[Violation]:
    changing = len({one.step.umask for one in scene.evidence.steps}) > 1
    for path, file in scene.expectation.files.items():
        node = scene.content(path)
        if node is None or node.kind != "file" or (changing and _is_of_another_step(scene, path)):
            continue
        # Of claimants that differ in mode any may have won. One that has been uninstalled since may have left its own.
        modes = {(0o777 if claim.executable else 0o666) & ~scene.step.umask for claim in file.claims}
        if node.mode not in modes and not scene.is_left_alone(path):
            expected = " or ".join(f"mode {mode:04o}" for mode in sorted(modes))
            yield scene.violation(NAME, path, expected, f"mode {node.mode:04o}")


def _is_of_another_step(scene: Scene, path: str) -> bool:
    """Not this step's to write; an install may also find that all is there, and then leaves it as it is."""
    return path not in scene.brought or (scene.step.action == "install" and scene.is_unchanged(path))
