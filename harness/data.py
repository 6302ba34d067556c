"""Where the harness's data files lie: in a checkout beside the package, in an installed wheel inside it."""

from __future__ import annotations

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
