"""Mounts as context managers: tmpfs, bind, overlay, and a change of flags; left, they are taken down again.

Only for a private mount namespace (`namespaces.enter`): nothing here checks where it mounts.
"""

from __future__ import annotations

import errno
import functools
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from harness.errors import MountFailed
from harness.kernel import busy, syscalls

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.model.layout import MountFlag

# How a mount is left:
#   unmount  umount(2); where it is in use, that is reported, and it is detached;
#   detach   at once and with all mounts on it, leaving them to whoever still uses them;
#   stay     not at all: it lies on a mount that is detached later, and goes with it.
# Each umount(2) waits for an RCU grace period (fs/namespace.c, namespace_unlock), 10 to 60 microseconds and most of
# what a mount costs. A site of three mounts that is detached as one is built and taken down in half the time.
Leave: TypeAlias = Literal["unmount", "detach", "stay"]

_ATTRIBUTES: Final = {
    "ro": syscalls.MOUNT_ATTR_RDONLY,
    "nosuid": syscalls.MOUNT_ATTR_NOSUID,
    "nodev": syscalls.MOUNT_ATTR_NODEV,
    "noexec": syscalls.MOUNT_ATTR_NOEXEC,
}
# The four bits have the same values as ST_RDONLY, ST_NOSUID, ST_NODEV and ST_NOEXEC of statvfs(3), in another order
# than one would guess from their names alone; kept apart so that neither is mistaken for the other.
_STATVFS: Final = {"ro": os.ST_RDONLY, "nosuid": os.ST_NOSUID, "nodev": os.ST_NODEV, "noexec": os.ST_NOEXEC}

_LONG_VALUE: Final = f"harness: a value is longer than {syscalls.VALUE_LIMIT} bytes, more than fsconfig(2) takes"


@contextmanager
def tmpfs(  # noqa: PLR0913 - each is one mount option of tmpfs(5)
    path: str,
    *,
    size: str | None = None,
    inodes: int | None = None,
    mode: str | None = None,
    options: tuple[str, ...] = (),
    flags: tuple[MountFlag, ...] = (),
    source: str = "tmpfs",
    leave: Leave = "unmount",
) -> Iterator[None]:
    """A new, empty tmpfs at `path`.

    See tmpfs(5).

    Args:
        path: an existing directory.
        size: bytes, with a suffix `k`, `m`, `g` or `%`; default: half of the memory.
        inodes: how many files and directories it can hold, its root included.
        mode: octal mode of its root, e.g. `"1777"`.
        options: further `key=value` or `key` options, handed to the kernel as they are.
        flags: per-mount flags.
        source: the name under which mountinfo lists it.
        leave: how it is taken down; see `Leave`.

    Raises:
        MountFailed: it cannot be mounted, or on leaving was in use (it is detached all the same).
    """
    said = {"size": size, "nr_inodes": inodes, "mode": mode}
    given = tuple(f"{key}={value}" for key, value in said.items() if value is not None)
    _mount_new("tmpfs", path, source, (*given, *options), flags)
    with _taken_down("tmpfs", path, leave):
        yield


@contextmanager
def overlay(  # noqa: PLR0913 - an overlay has that many parts
    path: str,
    *,
    lowers: Sequence[str],
    upper: str,
    work: str,
    options: tuple[str, ...] = (),
    flags: tuple[MountFlag, ...] = (),
    leave: Leave = "unmount",
) -> Iterator[None]:
    """An overlay at `path`; the kernel's Documentation/filesystems/overlayfs.rst.

    Args:
        path: an existing directory; it may be one of the layers.
        lowers: the lower layers, topmost first.
        upper: the directory that receives all writes.
        work: an empty directory on the filesystem of `upper`.
        options: further options, handed to the kernel as they are.
        flags: per-mount flags.
        leave: how it is taken down; see `Leave`.

    Raises:
        MountFailed: as `tmpfs`.
    """
    layers = (*_lower_options(path, lowers), f"upperdir={upper}", f"workdir={work}")
    attributes = ("userxattr",) if _needs_userxattr(upper) else ()
    _mount_new("overlay", path, "overlay", (*layers, *attributes, *options), flags)
    with _taken_down("overlay", path, leave):
        yield


