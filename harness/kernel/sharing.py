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

_PROBE = ".exdev-sharing-probe"
_MARK = b"\xa5"
# Nothing can be written here to find out: read-only, full, not ours.
_SILENT = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT}


def sharing_of(path: str, candidates: Iterable[str]) -> SharingEvidence:
    """Whether a file shares data with one of several others, and whether it could have.

    Args:
        path: an installed file.
        candidates: files of equal content in the cache.
    """
    others = tuple(candidates)
    directory = os.path.dirname(path)
    try:
        shared = any(_share(path, other) for other in others)
    except OSError as error:
        if error.errno not in _SILENT:
            raise
        return SharingEvidence(sharing="unknown", linkable=False, cloneable=False)
    if shared:
        return SharingEvidence(sharing="shared", linkable=True, cloneable=False)
    return SharingEvidence(
        sharing="own",
        linkable=any(_could(_link, other, directory) for other in others[:1]),
        cloneable=any(_could(_clone, other, directory) for other in others[:1]),
    )


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
