"""Easing: existing mounts made writable, rid of their limits, or taken away.

Only for a private mount namespace (`namespaces.enter`): nothing here checks what it changes.
"""

from __future__ import annotations

import os

from harness.errors import MountFailed
from harness.kernel import syscalls


def allow_writing(path: str) -> None:
    """The mount at `path` is not read-only any more.

    Raises:
        MountFailed: `path` is not a mount point, or the flag cannot be changed.
    """
    flags, clear = syscalls.AT_SYMLINK_NOFOLLOW, syscalls.MOUNT_ATTR_RDONLY
    try:
        syscalls.mount_setattr(syscalls.AT_FDCWD, path, flags=flags, clear=clear)
    except OSError as refused:
        raise _failed("mount_setattr", path, ("rw",), refused) from refused


def reconfigure(path: str, *options: str) -> None:
    """Give the filesystem at `path` other `key=value` options; what is not named stays as it is.

    A tmpfs takes larger limits than it has, or 0 for none, but no limit where it had none (mm/shmem.c,
    shmem_reconfigure).

    Raises:
        MountFailed: `path` is not a mount point, or the filesystem does not take the options.
    """
    operation, descriptor = "fspick", -1
    try:
        descriptor = syscalls.fspick(path)
        operation = "fsconfig"
        for option in options:
            key, _, value = option.partition("=")
            syscalls.fsconfig_string(descriptor, key, value)
        syscalls.fsconfig_reconfigure(descriptor)
    except OSError as refused:
        words = syscalls.kernel_words(descriptor) if descriptor >= 0 else ()
        raise _failed(operation, path, options, refused, words) from refused
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def take_away(path: str) -> None:
    """Detach the topmost mount at `path` with all mounts on it: what it covered shows again.

    Raises:
        MountFailed: `path` is not a mount point.
    """
    try:
        syscalls.umount2(path, syscalls.UMOUNT_NOFOLLOW | syscalls.MNT_DETACH)
    except OSError as refused:
        raise _failed("umount2", path, (), refused) from refused


def _failed(
    operation: str, path: str, options: tuple[str, ...], refused: OSError, words: tuple[str, ...] = ()
) -> MountFailed:
    number = refused.errno or 0
    return MountFailed(operation=operation, path=path, type="remount", options=options, errno=number, words=words)