@contextmanager
def bind(
    source: str,
    path: str,
    *,
    flags: tuple[MountFlag, ...] = (),
    recursive: bool = False,
    leave: Leave = "unmount",
) -> Iterator[None]:
    """The directory or file `source`, seen at `path` too; `mount --bind`.

    Args:
        source: a directory or a file.
        path: an existing directory, for a file an existing file.
        flags: flags of the new mount; the one under `source` keeps its own.
        recursive: show the mounts below `source` as well.
        leave: how it is taken down; see `Leave`.

    Raises:
        MountFailed: as `tmpfs`.
    """
    _attach_copy(source, path, flags, recursive=recursive)
    # A recursive one has copies of other mounts on it; only a detaching umount2(2) takes those along.
    with _taken_down("bind", path, "detach" if recursive and leave == "unmount" else leave):
        yield


@contextmanager
def remount(path: str, *, flags: tuple[MountFlag, ...]) -> Iterator[None]:
    """The mount at `path` with more flags, until left. Nothing is undone where the mount is gone by then.

    Args:
        path: an existing mount point.
        flags: flags to add; those it has already stay after leaving.

    Raises:
        MountFailed: `path` is not a mount point, or the flags cannot be changed.
    """
    try:
        before = os.statvfs(path).f_flag
        syscalls.mount_setattr(syscalls.AT_FDCWD, path, flags=syscalls.AT_SYMLINK_NOFOLLOW, add=_attributes(flags))
    except OSError as refused:
        raise _failed("mount_setattr", path, "remount", flags, refused) from refused
    added = tuple(flag for flag in flags if not before & _STATVFS[flag])
    try:
        yield
    finally:
        _clear(path, added)


def _clear(path: str, flags: tuple[MountFlag, ...]) -> None:
    try:
        syscalls.mount_setattr(syscalls.AT_FDCWD, path, flags=syscalls.AT_SYMLINK_NOFOLLOW, clear=_attributes(flags))
    except OSError as refused:
        if refused.errno not in {errno.EINVAL, errno.ENOENT, errno.ENOTDIR}:
            raise _failed("mount_setattr", path, "remount", flags, refused) from refused


def _mount_new(kind: str, path: str, source: str, options: tuple[str, ...], flags: tuple[MountFlag, ...]) -> None:
    """Mount with the four calls of fsopen(2), in its order."""
    operation = "fsopen"
    configured = mounted = -1
    try:
        configured = syscalls.fsopen(kind)
        operation = "fsconfig"
        syscalls.fsconfig_string(configured, "source", source)
        _configure(configured, options)
        operation = "fsmount"
        mounted = syscalls.fsmount(configured, _attributes(flags))
        operation = "move_mount"
        syscalls.move_mount(mounted, path)
    except OSError as refused:
        words = _words(configured, options)
        raise _failed(operation, path, kind, (*options, *flags), refused, words) from refused
    finally:
        for descriptor in (mounted, configured):
            if descriptor >= 0:
                os.close(descriptor)


def _configure(descriptor: int, options: tuple[str, ...]) -> None:
    for option in options:
        key, equals, value = option.partition("=")
        if equals:
            syscalls.fsconfig_string(descriptor, key, value)
        else:
            syscalls.fsconfig_flag(descriptor, key)
    syscalls.fsconfig_create(descriptor)


def _words(descriptor: int, options: tuple[str, ...]) -> tuple[str, ...]:
    said = syscalls.kernel_words(descriptor) if descriptor >= 0 else ()
    # The one refusal the kernel does not explain: it comes before the filesystem sees the value.
    long = any(len(os.fsencode(option.partition("=")[2])) > syscalls.VALUE_LIMIT for option in options)
    return (*said, _LONG_VALUE) if long else said


