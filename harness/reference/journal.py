"""Journal: how to undo what a program has done so far, and what to tidy up once it has succeeded."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from harness.errors import OperationRefused, errno_name
from harness.model import operation as op

if TYPE_CHECKING:
    from collections.abc import Iterable

# What undoing and tidying may meet without a word: it is gone already, or somebody else still needs it.
_QUIET = {
    op.Unlink: {errno.ENOENT},
    op.Rmdir: {errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST, errno.EBUSY, errno.EINVAL},
    op.Rename: {errno.ENOENT},
}


class Journal:
    """Operations that undo, run last first; operations that tidy up after success, run first first."""

    def __init__(self) -> None:
        self.undoing: list[op.Operation] = []
        self.tidying: list[op.Operation] = []

    def undo(self) -> op.Program[None]:
        """Put everything back. What cannot be put back is noted, never raised: the first error is the one to report."""
        yield from _tolerant(reversed(self.undoing), "could not be undone")

    def tidy(self) -> op.Program[None]:
        """Remove what was kept for undoing. A leftover is worth a note, not a failed install (uv#12036)."""
        yield from _tolerant(self.tidying, "was left behind")


def _tolerant(operations: Iterable[op.Operation], complaint: str) -> op.Program[None]:
    for operation in operations:
        try:
            yield operation
        except OperationRefused as refused:
            if refused.errno not in _QUIET.get(operation.__class__, set()):
                yield op.Note(f"{refused.path}: {complaint}: {refused.operation}: {errno_name(refused.errno)}")
