"""Placing: one file from the cache to its place, by link mode, with a fallback decided for each file anew.

The defects this answers: uv#1513 (a decision taken from the first file's EEXIST) and field report 18 (a decision that
linking works, taken from the first success, that made every later refusal fatal).
"""

from __future__ import annotations

import errno
from functools import partial
from typing import TYPE_CHECKING

from harness.errors import OperationRefused, errno_name
from harness.model import operation as op
from harness.reference.directories import PATIENCE
from harness.reference.journal import PutBack, exchanged
from harness.reference.settings import TEMPORARY_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from harness.model import LinkMode
    from harness.reference.directories import Directories
    from harness.reference.journal import Journal
    from harness.reference.settings import Settings

    # Makes the new file under the name it is given.
    Maker = Callable[[str], op.Program[None]]

# These speak about the place, not about the way: copying would be refused just the same.
_ABOUT_THE_PLACE = {errno.EEXIST, errno.ENOENT, errno.ENOTDIR, errno.EROFS, errno.ENAMETOOLONG}
# These speak for a whole directory, since it lies on one mount (single files that are mounts answer EEXIST). Any other
# refusal speaks for one file only (uv#5581: only some owners; uv#19674: only for a moment).
_ABOUT_THE_MOUNT = {errno.EXDEV, errno.EOPNOTSUPP}
_MOUNTED = {errno.EBUSY, errno.EXDEV}


