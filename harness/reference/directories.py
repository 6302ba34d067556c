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


class Directories:
    """The directories that one program has made or found, and may put files into."""

    def __init__(self, settings: Settings, journal: Journal) -> None:
        self._mode = 0o777 & ~settings.umask
        self._roots = {settings.scheme(name) for name in SCHEMES}
        self._journal = journal
        self._known: set[str] = set()
        self._inside: tuple[str, ...] = ()

    def ensure(self, path: str) -> op.Program[None]:
        """Have a directory that files may be put into.

        Raises:
            OperationRefused: it cannot be made; something else has its name (ENOTDIR); or it lies behind a symbolic
                link out of the environment (ELOOP, as open(2) with O_NOFOLLOW says it).
        """
        if path in self._known:
            return
        try:
            yield op.Mkdir(path, self._mode)
        except OperationRefused as refused:
            if refused.errno == errno.ENOENT:
                yield from self.ensure(path.rpartition("/")[0])
                yield from self.ensure(path)
                return
            if refused.errno != errno.EEXIST:
                raise
            yield from self.check(path)
        else:
            self._journal.undoing.append(op.Rmdir(path))
        self._known.add(path)

    def is_below_a_root(self, path: str) -> bool:
        """Whether a directory lies below a scheme directory, and is none itself."""
        return path not in self._roots and any(path.startswith(f"{root}/") for root in self._roots)

    def forget(self, path: str) -> None:
        """Another program has removed this directory; the next `ensure` makes it again."""
        self._known.discard(path)

    def check(self, path: str) -> op.Program[None]:
        """An existing directory is one that files may be put into or removed from.

        Raises:
            OperationRefused: as `ensure`.
        """
        if path in self._known:
            return
        if path not in self._roots:
            # A link further up matters as much: the roots themselves are the user's own choice, whatever they are.
            parent = path.rpartition("/")[0]
            if self.is_below_a_root(path):
                yield from self.check(parent)
            status = yield op.Lstat(path)
            if status.kind == "symlink":
                yield from self._check_link(path)
            elif status.kind != "directory":
                raise OperationRefused(path=path, operation="mkdir", errno=errno.ENOTDIR)
        self._known.add(path)

    def _check_link(self, path: str) -> op.Program[None]:
        if not self._inside:
            for root in sorted(self._roots):
                self._inside += ((yield op.RealPath(root)),)
        real = yield op.RealPath(path)
        if not any(real == root or real.startswith(f"{root}/") for root in self._inside):
            raise OperationRefused(path=path, second=real, operation="mkdir", errno=errno.ELOOP)
