"""failure-preserves: a step that fails leaves what was installed before it working, or says what it has lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.contracts.book import normalised
from harness.contracts.given_up import is_given_up
from harness.model.errnos import errnos_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.contracts.scene import Scene
    from harness.model import Violation, Wheel

NAME = "failure-preserves"
# What follows on an indented line belongs to the one above it: uv's and poetry's causes.
_STATEMENT = re.compile(r"\n(?=\S)")
_OF_LOSS = re.compile(r"(?i)(?<!\bbe )(?<!\bnot )\b(?:removed|deleted|uninstalled|lost|gone|restored?)\b")


def check(scene: Scene) -> Iterator[Violation]:
    """Every failure, excused or not; who was stopped by the harness had no time to put anything back."""
    if scene.succeeded or scene.outcome.ended == "limit":
        return
    for wheel in scene.present:
        lost = () if _is_done_with(wheel, scene) else _lost(wheel, scene)
        if lost and not _is_told(lost, wheel, scene):
            expected = f"{wheel.key} still installed and whole after a step that failed, or a word of what it lost"
            more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
            yield scene.violation(
                NAME, scene.dist_info(wheel), expected, f"{lost[0].partition('/')[2]}{more} lost, and nothing said"
            )


def _is_done_with(wheel: Wheel, scene: Scene) -> bool:
    """The step has come to its end with this distribution: removed it, or brought the new version, whole."""
    same = [one for one in scene.asked if normalised(one.name) == normalised(wheel.name)]
    if scene.step.action == "uninstall":
        # Whatever version a step names, what is removed is the version that is there.
        return bool(same) and not scene.claimed_installed(wheel)
    return any(one.key not in scene.book.bad and scene.is_whole(one) for one in same)


def _lost(wheel: Wheel, scene: Scene) -> tuple[str, ...]:
    """What an earlier step has lost was judged then, and what a mount of the layout hides is nobody's to lose."""
    return tuple(path for path in scene.holes(wheel) if scene.content_before(path) and not scene.is_unchanged(path))


def _is_told(lost: tuple[str, ...], wheel: Wheel, scene: Scene) -> bool:
    """The message names every path that is lost, or the .dist-info directory itself where that is lost too.

    To name one of the paths is not enough: whoever fails names the path of the operation that was refused.
    """
    told = _of_loss(scene.outcome.message)
    if any(path.endswith(f"/{wheel.dist_info}/METADATA") for path in lost) and _names(wheel.dist_info, told):
        return True
    return all(_names(path.partition("/")[2], told) or _is_given_up(path, scene) for path in lost)


def _of_loss(message: str) -> str:
    """The message without what names the path that the kernel refused, and says nothing of a loss."""
    statements = _STATEMENT.split(message)
    return "\n".join(one for one in statements if _OF_LOSS.search(one) or not errnos_in(one))


def _is_given_up(path: str, scene: Scene) -> bool:
    """A directory above it is."""
    parents = path.partition("/")[2].split("/")[:-1]
    return any(is_given_up("/".join(parents[:count]), scene) for count in range(1, len(parents) + 1))


def _names(path: str, told: str) -> bool:
    return re.search(re.escape(path) + r"(?![\w/-])", told) is not None
