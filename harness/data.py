"""Where data lies: the harness's own files beside or inside the package, what was downloaded in the user's cache."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def fixtures() -> Path:
    """The directory that holds `layouts/`, `reports/` and `wheels/`.

    Raises:
        FileNotFoundError: neither place has it: the package was copied without its data.
    """
    package = Path(__file__).resolve().parent
    # The wheel carries the top-level `fixtures/` as `harness/fixtures` (pyproject, force-include); a checkout
    # and an editable installation have it only at the top level.
    for candidate in (package / "fixtures", package.parent / "fixtures"):
        if candidate.is_dir():
            return candidate
    message = f"no fixtures directory in {package} or beside it: the installation is incomplete"
    raise FileNotFoundError(message)


def cache(part: str) -> Path:
    """Where downloads of one kind are kept: `exdev/PART` in the user's cache (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # "If an implementation encounters a relative path it should consider the path invalid and ignore it."
    root = Path(base) if base.startswith("/") else Path.home() / ".cache"
    return root / "exdev" / part
