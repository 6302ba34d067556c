"""Placing: one file from the cache to its place, by link mode, with a fallback decided for each file anew.

The defects this answers: uv#1513 (a decision taken from the first file's EEXIST) and field report 18 (a decision that
linking works, taken from the first success, that made every later refusal fatal).
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from harness.errors import OperationRefused, errno_name
from harness.model import operation as op
from harness.reference.settings import TEMPORARY_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model import LinkMode
    from harness.reference.directories import Directories
    from harness.reference.journal import Journal
    from harness.reference.settings import Settings

_WAYS: dict[LinkMode, Callable[[str, str], op.Operation]] = {
    "clone": op.Clone,
    "hardlink": op.Link,
    "symlink": op.Symlink,
    "copy": op.CopyFile,
}
# These speak about the place, not about the way: copying would be refused just the same.
_ABOUT_THE_PLACE = {errno.EEXIST, errno.ENOENT, errno.ENOTDIR, errno.EROFS, errno.ENAMETOOLONG}
# These mean that nothing can be renamed onto, or away from, a name that is a mount point of its own.
_MOUNTED = {errno.EBUSY, errno.EXDEV}


class Placing:
    """Puts files into place for one program, remembering how to undo it and what had to be copied instead."""

    def __init__(self, settings: Settings, journal: Journal, directories: Directories, *, lasting: bool = True) -> None:
        """See class.

        Args:
            settings: link mode, strictness, token.
            journal: where undoing is written down.
            directories: that files may be put into.
            lasting: the sources stay where they are; otherwise a symbolic link would dangle, and is copied instead.
        """
        self._mode: LinkMode = settings.link_mode if lasting or settings.link_mode != "symlink" else "copy"
        self._way = _WAYS[self._mode]
        self._strict = settings.strict
        self._token = settings.token
        self._journal = journal
        self._directories = directories
        self._crossing: set[str] = set()
        self._copied: dict[int, list[str]] = {}
        self._count = 0

    def place(self, source: str, path: str) -> op.Program[None]:
        """Have the content of `source` at `path`; what was there before comes back when the program is undone."""
        directory = path.rpartition("/")[0]
        yield from self._directories.ensure(directory)
        try:
            yield from self._new(source, path, directory)
        except OperationRefused as refused:
            if refused.errno == errno.EEXIST:
                yield from self._replace(path, lambda name: self._new(source, name, directory))
                return
            if refused.errno != errno.ENOENT:
                raise
            # Another program found the directory empty and removed it between our mkdir and now.
            self._directories.forget(directory)
            yield from self._directories.ensure(directory)
            yield from self._new(source, path, directory)
        self._journal.undoing.append(op.Unlink(path))

    def write(self, path: str, content: bytes, mode: int) -> op.Program[None]:
        """Have this content at `path`: a file that the installer makes itself."""
        yield from self._directories.ensure(path.rpartition("/")[0])
        try:
            yield op.Create(path, content, mode)
        except OperationRefused as refused:
            if refused.errno != errno.EEXIST:
                raise
            yield from self._replace(path, lambda name: _created(name, content, mode))
        else:
            self._journal.undoing.append(op.Unlink(path))

    def stash(self, path: str, directory: str = "") -> op.Program[None]:
        """Take a file away, so that undoing brings it back and tidying removes it for good.

        Args:
            path: the file.
            directory: where to keep it meanwhile, on the same mount; by default beside it.

        Raises:
            OperationRefused: it cannot be renamed there.
        """
        kept = self.temporary_name(directory or path.rpartition("/")[0])
        yield op.Rename(path, kept)
        self._journal.undoing.append(op.Rename(kept, path))
        self._journal.tidying.append(op.Unlink(kept))

    def temporary_name(self, directory: str) -> str:
        """A name in this directory that nobody else uses; in the same directory, so that renaming crosses nothing."""
        self._count += 1
        return f"{directory}/{TEMPORARY_PREFIX}{self._token}-{self._count}"

    def report(self) -> op.Program[None]:
        """Say, once for each cause, what was copied although something else was asked for."""
        for number, paths in self._copied.items():
            yield op.Note(f"{paths[0]}: {self._mode}: {errno_name(number)}: {len(paths)} files copied instead")

    def _new(self, source: str, path: str, directory: str) -> op.Program[None]:
        if directory in self._crossing:
            yield op.CopyFile(source, path)
            self._copied.setdefault(errno.EXDEV, []).append(path)
            return
        try:
            yield self._way(source, path)
        except OperationRefused as refused:
            if self._mode == "copy" or self._strict or refused.errno in _ABOUT_THE_PLACE:
                raise
            # One refusal speaks for one file (uv#5581: only some owners; uv#19674: only for a moment). EXDEV speaks
            # for a whole directory, since a directory lies on one mount; files mounted singly answer EEXIST.
            if refused.errno == errno.EXDEV:
                self._crossing.add(directory)
            yield op.CopyFile(source, path)
            self._copied.setdefault(refused.errno, []).append(path)

    def _replace(self, path: str, make: Callable[[str], op.Program[None]]) -> op.Program[None]:
        """Put a new file over an existing one, atomically: made under a temporary name, then renamed."""
        status = yield op.Lstat(path)
        if status.kind == "directory":
            raise OperationRefused(path=path, operation="replace", errno=errno.EISDIR)
        name = self.temporary_name(path.rpartition("/")[0])
        yield from make(name)
        # Renaming one name of an inode onto another does nothing and leaves both (rename(2)): hence also unlink.
        self._journal.undoing.append(op.Unlink(name))
        try:
            yield from self._keep(path)
            yield op.Rename(name, path)
        except OperationRefused as refused:
            if refused.errno not in _MOUNTED or self._strict:
                raise
            yield from self._overwrite(path, name, status)
        else:
            yield from _gone(name)

    def _keep(self, path: str) -> op.Program[None]:
        """Give the old file a second name; where it cannot have one, rename it away."""
        kept = self.temporary_name(path.rpartition("/")[0])
        try:
            yield op.Link(path, kept)
        except OperationRefused:
            yield op.Rename(path, kept)
        self._journal.undoing += [op.Unlink(kept), op.Rename(kept, path)]
        self._journal.tidying.append(op.Unlink(kept))

    def _overwrite(self, path: str, source: str, status: op.Status) -> op.Program[None]:
        """Write into a file that is a mount point: the one thing such a file allows, and not atomic."""
        old = yield op.ReadFile(path)
        new = yield op.ReadFile(source)
        made = yield op.Lstat((yield op.RealPath(source)))
        yield op.Unlink(source)
        self._journal.undoing += [op.Chmod(path, status.mode), op.Write(path, old), op.Truncate(path)]
        yield op.Truncate(path)
        yield op.Write(path, new)
        yield op.Chmod(path, made.mode)
        yield op.Note(f"{path}: a mount point: overwritten in place, neither atomic nor by {self._mode}")


def _created(path: str, content: bytes, mode: int) -> op.Program[None]:
    yield op.Create(path, content, mode)


def _gone(path: str) -> op.Program[None]:
    try:
        yield op.Unlink(path)
    except OperationRefused as refused:
        if refused.errno != errno.ENOENT:
            raise