class Placing:
    """Puts files into place for one program, remembering how to undo it and what had to be copied instead.

    Attributes:
        stashed: files taken away, with the names they are kept under.
    """

    def __init__(self, settings: Settings, journal: Journal, directories: Directories, *, lasting: bool = True) -> None:
        """See class.

        Args:
            settings: link mode, strictness, token.
            journal: where undoing is written down.
            directories: that files may be put into.
            lasting: the sources stay where they are; otherwise a symbolic link would dangle, and is copied instead.
        """
        self.stashed: dict[str, str] = {}
        self._mode: LinkMode = settings.link_mode if lasting or settings.link_mode != "symlink" else "copy"
        # The cache's files have modes by the umask that they were cached under, which is not always today's. A file of
        # its own gets today's; a hard link is the cached file itself, and other environments have it, too.
        self._copy = partial(op.CopyFile, umask=settings.umask)
        ways: dict[LinkMode, Callable[[str, str], op.Operation]] = {
            "clone": partial(op.Clone, umask=settings.umask),
            "hardlink": op.Link,
            "symlink": op.Symlink,
            "copy": self._copy,
        }
        self._way = ways[self._mode]
        self._strict = settings.strict
        self._token = settings.token
        self._file_mode = settings.file_mode
        self._journal = journal
        self._directories = directories
        self._crossing: dict[str, int] = {}
        self._copied: dict[int, list[str]] = {}
        self._count = 0

    def place(self, files: Iterable[tuple[str, str]]) -> op.Program[None]:
        """Have the content of each source at its path; what was there before comes back when the program is undone.

        Args:
            files: source and path of each. This loop runs once per file of a wheel: the common case stays in it.
        """
        known, crossing, way = self._directories.known, self._crossing, self._way
        journalled = self._journal.undoing.append
        plain = self._mode != "symlink"
        for source, path in files:
            directory = path.rpartition("/")[0]
            if directory not in known:
                yield from self._directories.ensure(directory)
            if plain and directory not in crossing:
                try:
                    yield way(source, path)
                except OperationRefused as refused:
                    yield from self._put(path, self._maker(source, directory), refused)
                else:
                    journalled(path)
            else:
                yield from self._put(path, self._maker(source, directory))

    def write(self, path: str, content: bytes, mode: int) -> op.Program[None]:
        """Have this content at `path`: a file that the installer makes itself."""

        def create(name: str) -> op.Program[None]:
            yield op.Create(name, content, mode)

        yield from self._directories.ensure(path.rpartition("/")[0])
        yield from self._put(path, create)

    def stash(self, path: str) -> op.Program[None]:
        """Take a file away, so that undoing brings it back and tidying removes it for good.

        Raises:
            OperationRefused: it is a directory (EISDIR; a RECORD may say anything), or cannot be renamed.
        """
        status = yield op.Lstat(path)
        if status.kind == "directory":
            raise OperationRefused(path=path, operation="remove", errno=errno.EISDIR)
        kept = self.temporary_name(path.rpartition("/")[0])
        yield op.Rename(path, kept)
        self._journal.undoing.append(PutBack(kept, path))
        self._journal.tidying.append(op.Unlink(kept))
        self.stashed[path] = kept

    def temporary_name(self, directory: str, suffix: str = "") -> str:
        """A name in this directory that no other program uses; there, so that renaming it crosses no mount."""
        self._count += 1
        return f"{directory}/{TEMPORARY_PREFIX}{self._token}-{self._count}{suffix}"

    def report(self) -> op.Program[None]:
        """Say, once for each cause, what was copied although something else was asked for."""
        for number, paths in self._copied.items():
            yield op.Note(f"{paths[0]}: {self._mode}: {errno_name(number)}: {len(paths)} files copied instead")

    def _maker(self, source: str, directory: str) -> Maker:
        def make(path: str) -> op.Program[None]:
            if self._mode == "symlink":
                yield op.Lstat(source)  # symlink(2) does not mind if what it points to is missing
            number = self._crossing.get(directory)
            if number is None:
                number = yield from self._linked(source, path, directory)
                if not number:
                    return
            yield self._copy(source, path)
            self._copied.setdefault(number, []).append(path)

        return make

    def _linked(self, source: str, path: str, directory: str) -> op.Program[int]:
        """Try the link mode. Answers the errno that speaks for copying instead; 0: it is done."""
        try:
            yield self._way(source, path)
        except OperationRefused as refused:
            if self._mode == "copy" or self._strict or refused.errno in _ABOUT_THE_PLACE:
                raise
            if refused.errno in _ABOUT_THE_MOUNT:
                self._crossing[directory] = refused.errno
            return refused.errno
        return 0

    def _put(self, path: str, make: Maker, refused: OperationRefused | None = None) -> op.Program[None]:
        """Make a new file, or put it over the one that is there; other programs may make and remove it meanwhile.

        Args:
            path: where.
            make: makes it.
            refused: what the first attempt met, if there was one.
        """
        for _ in range(PATIENCE):
            if refused is None or refused.errno not in {errno.EEXIST, errno.ENOENT}:
                try:
                    yield from make(path)
                except OperationRefused as error:
                    refused = error
                else:
                    self._journal.undoing.append(path)
                    return
            if refused.errno == errno.EEXIST:
                if (yield from self._replace(path, make)):
                    return
            elif refused.errno == errno.ENOENT:
                # Somebody found the directory empty and removed it between our mkdir and now.
                directory = path.rpartition("/")[0]
                self._directories.forget(directory)
                yield from self._directories.ensure(directory)
            else:
                raise refused
            last, refused = refused, None
        raise last

    def _replace(self, path: str, make: Maker) -> op.Program[bool]:
        """Put a new file over an existing one, atomically. Answers False if that one is gone meanwhile.

        What is kept is what was replaced: the two change places in one operation. Where they cannot, the old file gets
        a second name first, and what another program puts there in between is lost if this one is undone.
        """
        status = yield from _status(path)
        if status is None:
            return False
        if status.kind == "directory":
            raise OperationRefused(path=path, operation="replace", errno=errno.EISDIR)
        try:
            name = yield from self._aside(path, make)
        except OperationRefused as refused:
            # Of the source, unless others have emptied and removed the directory since.
            if refused.errno != errno.ENOENT or (yield from _status(path.rpartition("/")[0])):
                raise
            return False
        done = (yield from self._exchanged(name, path)) or (yield from self._renamed_over(name, path, status))
        if not done:
            yield from _gone(name)
        return done

    def _exchanged(self, name: str, path: str) -> op.Program[bool]:
        try:
            yield from exchanged(name, path)
        except OperationRefused:
            return False
        self._journal.undoing.append(PutBack(name, path))
        self._journal.tidying.append(op.Unlink(name))
        return True

    def _renamed_over(self, name: str, path: str, status: op.Status) -> op.Program[bool]:
        """As `_exchanged`, in two operations; into a file that is a mount point, which has to stay, by writing."""
        try:
            kept, crossing = yield from self._keep(path, status)
        except OperationRefused as refused:
            if refused.errno != errno.ENOENT:
                raise
            return False
        try:
            yield op.Rename(name, path)
        except OperationRefused as refused:
            # Two refusals that do not depend on each other prove a mount point. Writing into anything else could
            # reach the cache, of which the file may be a hard link.
            if not crossing or refused.errno not in _MOUNTED or self._strict:
                raise
            yield from self._overwrite(path, name, kept, status)
        else:
            self._journal.undoing.append(PutBack(kept, path))
        # Renaming one name of an inode onto another does nothing and leaves both (rename(2)).
        yield from _gone(name)
        return True

    def _keep(self, path: str, status: op.Status) -> op.Program[tuple[str, bool]]:
        """Give the old file a second name, so that its own is never missing. Answers it, and if a link met EXDEV."""
        crossing = moved = False

        def second(name: str) -> op.Program[None]:
            nonlocal crossing, moved
            try:
                yield op.Link(path, name)
            except OperationRefused as refused:
                if refused.errno in {errno.EEXIST, errno.ENOENT}:
                    raise
                crossing = refused.errno == errno.EXDEV
                if status.kind == "file":
                    yield op.CopyFile(path, name)
                else:
                    yield op.Rename(path, name)
                    moved = True

        kept = yield from self._aside(path, second)
        if moved:
            self._journal.undoing.append(PutBack(kept, path))
        self._journal.tidying.append(op.Unlink(kept))
        return kept, crossing

    def _aside(self, path: str, make: Maker) -> op.Program[str]:
        """Make a file under a temporary name beside a path. A name that a killed program has left is passed over."""
        for attempt in range(PATIENCE):
            name = self.temporary_name(path.rpartition("/")[0])
            try:
                yield from make(name)
            except OperationRefused as refused:
                if refused.errno != errno.EEXIST or attempt == PATIENCE - 1:
                    raise
            else:
                break
        self._journal.undoing.append(op.Unlink(name))
        return name

    def _overwrite(self, path: str, source: str, kept: str, status: op.Status) -> op.Program[None]:
        """Write into a file that is a mount point: the one thing such a file allows, and not atomic."""
        made = yield op.Lstat((yield op.RealPath(source)))
        # A file of its own, whatever the link mode: see `__init__`.
        mode = self._file_mode(executable=made.mode & 0o100 != 0)
        if (yield op.Digest(source)) == (yield op.Digest(path)) and mode == status.mode:
            return
        old = yield op.ReadFile(kept)
        new = yield op.ReadFile(source)
        yield op.Truncate(path)
        self._journal.undoing += [op.Chmod(path, status.mode), op.Write(path, old), op.Truncate(path)]
        yield op.Write(path, new)
        for _ in range(PATIENCE):
            # Another program may be doing the same, and the two contents mix. Whoever looks last leaves a whole one.
            if (yield op.ReadFile(path)) == new:
                break
            yield op.Truncate(path)
            yield op.Write(path, new)
        yield op.Chmod(path, mode)
        yield op.Note(f"{path}: a mount point: overwritten in place, neither atomic nor by {self._mode}")


def _status(path: str) -> op.Program[op.Status | None]:
    """What lies at a path; None: nothing does."""
    try:
        status: op.Status = yield op.Lstat(path)
    except OperationRefused as refused:
        if refused.errno != errno.ENOENT:
            raise
        return None
    return status


def _gone(path: str) -> op.Program[None]:
    try:
        yield op.Unlink(path)
    except OperationRefused as refused:
        if refused.errno != errno.ENOENT:
            raise
