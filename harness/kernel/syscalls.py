"""The system calls Python does not offer, as thin ctypes wrappers that raise OSError.

Man pages: unshare(2), fsopen(2), fspick(2), fsconfig(2), fsmount(2), move_mount(2), open_tree(2), mount_setattr(2),
umount(2), mount(2), close_range(2). `os.unshare` exists only from Python 3.12. The calls of the mount API of Linux 5.2
are made by number: glibc has wrappers from 2.36 only, musl has none, and numbers from 424 on are the same on every
architecture.
"""

from __future__ import annotations

import ctypes
import errno
import os
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

CLONE_NEWNS: Final = 0x00020000
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWPID: Final = 0x20000000
CLONE_NEWNET: Final = 0x40000000

MS_REC: Final = 0x4000
MS_PRIVATE: Final = 1 << 18

RENAME_NOREPLACE: Final = 1
RENAME_EXCHANGE: Final = 2

MNT_DETACH: Final = 2
UMOUNT_NOFOLLOW: Final = 8

MOUNT_ATTR_RDONLY: Final = 0x1
MOUNT_ATTR_NOSUID: Final = 0x2
MOUNT_ATTR_NODEV: Final = 0x4
MOUNT_ATTR_NOEXEC: Final = 0x8

AT_FDCWD: Final = -100
AT_SYMLINK_NOFOLLOW: Final = 0x100
AT_EMPTY_PATH: Final = 0x1000
AT_RECURSIVE: Final = 0x8000

_FSOPEN_CLOEXEC: Final = 1
_FSMOUNT_CLOEXEC: Final = 1
_FSPICK_CLOEXEC: Final = 1
_FSPICK_SYMLINK_NOFOLLOW: Final = 2
_FSCONFIG_SET_FLAG: Final = 0
_FSCONFIG_SET_STRING: Final = 1
_FSCONFIG_CMD_CREATE: Final = 6
_FSCONFIG_CMD_RECONFIGURE: Final = 7
_MOVE_MOUNT_F_EMPTY_PATH: Final = 0x4
_OPEN_TREE_CLONE: Final = 1
_OPEN_TREE_CLOEXEC: Final = os.O_CLOEXEC

# The kernel copies names and values with strndup_user(..., 256), the closing zero byte included (fs/fsopen.c).
VALUE_LIMIT: Final = 255


class _MountAttributes(ctypes.Structure):
    """`struct mount_attr` of mount_setattr(2), as of its first version (32 bytes)."""

    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def _by_number(*arguments: type) -> Callable[..., int]:
    """`syscall(2)` with the number first, as a function object of its own: argument types are set per object."""
    function = _LIBC["syscall"]
    function.argtypes = (ctypes.c_long, *arguments)
    function.restype = ctypes.c_long
    return function


_open_tree = _by_number(ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
_move_mount = _by_number(ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
_fsopen = _by_number(ctypes.c_char_p, ctypes.c_uint)
_fsconfig = _by_number(ctypes.c_int, ctypes.c_uint, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int)
_fsmount = _by_number(ctypes.c_int, ctypes.c_uint, ctypes.c_uint)
_fspick = _by_number(ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
_mount_setattr = _by_number(
    ctypes.c_int, ctypes.c_char_p, ctypes.c_uint, ctypes.POINTER(_MountAttributes), ctypes.c_size_t
)
_close_range = _by_number(ctypes.c_uint, ctypes.c_uint, ctypes.c_uint)
_CLOSE_RANGE: Final = 436
_CLOSE_RANGE_CLOEXEC: Final = 4
_LAST_DESCRIPTOR: Final = 0xFFFFFFFF
_OPEN_TREE: Final = 428
_MOVE_MOUNT: Final = 429
_FSOPEN: Final = 430
_FSCONFIG: Final = 431
_FSMOUNT: Final = 432
_FSPICK: Final = 433
_MOUNT_SETATTR: Final = 442

_umount2 = _LIBC["umount2"]
_umount2.argtypes = (ctypes.c_char_p, ctypes.c_int)
_sched_getcpu = _LIBC["sched_getcpu"]
_sched_getcpu.argtypes = ()
_unshare = _LIBC["unshare"]
_unshare.argtypes = (ctypes.c_int,)
# glibc has it from 2.28 on, musl from 1.2.6 on.
_renameat2 = getattr(_LIBC, "renameat2", None)
_mount = _LIBC["mount"]
_mount.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p)


def _fail(path: str | None = None) -> NoReturn:
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number), path)


