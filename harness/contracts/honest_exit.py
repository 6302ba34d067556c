"""honest-exit: the exit status says what the tree is: success only over a whole tree, failure only over another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.contracts.book import normalised
from harness.contracts.scene import is_claimed, is_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.contracts.scene import Scene
    from harness.model import Trees, Violation, Wheel

NAME = "honest-exit"


def check(scene: Scene) -> Iterator[Violation]:
    """Both directions, and the lie that outlives the step: .dist-info over a payload that is not there."""
    if scene.succeeded:
        yield from _success_over_nothing(scene) if scene.step.action == "warm" else _success_over_holes(scene)
    elif scene.step.action != "warm":
        yield from _failure_over_success(scene)
        yield from _installed_with_holes(scene)


def _success_over_nothing(scene: Scene) -> Iterator[Violation]:
    """How a cache holds wheels is its own business; something new has to be in it once it holds another wheel."""
    before = scene.before.cache
    added = any(
        node.kind != "directory" and not is_lock(path, node) and before.get(path) != node
        for path, node in scene.after.cache.items()
    )
    if not added and not all(_is_cached(wheel, scene) for wheel in scene.asked):
        held = "a cache to which nothing was added" if before else "an empty cache"
        yield scene.violation(NAME, "cache", "something added to a cache that was filled", f"exit 0 over {held}")


def _is_cached(wheel: Wheel, scene: Scene) -> bool:
    """The cache had every content of it, or a step that succeeded has put it there, in whatever form.

    An entry of it that others have made holes into is one still: what is missing is put back when it is missed.
    """
    contents = {node.digest for node in scene.before.cache.values()}
    archived = scene.book.archived[wheel.dist_info]
    own = {archived.get(f"{wheel.dist_info}/{name}", "") for name in ("METADATA", "RECORD")}
    if contents.issuperset(archived.values()) or not contents.isdisjoint(own):
        return True
    earlier = scene.evidence.steps[: scene.index] if contents else ()
    return any(
        wheel.key in one.step.wheels and one.step.action != "uninstall" for one in earlier if not one.outcome.exit
    )


def _success_over_holes(scene: Scene) -> Iterator[Violation]:
    if scene.refused_wheel and scene.step.action != "uninstall":
        for wheel in scene.asked:
            if fault := scene.book.bad.get(wheel.key):
                yield scene.violation(NAME, f"wheelhouse/{wheel.filename}", f"a refusal: {fault}", "exit 0")
        return
    for path in scene.missing[:1]:
        yield scene.violation(NAME, path, "all files where exit is 0", "exit 0 without it")


def _failure_over_success(scene: Scene) -> Iterator[Violation]:
    """Judged where the step changed whether the wheels are installed: a failed reinstall leaves them so honestly.

    That is so of a single one among several that are to be written anew, too.
    """
    rewritten = scene.step.action in {"reinstall", "repair"}
    if scene.step.action == "uninstall":
        there = _is_some_version_there(scene, scene.before)
        done = there and not (scene.absent or _is_some_version_there(scene, scene.after))
    elif scene.refused_wheel or (any if rewritten else all)(wheel in scene.present for wheel in scene.asked):
        return
    else:
        done = all(scene.claimed_installed(wheel) and scene.is_whole(wheel) for wheel in scene.asked)
        done = done and scene.lost.isdisjoint(scene.brought) and not _is_outdone(scene)
    if done:
        state = "removed" if scene.step.action == "uninstall" else "installed"
        found = f"exit {scene.outcome.exit}, and all that was asked for counts as {state}"
        yield scene.violation(NAME, "exit status", "exit 0, or what was there before", found)


def _is_outdone(scene: Scene) -> bool:
    """A file of what was asked for has another wheel's content, which was to be replaced: the last one named wins."""
    if not scene.evidence.ordered:
        return False
    files = ((path, scene.expectation.files.get(path)) for path in scene.brought)
    shared = ((path, file) for path, file in files if file and len(file.claims) > 1 and not file.generated)
    return any(
        (node := scene.content(path)) is not None and node.digest != file.claims[-1].digest
        for path, file in shared
        if not file.shebang_rewritten
    )


def _is_some_version_there(scene: Scene, trees: Trees) -> bool:
    """Who is asked to remove a distribution removes the version that there is; one may be hidden by a mount."""
    names = {normalised(wheel.name) for wheel in scene.asked}
    versions = [wheel for wheel in scene.book.wheels if normalised(wheel.name) in names]
    return any(is_claimed(wheel, trees) for wheel in versions) or bool(scene.legacy)


def _installed_with_holes(scene: Scene) -> Iterator[Violation]:
    """The next run will say "already installed" of it (Comfy#954; uv 0.13.9 with a nested mount).

    What was installed before the step is the concern of failure-preserves, which takes a word for a loss: then the
    exit status and the message say together what the tree is. But it is done with a version once the new one is whole.
    """
    for wheel in scene.book.wheels:
        if not scene.claimed_installed(wheel) or (wheel in scene.present and not _is_superseded(wheel, scene)):
            continue
        if wheel.key in scene.book.bad:
            yield scene.violation(
                NAME, scene.dist_info(wheel), "no METADATA of a bad wheel", "a distribution installed"
            )
        elif not scene.is_whole(wheel):
            found = "METADATA over a payload with holes, which the next run takes for installed"
            yield scene.violation(NAME, scene.dist_info(wheel), "nothing after a step that failed, or all of it", found)


def _is_superseded(wheel: Wheel, scene: Scene) -> bool:
    """The step has brought another version of it, whole."""
    others = (one for one in scene.asked if one != wheel and normalised(one.name) == normalised(wheel.name))
    return any(one.key not in scene.book.bad and scene.is_whole(one) for one in others)
