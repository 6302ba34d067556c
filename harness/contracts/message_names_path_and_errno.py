"""message-names-path-and-errno: who fails says where, and what the kernel answered (uv#15149, uv#12129, pip#6327)."""

from __future__ import annotations

import errno
import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.contracts.scene import Scene
    from harness.model import Violation

NAME = "message-names-path-and-errno"
_NAMES = re.compile(r"\b(?:" + "|".join(errno.errorcode.values()) + r")\b|\b(?:os error|[Ee]rrno) \d+")
_WORDS = tuple(os.strerror(number).lower() for number in errno.errorcode)


def check(scene: Scene) -> Iterator[Violation]:
    """A failure names a path of the site; and an errno, unless it was the wheel that was refused."""
    if scene.succeeded:
        return
    message = scene.outcome.message
    shown = message.strip().splitlines()[0] if message.strip() else "nothing"
    if not any(root in message for root in scene.evidence.roots.values()):
        yield scene.violation(NAME, "message", "a path of the site", shown)
    if not scene.refused_wheel and not _names_errno(message):
        yield scene.violation(NAME, "message", "an errno or its text", shown)


def _names_errno(message: str) -> bool:
    return bool(_NAMES.search(message)) or any(words in message.lower() for words in _WORDS)
