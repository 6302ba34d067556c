"""modes-equal: permission bits are the same in every link mode: what the archive says, under the umask."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.contracts.scene import Scene
    from harness.model import Violation

NAME = "modes-equal"
_DIRECTORY = 0o755
_PERMISSIONS = 0o777


def check(scene: Scene) -> Iterator[Violation]:
    """Files as the oracle says; directories that the installer made, as mkdir under umask 022 makes them."""
    if not scene.succeeded or scene.step.action in {"warm", "uninstall"}:
        return
    for path, file in scene.expectation.files.items():
        node = scene.content(path)
        if node is not None and node.kind == "file":
            modes = {0o755 if claim.executable else 0o644 for claim in file.claims}
            if node.mode not in modes:
                expected = " or ".join(f"mode {mode:04o}" for mode in sorted(modes))
                yield scene.violation(NAME, path, expected, f"mode {node.mode:04o}")
    for path, node in scene.after.environment.items():
        if node.kind == "directory" and path not in scene.evidence.furniture and node.mode & _PERMISSIONS != _DIRECTORY:
            yield scene.violation(NAME, path, f"mode {_DIRECTORY:04o}", f"mode {node.mode:04o}")
