"""Reports as results name them, `uv#1 <https://...>`, taken apart into what can be a link; pure."""

from __future__ import annotations

import re
from typing import Final

# Of a URL only what can end neither an attribute nor a tag, and no other scheme: anybody may have written a result.
_LINK: Final = re.compile(r"(\S+) <(https://[\w./#-]+)>")


def link(why: str) -> tuple[str, str] | None:
    """Its name and URL; None: it is anything else, which stays text."""
    found = _LINK.fullmatch(why)
    return (found[1], found[2]) if found else None
