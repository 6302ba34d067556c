"""What a failed step says that it could not put back: pip names the place, and the copy that it keeps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.contracts.scene import Scene

_LINE = re.compile(r"(?i)^.*\b(?:could not|cannot|failed to|unable to) restore\b.*$", re.MULTILINE)


def is_given_up(name: str, scene: Scene, *, in_part: bool = False) -> bool:
    """Whether a line about what could not be restored names a directory.

    Args:
        name: its path, or the last parts of it.
        scene: the failed step.
        in_part: a line that names something inside it will do.
    """
    said = "\n".join(_LINE.findall(scene.outcome.message))
    end = r"(?:[/'\"]|$)" if in_part else r"/?(?:['\"\s]|$)"
    return not scene.succeeded and re.search(rf"/{re.escape(name)}{end}", said, re.MULTILINE) is not None