def _attach_copy(source: str, path: str, flags: tuple[MountFlag, ...], *, recursive: bool) -> None:
    operation = "open_tree"
    copied = -1
    try:
        copied = syscalls.open_tree(source, recursive=recursive)
        operation = "mount_setattr"
        if flags:
            depth = syscalls.AT_EMPTY_PATH | (syscalls.AT_RECURSIVE if recursive else 0)
            syscalls.mount_setattr(copied, "", flags=depth, add=_attributes(flags))
        operation = "move_mount"
        syscalls.move_mount(copied, path)
    except OSError as refused:
        raise _failed(operation, path, "bind", (f"source={source}", *flags), refused) from refused
    finally:
        if copied >= 0:
            os.close(copied)


@contextmanager
def _taken_down(kind: str, path: str, leave: Leave) -> Iterator[None]:
    """Unmounts on leaving. An error already under way is the one the reader needs: ours becomes a note to it."""
    try:
        yield
    except BaseException as under_way:
        try:
            _unmount(kind, path, leave)
        except MountFailed as failed:
            under_way.add_note(str(failed))
        raise
    _unmount(kind, path, leave)


def _unmount(kind: str, path: str, leave: Leave) -> None:
    if leave == "stay":
        return
    flags = syscalls.UMOUNT_NOFOLLOW | (syscalls.MNT_DETACH if leave == "detach" else 0)
    try:
        syscalls.umount2(path, flags)
    except OSError as refused:
        users = busy.users(path) if refused.errno == errno.EBUSY else ()
        # Reported, but not left behind: what is in use lives on for its users only.
        with suppress(OSError):
            syscalls.umount2(path, flags | syscalls.MNT_DETACH)
        failed = _failed("umount2", path, kind, (), refused)
        failed.users = users
        raise failed from refused


def _needs_userxattr(upper: str) -> bool:
    """Whether an overlay has to keep its own marks in `user.` attributes (option `userxattr`, Linux 5.11).

    They are `trusted.` ones by default, and only CAP_SYS_ADMIN in the *initial* user namespace may write those; in any
    other, such an overlay mounts but cannot mark a directory opaque. Asked by doing something without effect: removing
    an attribute that is not there gives ENODATA to those who may and EPERM to those who may not (fs/xattr.c,
    xattr_permission).
    """
    try:
        os.removexattr(upper, "trusted.exdev.absent")
    except OSError as refused:
        return refused.errno == errno.EPERM
    return False


def _lower_options(path: str, lowers: Sequence[str]) -> tuple[str, ...]:
    try:
        one_by_one = _takes_lowers_one_by_one()
    except OSError as refused:
        raise _failed("fsopen", path, "overlay", (), refused) from refused
    if one_by_one:
        return tuple(f"lowerdir+={lower}" for lower in lowers)
    return (_joined(lowers),)


@functools.cache
def _takes_lowers_one_by_one() -> bool:
    """Whether this kernel has `lowerdir+` (Linux 6.8), which takes any path as it is."""
    descriptor = syscalls.fsopen("overlay")
    try:
        syscalls.fsconfig_string(descriptor, "lowerdir+", "/")
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)


def _joined(lowers: Sequence[str]) -> str:
    r"""All lower layers in one option: colons part them, backslashes escape (overlayfs.rst)."""
    return "lowerdir=" + ":".join(lower.replace("\\", "\\\\").replace(":", "\\:") for lower in lowers)


def _attributes(flags: tuple[MountFlag, ...]) -> int:
    bits = 0
    for flag in flags:
        bits |= _ATTRIBUTES[flag]
    return bits


def _failed(
    operation: str,
    path: str,
    kind: str,
    options: tuple[str, ...],
    refused: OSError,
    words: tuple[str, ...] = (),
) -> MountFailed:
    number = refused.errno or 0
    return MountFailed(operation=operation, path=path, type=kind, options=options, errno=number, words=words)
