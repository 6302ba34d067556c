"""Data sharing, found by doing: write through one name, read the other. Inodes, link counts and devices prove nothing.

On overlayfs two names of one file may have different inode numbers, and equal ones need not share data (field report
99); so a site is probed at the very end of its run, when nothing else will be looked at.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from harness.kernel.cloning import clone
from harness.model import SharingEvidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from harness.model import LinkMode

_PROBE = ".exdev-sharing-probe"
_MARK = b"\xa5"
# Nothing can be written here to find out: read-only, full, not ours.
_SILENT = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT}


class Sharing:
    """Finds out, at the end of one run, which installed files share data with cached ones."""

    def __init__(self, link_mode: LinkMode) -> None:
        """See class.

        Args:
            link_mode: what the installer was asked for; only that is tried where a file shares nothing.
        """
        self._way = _WAYS.get(link_mode)
        self._possible: dict[tuple[str, str], bool] = {}

    def of(self, path: str, candidates: Iterable[str]) -> SharingEvidence:
        """Whether a file shares data with one of several others, and whether it could have.

        Args:
            path: an installed file.
            candidates: files of equal content in the cache.

        Raises:
            OSError: it cannot be found out for a reason that has nothing to do with writing.
        """
        others = tuple(candidates)
        try:
            shared = any(_share(path, other) for other in others)
        except OSError as error:
            if error.errno not in _SILENT:
                raise
            return SharingEvidence(sharing="unknown", possible=False)
        if shared:
            return SharingEvidence(sharing="shared", possible=True)
        return SharingEvidence(sharing="own", possible=bool(others) and self._could(others[0], os.path.dirname(path)))

    def _could(self, source: str, directory: str) -> bool:
        """Whether files of the one's directory can be linked or cloned into the other; a directory is on one mount."""
        key = os.path.dirname(source), directory
        if key not in self._possible:
            self._possible[key] = self._way is not None and _could(self._way, source, directory)
        return self._possible[key]


def _share(one: str, other: str) -> bool:
    """Grow one file by a byte, look for that byte at the end of the other, and take it away again."""
    descriptor = os.open(one, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        size = os.fstat(descriptor).st_size
        before = _from(other, size)
        os.write(descriptor, _MARK)
        try:
            return not before and _from(other, size) == _MARK
        finally:
            os.ftruncate(descriptor, size)
    finally:
        os.close(descriptor)


def _from(path: str, offset: int) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        return os.pread(descriptor, 1, offset)
    finally:
        os.close(descriptor)


def _could(way: Callable[[str, str], None], source: str, directory: str) -> bool:
    """Whether a file of the cache can be linked or cloned into a directory."""
    path = f"{directory}/{_PROBE}"
    try:
        way(source, path)
    except OSError:
        return False
    os.unlink(path)
    return True


def _link(source: str, path: str) -> None:
    os.link(source, path, follow_symlinks=False)


def _clone(source: str, path: str) -> None:
    with open(source, "rb", buffering=0) as reader, open(path, "xb", buffering=0) as writer:
        try:
            clone(reader.fileno(), writer.fileno())
        except OSError:
            os.unlink(path)
            raise


# Copies and symbolic links can be had everywhere.
_WAYS: dict[LinkMode, Callable[[str, str], None]] = {"hardlink": _link, "clone": _clone}
