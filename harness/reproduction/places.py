"""Places for results: asked before long work, since what cannot be written after it is lost."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from harness.errors import FileInvalid, Problem
from harness.reproduction.describe import printable

if TYPE_CHECKING:
    from pathlib import Path


def check_writable(directory: Path) -> None:
    """Make a file in a directory that is there, and remove it again.

    Raises:
        FileInvalid: it is not there, or cannot be written to.
    """
    try:
        with tempfile.NamedTemporaryFile(dir=directory, prefix=".exdev."):
            pass
    except OSError as refused:
        problem = Problem(where="", message=f"cannot be written to: {refused.strerror}")
        raise FileInvalid(file=printable(str(directory)), problems=(problem,)) from refused


def check_makeable(directory: Path) -> None:
    """The same of one that is made when it is needed: of the nearest one above it that is there.

    Raises:
        FileInvalid: it cannot be made, or cannot be written to.
    """
    check_writable(next(one for one in (directory, *directory.parents) if os.path.lexists(one)))
