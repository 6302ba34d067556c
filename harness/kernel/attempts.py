"""One attempt per capability: each does the thing in an empty scratch directory and says why it did not work."""

from __future__ import annotations

import array
import ctypes
import errno
import fcntl
import os
import platform
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.kernel import mounts, namespaces, syscalls
from harness.kernel.cloning import clone

if TYPE_CHECKING:
    from collections.abc import Callable

_FS_IOC_GETFLAGS: Final = 0x80086601
_FS_IOC_SETFLAGS: Final = 0x40086602
_FS_CASEFOLD_FL: Final = 0x40000000
_SECCOMP_GET_NOTIF_SIZES: Final = 3
# seccomp(2) has no wrapper in libc and is older than the numbers all architectures share.
_SECCOMP_NUMBERS: Final = {"x86_64": 317, "aarch64": 277, "riscv64": 277, "ppc64le": 358, "s390x": 348}


def nothing(scratch: str) -> str | None:  # noqa: ARG001 - that there is a scratch directory is the proof
    """The laboratory stands; that is all that was asked."""
    return None


def tmpfs(scratch: str) -> str | None:
    """Mount a tmpfs and write to it."""
    with mounts.tmpfs(scratch):
        Path(scratch, "file").touch()
    return "a file on the tmpfs outlived it" if os.listdir(scratch) else None


def tmpfs_size_limit(scratch: str) -> str | None:
    """Fill a tmpfs of one page."""
    with mounts.tmpfs(scratch, size="4k"):
        return _refused(errno.ENOSPC, lambda: Path(scratch, "file").write_bytes(bytes(65536)))


def tmpfs_inode_limit(scratch: str) -> str | None:
    """Use up the inodes of a tmpfs that has two: its root and one file."""
    with mounts.tmpfs(scratch, inodes=2):
        Path(scratch, "first").touch()
        return _refused(errno.ENOSPC, Path(scratch, "second").touch)


def bind(scratch: str) -> str | None:
    """See a file through a bind mount of its directory, and be refused a link across it."""
    source, target = _directories(scratch, "source", "target")
    (source / "file").touch()
    with mounts.bind(str(source), str(target)):
        return _refused(errno.EXDEV, lambda: os.link(source / "file", target / "link"))


def bind_file(scratch: str) -> str | None:
    """Cover one file with another, which cannot be removed then."""
    source, target = Path(scratch, "source"), Path(scratch, "target")
    source.write_bytes(b"source")
    target.write_bytes(b"target")
    with mounts.bind(str(source), str(target)):
        if target.read_bytes() != b"source":
            return "the file is not covered"
        # A mount in another namespace does not hinder an unlink (Linux 3.18), one in this does.
        return _refused(errno.EBUSY, target.unlink)


def remount_read_only(scratch: str) -> str | None:
    """Be refused a write on a mount made read-only after it was mounted."""
    with mounts.tmpfs(scratch), mounts.remount(scratch, flags=("ro",)):
        return _refused(errno.EROFS, Path(scratch, "file").touch)


def noexec(scratch: str) -> str | None:
    """Be refused to run a script from a noexec mount that runs from any other."""
    with mounts.tmpfs(scratch):
        script = Path(scratch, "script")
        script.write_bytes(b"#!/bin/sh\n")
        script.chmod(0o755)
        _run(script)
        with mounts.remount(scratch, flags=("noexec",)):
            return _refused(errno.EACCES, lambda: _run(script))


def overlay(scratch: str) -> str | None:
    """Change a lower layer's file through an overlay."""
    lower, upper, work, merged = _directories(scratch, "lower", "upper", "work", "merged")
    (lower / "file").write_bytes(b"lower")
    with mounts.overlay(str(merged), lowers=[str(lower)], upper=str(upper), work=str(work)):
        (merged / "file").write_bytes(b"upper")
    same = (lower / "file").read_bytes() == b"lower" and (upper / "file").read_bytes() == b"upper"
    return None if same else "a write did not land on the upper layer"


def overlay_two_lowers(scratch: str) -> str | None:
    """See the files of two lower layers, the topmost covering the other."""
    top, bottom, upper, work, merged = _directories(scratch, "a:top", "b,bottom", "upper", "work", "merged")
    (bottom / "only").write_bytes(b"bottom")
    for layer in (top, bottom):
        (layer / "both").write_text(layer.name, encoding="ascii")
    with mounts.overlay(str(merged), lowers=[str(top), str(bottom)], upper=str(upper), work=str(work)):
        seen = (merged / "both").read_text(encoding="ascii"), (merged / "only").read_bytes()
    return None if seen == (top.name, b"bottom") else f"the layers are stacked wrongly: {seen}"