def unshare(flags: int) -> None:
    """Leave the namespaces named by `flags` (`CLONE_NEW*`) for new ones.

    Raises:
        OSError: refused; `namespaces.enter` tells the causes apart.
    """
    if _unshare(flags) < 0:
        _fail()


def close_on_exec(first: int) -> None:
    """No program that this process executes inherits a descriptor with this number or a higher one.

    Raises:
        OSError: EINVAL: the kernel is older than Linux 5.11.
    """
    if _close_range(_CLOSE_RANGE, first, _LAST_DESCRIPTOR, _CLOSE_RANGE_CLOEXEC) < 0:
        _fail()


def renameat2(source: str, path: str, *, flags: int) -> None:
    """As rename(2), with `RENAME_*` flags.

    Raises:
        OSError: as of rename(2); EEXIST: there is a file that must not be replaced; EINVAL: the filesystem does not
            know the flag; ENOSYS: the C library lacks the call.
    """
    if _renameat2 is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), path)
    if _renameat2(AT_FDCWD, os.fsencode(source), AT_FDCWD, os.fsencode(path), flags) < 0:
        _fail(path)


def fsopen(kind: str) -> int:
    """A close-on-exec descriptor on which a new filesystem of type `kind` is configured.

    Raises:
        OSError: ENODEV: the kernel has no such filesystem; EPERM: no CAP_SYS_ADMIN over the mount namespace.
    """
    descriptor = _fsopen(_FSOPEN, os.fsencode(kind), _FSOPEN_CLOEXEC)
    if descriptor < 0:
        _fail(kind)
    return descriptor


def fspick(path: str) -> int:
    """A close-on-exec descriptor on which the filesystem mounted at `path` is configured anew.

    Raises:
        OSError: EINVAL: not a mount point; EPERM: no CAP_SYS_ADMIN over the filesystem.
    """
    descriptor = _fspick(_FSPICK, AT_FDCWD, os.fsencode(path), _FSPICK_CLOEXEC | _FSPICK_SYMLINK_NOFOLLOW)
    if descriptor < 0:
        _fail(path)
    return descriptor


def fsconfig_string(descriptor: int, key: str, value: str) -> None:
    """Set the parameter `key=value`.

    Raises:
        OSError: the filesystem rejects it, or the value is longer than `VALUE_LIMIT` bytes (EINVAL).
    """
    if _fsconfig(_FSCONFIG, descriptor, _FSCONFIG_SET_STRING, os.fsencode(key), os.fsencode(value), 0) < 0:
        _fail(f"{key}={value}")


def fsconfig_flag(descriptor: int, key: str) -> None:
    """Set a parameter that has no value.

    Raises:
        OSError: the filesystem rejects it.
    """
    if _fsconfig(_FSCONFIG, descriptor, _FSCONFIG_SET_FLAG, os.fsencode(key), None, 0) < 0:
        _fail(key)


def fsconfig_create(descriptor: int) -> None:
    """Make the filesystem (its superblock) out of the parameters set so far.

    Raises:
        OSError: the parameters do not fit together or the filesystem cannot be made.
    """
    if _fsconfig(_FSCONFIG, descriptor, _FSCONFIG_CMD_CREATE, None, None, 0) < 0:
        _fail()


def fsconfig_reconfigure(descriptor: int) -> None:
    """Give a filesystem that was picked the parameters set so far; it keeps all others.

    Raises:
        OSError: the filesystem cannot be changed so.
    """
    if _fsconfig(_FSCONFIG, descriptor, _FSCONFIG_CMD_RECONFIGURE, None, None, 0) < 0:
        _fail()


