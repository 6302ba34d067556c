"""Cloning: a file that shares another's extents until one of them is written (ioctl_ficlonerange(2))."""

from __future__ import annotations

import fcntl

# _IOW(0x94, 9, int), the same on every architecture that Linux calls "generic".
FICLONE = 0x40049409


def clone(source: int, target: int) -> None:
    """Make an empty file share the extents of another.

    Args:
        source: descriptor open for reading.
        target: descriptor open for writing, on the same filesystem.

    Raises:
        OSError: EOPNOTSUPP or EINVAL where the filesystem cannot, EXDEV across mounts, EAGAIN on some (uv#19674).
    """
    fcntl.ioctl(target, FICLONE, source)
