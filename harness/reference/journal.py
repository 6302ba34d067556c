"""Journal: how to undo what a program has done so far, and what to tidy up once it has succeeded."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, NamedTuple

from harness.errors import OperationRefused, errno_name
from harness.model import operation as op
from harness.reference.discard import discard
from harness.reference.settings import TEMPORARY_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Generator, Iterable
    from typing import Any

# What undoing and tidying may meet without a word: it is gone already, or somebody else still needs it.
_QUIET: dict[type, set[int]] = {
    op.Unlink: {errno.ENOENT},
    op.Rmdir: {errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST, errno.EBUSY, errno.EINVAL, errno.ENOTDIR},
    op.Rename: {errno.ENOENT},
}


class Undone(NamedTuple):
    """Files that undoing has taken away, by path, with the names they are kept under until nobody can want them.

    Attributes:
        new: at their paths nothing is now.
        replaced: at their paths is what was there before.
    """

    new: dict[str, str]
    replaced: dict[str, str]


class PutBack(NamedTuple):
    """A file that was there before, under the name it is kept by: it comes back, whatever is at its path by then."""

    source: str
    path: str


class Journal:
    """What one program has to remember.

    Attributes:
        undoing: run last first when it fails. A Rename here brings back what was there before. A string is a new file,
            to be unlinked: there is one for each file of a wheel, and an operation would cost five times as much.
        tidying: run first first when it has succeeded.
        outgoing: directories that hold what was there before, discarded when it has succeeded.
    """

    def __init__(self) -> None:
        self.undoing: list[op.Operation | PutBack | str] = []
        self.tidying: list[op.Operation] = []
        self.outgoing: list[str] = []

    def undo(self, claimed: Container[str], aside: Callable[[str], str]) -> op.Program[Undone]:
        """Put all files back. What cannot be put back is noted, never raised: the first error is the one to report.

        Args:
            claimed: paths that another program counts on: files of ours that it need not have replaced stay.
            aside: the temporary name for a new file, which is only taken away: somebody may come to claim it now.

        Returns:
            What has been taken away, under which names it is kept.
        """
        undone = Undone({}, {})
        # The only copy of what was there before, or of what another program has put there since: no leftover.
        needed = set()
        for entry in reversed(self.undoing):
            if isinstance(entry, str):
                if entry not in claimed and entry not in needed:
                    yield from _take(entry, aside, undone.new)
            elif isinstance(entry, PutBack):
                if not (yield from _put_back(entry, aside, undone.replaced)):
                    needed.add(entry.source)
            elif not isinstance(entry, op.Rmdir) and getattr(entry, "path", "") not in needed:
                yield from _tolerant(entry, "could not be undone")
        return undone

    def undo_directories(self) -> op.Program[None]:
        """Remove the directories that were made, when nothing of ours is in them any more."""
        yield from _all_tolerant(operation for operation in reversed(self.undoing) if isinstance(operation, op.Rmdir))

    def tidy(self) -> op.Program[None]:
        """Remove what was kept for undoing. A leftover is worth a note, not a failed install (uv#12036)."""
        yield from _all_tolerant(operation for operation in self.tidying if not isinstance(operation, op.Rmdir))
        for path in self.outgoing:
            yield from tolerantly(discard(path), "was left behind")
        yield from _all_tolerant(operation for operation in self.tidying if isinstance(operation, op.Rmdir))


def _take(path: str, aside: Callable[[str], str], taken: dict[str, str]) -> op.Program[None]:
    kept = aside(path)
    if not path.rpartition("/")[2].startswith(TEMPORARY_PREFIX):
        try:
            yield op.Rename(path, kept)
        except OperationRefused as refused:
            if refused.errno == errno.ENOENT:
                return
        else:
            taken[path] = kept
            return
    yield from _tolerant(op.Unlink(path), "could not be undone")


def _put_back(entry: PutBack, aside: Callable[[str], str], replaced: dict[str, str]) -> op.Program[bool]:
    """What is at the path by now is kept: a program running at the same time may have put it there.

    Answers whether the name is free that the file before was kept under.
    """
    if entry.path not in replaced:
        try:
            yield from exchanged(entry.source, entry.path)
        except OperationRefused:
            pass  # Nothing is there, or it has to be done in two operations.
        else:
            replaced[entry.path] = entry.source
            return False
        kept = aside(entry.path)
        try:
            yield op.Link(entry.path, kept)
        except OperationRefused:
            pass  # Nothing is there; or where nothing can be linked, nothing can be kept.
        else:
            replaced[entry.path] = kept
    return (yield from _tolerant(op.Rename(entry.source, entry.path), "could not be undone"))


def exchanged(source: str, path: str) -> op.Program[None]:
    """Let two files change places. A directory that another program has made meanwhile goes back to its own.

    Raises:
        OperationRefused: they cannot; EISDIR: it is a directory.
    """
    yield op.Exchange(source, path)
    try:
        status = yield op.Lstat(source)
    except OperationRefused:
        return  # Done is done: it is taken for the file that was looked at before.
    if status.kind == "directory":
        yield op.Exchange(source, path)
        raise OperationRefused(path=path, second=source, operation="exchange", errno=errno.EISDIR)


def tolerantly(program: Generator[op.Operation, Any, object], complaint: str) -> op.Program[bool]:
    """Run a part of a program whose refusal is noted, not raised. Answers whether it was done."""
    try:
        yield from program
    except OperationRefused as refused:
        if refused.errno != errno.ENOENT:
            yield op.Note(f"{refused.path}: {complaint}: {refused.operation}: {errno_name(refused.errno)}")
        return False
    return True


def _all_tolerant(operations: Iterable[op.Operation]) -> op.Program[None]:
    for operation in operations:
        yield from _tolerant(operation, "was left behind")


def _tolerant(operation: op.Operation, complaint: str) -> op.Program[bool]:
    try:
        yield operation
    except OperationRefused as refused:
        if refused.errno in _QUIET.get(operation.__class__, ()):
            return True
        paths = getattr(operation, "source", "") or refused.path
        yield op.Note(f"{paths}: {complaint}: {refused.operation}: {errno_name(refused.errno)}")
        return False
    return True