def fsmount(descriptor: int, attributes: int) -> int:
    """A close-on-exec descriptor of a detached mount of a configured filesystem.

    Args:
        descriptor: from `fsopen`, after `fsconfig_create`.
        attributes: `MOUNT_ATTR_*` bits.

    Raises:
        OSError: refused.
    """
    mounted = _fsmount(_FSMOUNT, descriptor, _FSMOUNT_CLOEXEC, attributes)
    if mounted < 0:
        _fail()
    return mounted


def open_tree(path: str, *, recursive: bool) -> int:
    """A close-on-exec descriptor of a detached copy of the mount at `path`, rooted there.

    Args:
        path: a directory or a file; a symbolic link is followed.
        recursive: copy the mounts below it too.

    Raises:
        OSError: ENOENT and the like; EINVAL: mounts below it are locked by an outer user namespace.
    """
    flags = _OPEN_TREE_CLONE | _OPEN_TREE_CLOEXEC | (AT_RECURSIVE if recursive else 0)
    descriptor = _open_tree(_OPEN_TREE, AT_FDCWD, os.fsencode(path), flags)
    if descriptor < 0:
        _fail(path)
    return descriptor


def move_mount(descriptor: int, path: str) -> None:
    """Attach a detached mount at `path`, whose last component is not followed.

    Raises:
        OSError: ENOENT: no such mount point; ENOTDIR: a directory was to cover a file or the reverse.
    """
    if _move_mount(_MOVE_MOUNT, descriptor, b"", AT_FDCWD, os.fsencode(path), _MOVE_MOUNT_F_EMPTY_PATH) < 0:
        _fail(path)


def mount_setattr(directory: int, path: str, *, flags: int = 0, add: int = 0, clear: int = 0) -> None:
    """Change the attributes of an existing mount.

    Args:
        directory: descriptor that a relative `path` starts from, or `AT_FDCWD`.
        path: the mount point; empty, with `AT_EMPTY_PATH` in `flags`, for the mount `directory` itself.
        flags: `AT_*` bits.
        add: `MOUNT_ATTR_*` bits to set.
        clear: `MOUNT_ATTR_*` bits to clear.

    Raises:
        OSError: EINVAL: not a mount point; EPERM: the attribute is locked by an outer user namespace.
    """
    wanted = _MountAttributes(add, clear, 0, 0)
    size = ctypes.sizeof(wanted)
    if _mount_setattr(_MOUNT_SETATTR, directory, os.fsencode(path), flags, ctypes.byref(wanted), size) < 0:
        _fail(path)


def umount2(path: str, flags: int) -> None:
    """Take down the topmost mount at `path`.

    Args:
        path: the mount point.
        flags: `UMOUNT_NOFOLLOW`, `MNT_DETACH`.

    Raises:
        OSError: EBUSY: in use; EINVAL: not a mount point, or locked by an outer user namespace.
    """
    if _umount2(os.fsencode(path), flags) < 0:
        _fail(path)


def mount(source: str, path: str, kind: str, flags: int) -> None:
    """Mount in the way of old; used for what the new calls do in more steps, propagation.

    Raises:
        OSError: refused.
    """
    if _mount(os.fsencode(source), os.fsencode(path), os.fsencode(kind), flags, None) < 0:
        _fail(path)


def current_processor() -> int:
    """The number of the processor that the calling thread is on.

    Raises:
        OSError: refused.
    """
    number: int = _sched_getcpu()
    if number < 0:
        _fail()
    return number


def kernel_words(descriptor: int) -> tuple[str, ...]:
    """What the kernel has to say about a filesystem being configured: errors (`e `), warnings (`w `), notes (`i `).

    Each read(2) of an fsopen descriptor takes one message off its log; ENODATA: no more (fs/fsopen.c).
    """
    words: list[str] = []
    while True:
        try:
            words.append(os.read(descriptor, 1024).decode(errors="replace").rstrip("\n"))
        except OSError as refused:
            if refused.errno == errno.ENODATA:
                return tuple(words)
            raise
