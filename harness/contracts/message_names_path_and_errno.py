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
_NAMED = re.compile(r"([A-Za-z0-9._-]+)(?:==| | \()([0-9][A-Za-z0-9.+!]*)")


def check(scene: Scene) -> Iterator[Violation]:
    """A failure names a path of the site and an errno; a refusal of a wheel names that wheel."""
    if scene.succeeded or scene.outcome.ended == "limit":
        # Who was stopped by the harness had no time to say anything.
        return
    if scene.step.action == "uninstall" and scene.legacy_before:
        # What legacy metadata does not say is no answer of the kernel.
        return
    message = scene.outcome.message
    shown = message.strip().splitlines()[0] if message.strip() else "nothing"
    if scene.refused_wheel and scene.step.action != "uninstall":
        # The layout, the good ones among the wheels, or a link mode that cannot be had and must, may be in the way
        # before anybody comes to look at a bad one.
        if _names_bad_wheel(scene):
            return
        is_strict = scene.evidence.case.strict and errnos_in(message)
        if not (scene.is_hindered or scene.book.conflict(scene.wanted) or is_strict):
            yield scene.violation(NAME, "message", "the bad wheel, by file name or as name==version", shown)
            return
    if not _names_path(message, scene):
        yield scene.violation(NAME, "message", "the path that could not be had", shown)
    if not errnos_in(message):
        yield scene.violation(NAME, "message", "an errno or its text", shown)


def _names_bad_wheel(scene: Scene) -> bool:
    """In the message; or as the last wheel that is named before it, as pip says what it is at and then what is wrong.

    To be named anywhere is not enough: some tools print the file name of every wheel that they are given.
    """
    message, bad = scene.outcome.message, [wheel for wheel in scene.asked if wheel.key in scene.book.bad]
    if any(_last_named(message, wheel) >= 0 for wheel in bad):
        return True
    start = scene.outcome.printed.find(message) if message else 0
    before = scene.outcome.printed[: max(start, 0)]
    last = max(scene.asked, key=lambda wheel: _last_named(before, wheel))
    return last in bad and _last_named(before, last) >= 0


def _last_named(said: str, wheel: Wheel) -> int:
    """Where a wheel is named last, or -1: by file name, or as people write it: `six==1.0`, `six 1.0`, `six (1.0`."""
    named = (
        match.start()
        for match in _NAMED.finditer(said)
        if normalised(match[1]) == normalised(wheel.name) and match[2].rstrip(".") == wheel.version
    )
    return max(said.rfind(wheel.filename), *named, -1)


def _names_path(message: str, scene: Scene) -> bool:
    """Any path of the site but the wheel's own: that one says what was asked for, not what went wrong."""
    roots = scene.evidence.roots
    for wheel in scene.asked:
        message = message.replace(f"{roots.get('wheelhouse', '')}/{wheel.filename}", "")
    # Not only the roles as the layout spells them: behind a symbolic link they lie elsewhere in the site.
    return bool(roots) and f"{posixpath.commonpath(roots.values())}/" in message
