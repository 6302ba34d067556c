"""Discard: a directory of the installer's own is removed with everything below it, and no link is followed."""

from __future__ import annotations

import errno

from harness.errors import OperationRefused
from harness.model import operation as op


def discard(path: str) -> op.Program[None]:
    """Remove a directory tree, or the link that has its name. What disappears meanwhile is no error.

    Raises:
        OperationRefused: something of it cannot be removed; what is left is as it was.
    """
    status = yield op.Lstat(path)
    if status.kind == "directory":
        yield from _discard_directory(path)
    else:
        yield op.Unlink(path)


def _discard_directory(path: str) -> op.Program[None]:
    """One refusal does not keep the rest; it is raised at the end."""
    first = None
    for one in (yield op.ListDirectory(path)):
        below = f"{path}/{one.name}"
        try:
            if one.kind == "directory":
                yield from _discard_directory(below)
            else:
                yield op.Unlink(below)
        except OperationRefused as refused:
            if refused.errno != errno.ENOENT:
                first = first or refused
    if first is not None:
        raise first
    yield op.Rmdir(path)
