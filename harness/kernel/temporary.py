"""Temporary files of this process and its children lie in one given directory."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# What `tempfile` and most programs read, and what pytest puts `pytest-of-USER` into (its tmp_path documentation).
_VARIABLES: Final = ("TMPDIR", "PYTEST_DEBUG_TEMPROOT")


@contextmanager
def temporary_files_in(path: str) -> Iterator[None]:
    """Put temporary files into a laboratory: nothing is left of them, and nobody else owns their directory.

    A plain user looks like root in a user namespace, and the machine's `pytest-of-root` may belong to the real one:
    pytest refuses to use a directory that is not its user's.
    """
    before = {name: os.environ.get(name) for name in _VARIABLES}
    directory, tempfile.tempdir = tempfile.tempdir, path
    os.environ.update(dict.fromkeys(_VARIABLES, path))
    try:
        yield
    finally:
        tempfile.tempdir = directory
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
