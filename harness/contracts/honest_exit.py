"""honest-exit: the exit status says what the tree is: success only over a whole tree, failure only over another."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.contracts.scene import Scene
    from harness.model import Violation

NAME = "honest-exit"


def check(scene: Scene) -> Iterator[Violation]:
    """Both directions, and the lie that outlives the step: .dist-info over a payload that is not there."""
    if scene.succeeded:
        yield from _success_over_nothing(scene) if scene.step.action == "warm" else _success_over_holes(scene)
    elif scene.step.action != "warm":
        yield from _failure_over_success(scene)
        yield from _installed_with_holes(scene)


def _success_over_nothing(scene: Scene) -> Iterator[Violation]:
    """How a cache holds wheels is its own business; an empty one holds none."""
    if scene.asked and not scene.after.cache:
        yield scene.violation(NAME, "cache", "something in a cache that was filled", "exit 0 over an empty cache")


def _success_over_holes(scene: Scene) -> Iterator[Violation]:
    if scene.refused_wheel and scene.step.action != "uninstall":
        yield scene.violation(NAME, "exit status", "a refusal of a bad wheel", "exit 0")
        return
    for path in scene.missing[:1]:
        yield scene.violation(NAME, path, "all files where exit is 0", "exit 0 without it")


def _failure_over_success(scene: Scene) -> Iterator[Violation]:
    """Judged where the step changed whether the wheels are installed: a failed reinstall leaves them so honestly."""
    if scene.step.action == "uninstall":
        done = not any(scene.claimed_installed(wheel) for wheel in scene.asked) and scene.wanted != scene.present
    elif scene.refused_wheel or all(wheel in scene.present for wheel in scene.asked):
        return
    else:
        done = all(scene.claimed_installed(wheel) and scene.is_whole(wheel) for wheel in scene.asked)
    if done:
        state = "removed" if scene.step.action == "uninstall" else "installed"
        found = f"exit {scene.outcome.exit}, and all that was asked for counts as {state}"
        yield scene.violation(NAME, "exit status", "exit 0, or what was there before", found)


def _installed_with_holes(scene: Scene) -> Iterator[Violation]:
    """The next run will say "already installed" of it (Comfy#954; uv 0.13.9 with a nested mount)."""
    for wheel in scene.book.wheels:
        if not scene.claimed_installed(wheel):
            continue
        if wheel.key in scene.book.bad:
            yield scene.violation(
                NAME, scene.dist_info(wheel), "no METADATA of a bad wheel", "a distribution installed"
            )
        elif not scene.is_whole(wheel):
            found = "METADATA over a payload with holes, which the next run takes for installed"
            yield scene.violation(NAME, scene.dist_info(wheel), "nothing after a step that failed, or all of it", found)
