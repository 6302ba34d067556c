"""message-names-path-and-errno: who fails says where, and what the kernel answered (uv#15149, uv#12129, pip#6327)."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from harness.contracts.book import normalised
from harness.model.errnos import errnos_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.contracts.scene import Scene
    from harness.model import Violation, Wheel

NAME = "message-names-path-and-errno"


def check(scene: Scene) -> Iterator[Violation]:
    """A failure names a path of the site and an errno; a refusal of a wheel names that wheel."""
    if scene.succeeded or scene.outcome.ended == "limit":
        # Who was stopped by the harness had no time to say anything.
        return
    message = scene.outcome.message
    shown = message.strip().splitlines()[0] if message.strip() else "nothing"
    if scene.refused_wheel and scene.step.action != "uninstall":
        said = f"{message}\n{scene.outcome.printed}"
        if not any(wheel.key in scene.book.bad and _names_wheel(said, wheel) for wheel in scene.asked):
            yield scene.violation(NAME, "message", "the bad wheel, by file name or as name==version", shown)
        return
    if not _names_path(message, scene):
        yield scene.violation(NAME, "message", "the path that could not be had", shown)
    if not errnos_in(message):
        yield scene.violation(NAME, "message", "an errno or its text", shown)


def _names_wheel(said: str, wheel: Wheel) -> bool:
    """By its file name, or by name and version as people write them: `six==1.0`, `six 1.0`, `six (1.0`."""
    named = re.findall(r"([A-Za-z0-9._-]+)(?:==| | \()([0-9][A-Za-z0-9.+!]*)", said)
    return wheel.filename in said or any(
        normalised(name) == normalised(wheel.name) and version.rstrip(".") == wheel.version for name, version in named
    )


def _names_path(message: str, scene: Scene) -> bool:
    """Any path of the site but the wheel's own: that one says what was asked for, not what went wrong."""
    roots = scene.evidence.roots
    for wheel in scene.asked:
        message = message.replace(f"{roots.get('wheelhouse', '')}/{wheel.filename}", "")
    # Not only the roles as the layout spells them: behind a symbolic link they lie elsewhere in the site.
    return bool(roots) and f"{posixpath.commonpath(roots.values())}/" in message
