"""Directories: made when missing, shared when there, and never entered through a link that leaves the environment."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from harness.errors import OperationRefused
from harness.model import operation as op

if TYPE_CHECKING:
    from harness.reference.journal import Journal
    from harness.reference.settings import Settings

SCHEMES = ("purelib", "platlib", "scripts", "data", "headers")

# How often something is tried again that other programs, each at most once, can have undone in between.
PATIENCE = 16


class Directories:
    """The directories that one program has made or found, and may put files into.

    Paths are checked once, then trusted: this keeps out links that are there, not an attacker who swaps them in while
    the program runs (that would take openat2(2) and a descriptor for each directory).

    Attributes:
        known: those that have been made or checked.
    """

    def __init__(self, settings: Settings, journal: Journal) -> None:
        self.known: set[str] = set()
        self._mode = 0o777 & ~settings.umask
        self._roots = {settings.scheme(name) for name in SCHEMES}
        self._journal = journal
        self._inside: tuple[str, ...] = ()

    def ensure(self, path: str) -> op.Program[None]:
        """Have a directory that files may be put into.

        Raises:
            OperationRefused: it cannot be made; something else has its name (ENOTDIR); or it lies behind a symbolic
                link out of the environment (ELOOP, as open(2) with O_NOFOLLOW says it).
        """
        for attempt in range(PATIENCE):
            if path in self.known:
                return
            parent = path.rpartition("/")[0]
            # From the top down: mkdir(2) follows links on its way, and a directory below one must not be made first.
            if self.is_below_a_root(path):
                yield from self.ensure(parent)
            try:
                yield from self._make(path)
            except OperationRefused as refused:
                if refused.errno != errno.ENOENT or not parent or attempt == PATIENCE - 1:
                    raise
                self.forget(parent)
                if not self.is_below_a_root(path):
                    yield from self.ensure(parent)

    def is_below_a_root(self, path: str) -> bool:
        """Whether a path lies below a scheme directory, and is none itself."""
        return path not in self._roots and any(path.startswith(f"{root}/") for root in self._roots)

    def forget(self, path: str) -> None:
        """Another program has removed this directory; the next `ensure` makes it again."""
        while path and path in self.known:
            self.known.discard(path)
            path = path.rpartition("/")[0]

    def check(self, path: str) -> op.Program[None]:
        """An existing directory is one that files may be put into or removed from.

        Raises:
            OperationRefused: as `ensure`.
        """
        if path in self.known:
            return
        if self.is_below_a_root(path):
            yield from self.check(path.rpartition("/")[0])
            yield from self._check_kind(path)
        self.known.add(path)

    def _make(self, path: str) -> op.Program[None]:
        try:
            yield op.Mkdir(path, self._mode)
        except OperationRefused as refused:
            if refused.errno == errno.ENOENT:
                raise
            # EEXIST, and on some filesystems (NFS, autofs) EACCES or EROFS although it exists.
            try:
                yield from self._check_kind(path)
            except OperationRefused as other:
                if other.errno == errno.ENOENT and refused.errno != errno.EEXIST:
                    raise refused from None
                raise
        else:
            self._journal.undoing.append(op.Rmdir(path))
        self.known.add(path)

    def _check_kind(self, path: str) -> op.Program[None]:
        """The roots themselves are the user's own choice, whatever they are; below them links have to lead inside."""
        status = yield op.Lstat(path)
        if status.kind == "directory" or (status.kind == "symlink" and not self.is_below_a_root(path)):
            return
        if status.kind != "symlink":
            raise OperationRefused(path=path, operation="mkdir", errno=errno.ENOTDIR)
        if not self._inside:
            for root in sorted(self._roots):
                self._inside += ((yield op.RealPath(root)),)
        real = yield op.RealPath(path)
        if not any(real == root or real.startswith(f"{root}/") for root in self._inside):
            raise OperationRefused(path=path, second=real, operation="mkdir", errno=errno.ELOOP)