def overlay_opaque_directory(scratch: str) -> str | None:
    """Remove a lower layer's directory and make it again; its old content must stay hidden."""
    lower, upper, work, merged = _directories(scratch, "lower", "upper", "work", "merged")
    (lower / "directory").mkdir()
    (lower / "directory" / "old").touch()
    with mounts.overlay(str(merged), lowers=[str(lower)], upper=str(upper), work=str(work)):
        (merged / "directory" / "old").unlink()
        (merged / "directory").rmdir()
        (merged / "directory").mkdir()
        return "removed files came back" if any((merged / "directory").iterdir()) else None


def hardlink(scratch: str) -> str | None:
    """Write through one name and read through the other."""
    first, second = Path(scratch, "first"), Path(scratch, "second")
    first.touch()
    os.link(first, second)
    first.write_bytes(b"shared")
    return None if second.read_bytes() == b"shared" else "the two names do not share data"


def symlink(scratch: str) -> str | None:
    """Make a symbolic link and read it."""
    link = Path(scratch, "link")
    link.symlink_to("target")
    return None if str(link.readlink()) == "target" else "the link points elsewhere"


def reflink(scratch: str) -> str | None:
    """Clone a file; ioctl_ficlone(2)."""
    with Path(scratch, "source").open("wb+") as source, Path(scratch, "clone").open("wb") as target:
        source.write(bytes(65536))
        source.flush()
        clone(source.fileno(), target.fileno())
    return None


def rename_noreplace(scratch: str) -> str | None:
    """Be refused to rename over an existing file; renameat2(2)."""
    first, second = Path(scratch, "first"), Path(scratch, "second")
    first.touch()
    second.touch()
    return _refused(
        errno.EEXIST,
        lambda: syscalls.renameat2(str(first), str(second), flags=syscalls.RENAME_NOREPLACE),
    )


def chown(scratch: str) -> str | None:
    """Give a file to user and group 1, whoever that is; EINVAL: the user namespace does not know them."""
    given = Path(scratch, "file")
    given.touch()
    os.chown(given, 1, 1)
    return None if given.stat().st_uid == 1 else "the file has another owner"


def casefold(scratch: str) -> str | None:
    """Find a file by its name in other case, on a tmpfs that can do that (Linux 6.13)."""
    with mounts.tmpfs(scratch, options=("casefold",)):
        folded = Path(scratch, "folded")
        folded.mkdir()
        _add_flag(folded, _FS_CASEFOLD_FL)
        (folded / "NAME").touch()
        return None if (folded / "name").exists() else "names in other case are not found"


def user_notification(scratch: str) -> str | None:  # noqa: ARG001 - needs no files
    """Ask seccomp(2) for the sizes of its notifications, which only kernels that have them know."""
    number = _SECCOMP_NUMBERS.get(platform.machine())
    if number is None:
        return f"the number of seccomp(2) on {platform.machine()} is not known here"
    sizes = (ctypes.c_uint16 * 3)()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(ctypes.c_long(number), _SECCOMP_GET_NOTIF_SIZES, 0, sizes) < 0:
        return f"seccomp(SECCOMP_GET_NOTIF_SIZES): {os.strerror(ctypes.get_errno())}"
    return None


def fuse(scratch: str) -> str | None:  # noqa: ARG001 - needs no files
    """Open the device; nothing is mounted."""
    return _opens("/dev/fuse")


def loop_devices(scratch: str) -> str | None:  # noqa: ARG001 - needs no files
    """Open the control device. Nothing is attached: that would be seen outside of the laboratory."""
    if namespaces.in_user_namespace():
        return "loop devices belong to the machine; a user namespace gives no right over them"
    return _opens("/dev/loop-control")


def _opens(device: str) -> str | None:
    try:
        os.close(os.open(device, os.O_RDWR | os.O_CLOEXEC))
    except OSError as refused:
        return f"{device}: {refused.strerror}"
    return None


def _directories(scratch: str, *names: str) -> tuple[Path, ...]:
    made = tuple(Path(scratch, name) for name in names)
    for path in made:
        path.mkdir()
    return made


def _run(script: Path) -> None:
    subprocess.run([script], check=True, stdin=subprocess.DEVNULL)  # noqa: S603 - written by the probe itself


def _refused(number: int, deed: Callable[[], object]) -> str | None:
    """Do what must be refused with an errno; says what happened instead."""
    wanted = errno.errorcode[number]
    try:
        deed()
    except OSError as refused:
        if refused.errno == number:
            return None
        return f"expected {wanted}, got {errno.errorcode.get(refused.errno or 0)}"
    return f"expected {wanted}, but it was allowed"


def _add_flag(path: Path, flag: int) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # The size in the ioctl's number is that of a long, but what is written is an int (ioctl_iflags(2)).
        flags = array.array("i", [0, 0])
        fcntl.ioctl(descriptor, _FS_IOC_GETFLAGS, flags)
        flags[0] |= flag
        fcntl.ioctl(descriptor, _FS_IOC_SETFLAGS, flags)
    finally:
        os.close(descriptor)
