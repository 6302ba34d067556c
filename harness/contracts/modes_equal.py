"""modes-equal: permission bits are the same in every link mode: what the archive says, under the umask.

A file that is linked to the cache is one file with one mode, there and in every environment that has it: nobody can
give it the umask at hand without taking that of another. Of it is demanded that its mode is the cached file's, and that
one what the archive says under the umask of a step that has run; of every other file, clones and copies, the umask of
the step that has written it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.contracts.scene import Scene
    from harness.model import SharingEvidence, Violation

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
    cached = _cached_modes(scene) if changing and _links(scene) else {}
    for path, file in scene.expectation.files.items():
        node = scene.content(path)
        if node is None or node.kind != "file" or (changing and _is_of_another_step(scene, path)):
            continue
        # Of claimants that differ in mode any may have won. One that has been uninstalled since may have left its own.
        modes = {_under(scene.step.umask, executable=claim.executable) for claim in file.claims}
        if node.mode in cached.get(node.digest, ()) and not _is_its_own(scene, path):
            umasks = {one.step.umask for one in scene.evidence.steps[: scene.index + 1]}
            modes |= {_under(umask, executable=claim.executable) for claim in file.claims for umask in umasks}
        if node.mode not in modes and not scene.is_left_alone(path):
            expected = " or ".join(f"mode {mode:04o}" for mode in sorted(modes))
            yield scene.violation(NAME, path, expected, f"mode {node.mode:04o}")


def _is_of_another_step(scene: Scene, path: str) -> bool:
    """Not this step's to write; who finds all of a wheel there that was to be installed leaves it as it is."""
    if path not in scene.brought:
        return True
    if scene.step.action not in {"install", "upgrade"} or not scene.is_unchanged(path):
        return False
    bringing = {claim.wheel for claim in scene.expectation.files[path].claims}
    return all(wheel in scene.present for wheel in scene.asked if wheel.key in bringing)


def _under(umask: int, *, executable: bool) -> int:
    return (0o777 if executable else 0o666) & ~umask


def _links(scene: Scene) -> bool:
    """Whether files may be linked to the cache: tools like uv fall back from clones to hard links."""
    mode = scene.evidence.case.link_mode
    return mode != "copy" and (mode != "clone" or any(map(_shares, scene.evidence.sharing.values())))


def _shares(one: SharingEvidence) -> bool:
    return one.sharing == "shared"


def _is_its_own(scene: Scene, path: str) -> bool:
    """Known in the end only."""
    seen = scene.evidence.sharing.get(path) if scene.is_last else None
    return seen is not None and seen.sharing == "own"


def _cached_modes(scene: Scene) -> Mapping[str, set[int]]:
    """By digest, the modes of the cache's files."""
    found: dict[str, set[int]] = {}
    for node in scene.after.cache.values():
        if node.kind == "file":
            found.setdefault(node.digest, set()).add(node.mode)
    return found
