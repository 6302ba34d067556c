"""What this machine can do, found out by doing it in a scratch directory of the laboratory."""

from __future__ import annotations

import difflib
import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from harness.errors import HarnessError, NamespaceRefused, UnknownName, errno_name
from harness.kernel import attempts, namespaces
from harness.kernel.laboratory import open_laboratory

if TYPE_CHECKING:
    from collections.abc import Iterable

# Given an empty scratch directory: why the capability is missing; None: it is there. An OSError or an error of the
# harness counts as a reason too, so that a probe can simply do the thing.
Probe: TypeAlias = Callable[[str], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """Something a layout or a scenario may require.

    Attributes:
        name: how it is required.
        about: what it is, in a few words.
        probe: does the thing.
        remedy: what to do where it is missing; empty: nothing is known to help.
    """

    name: str
    about: str
    probe: Probe
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a probe found.

    Attributes:
        name: of the capability.
        available: whether the machine has it.
        because: why not; empty where it is available.
        remedy: what to do about it; empty where it is available or nothing is known to help.
    """

    name: str
    available: bool
    because: str = ""
    remedy: str = ""


_KERNEL: Final = "use a newer kernel, or one built with it"
_ROOT: Final = "run as root: it needs rights over the machine, not only over a user namespace"
_DISK: Final = "nothing helps yet: sites lie on tmpfs, and tmpfs has no reflinks"

CAPABILITIES: Final = (
    Capability(name="namespaces", about="a private mount namespace", probe=attempts.nothing),
    Capability(name="tmpfs", about="mount a tmpfs", probe=attempts.tmpfs),
    Capability(name="tmpfs-size-limit", about="a tmpfs full after so many bytes", probe=attempts.tmpfs_size_limit),
    Capability(name="tmpfs-inode-limit", about="a tmpfs full after so many files", probe=attempts.tmpfs_inode_limit),
    Capability(name="bind", about="bind-mount a directory", probe=attempts.bind, remedy=_KERNEL),
    Capability(name="bind-file", about="bind-mount a single file", probe=attempts.bind_file, remedy=_KERNEL),
    Capability(
        name="remount-read-only", about="make a mount read-only later", probe=attempts.remount_read_only, remedy=_KERNEL
    ),
    Capability(name="noexec", about="a mount nothing can be run from", probe=attempts.noexec),
    Capability(
        name="overlay",
        about="mount an overlay and write to it",
        probe=attempts.overlay,
        remedy="sudo modprobe overlay; as a plain user it needs Linux 5.11 or newer",
    ),
    Capability(
        name="overlay-two-lowers", about="an overlay over two lowers", probe=attempts.overlay_two_lowers, remedy=_KERNEL
    ),
    Capability(
        name="overlay-opaque-directory",
        about="remake a lower layer's directory, empty",
        probe=attempts.overlay_opaque_directory,
        remedy="run as root; a plain user needs user attributes on tmpfs (Linux 6.6 or newer)",
    ),
    Capability(name="hardlink", about="link a file", probe=attempts.hardlink),
    Capability(name="symlink", about="make a symbolic link", probe=attempts.symlink),
    Capability(name="reflink", about="clone a file (FICLONE)", probe=attempts.reflink, remedy=_DISK),
    Capability(
        name="rename-noreplace",
        about="rename unless the target exists",
        probe=attempts.rename_noreplace,
        remedy=_KERNEL,
    ),
    Capability(name="chown", about="give a file to another user", probe=attempts.chown, remedy=_ROOT),
    Capability(
        name="casefold",
        about="a directory that ignores case",
        probe=attempts.casefold,
        remedy="use Linux 6.13 or newer, built with CONFIG_UNICODE",
    ),
    Capability(
        name="user-notification",
        about="supervise system calls (seccomp)",
        probe=attempts.user_notification,
        remedy=_KERNEL,
    ),
    Capability(
        name="fuse",
        about="open /dev/fuse",
        probe=attempts.fuse,
        remedy="sudo modprobe fuse, as a user who may open /dev/fuse; in Docker: docker run --device /dev/fuse",
    ),
    Capability(
        name="loop-devices",
        about="attach loop devices",
        probe=attempts.loop_devices,
        remedy="run as root outside of containers (in Docker: docker run --privileged)",
    ),
)


def named(name: str) -> Capability:
    """The capability of that name.

    Raises:
        UnknownName: there is none.
    """
    for capability in CAPABILITIES:
        if capability.name == name:
            return capability
    known = tuple(capability.name for capability in CAPABILITIES)
    nearest = difflib.get_close_matches(name, known, n=1)
    raise UnknownName(kind="capability", name=name, known=known, nearest=nearest[0] if nearest else None)


def probe(names: Iterable[str] | None = None) -> dict[str, Finding]:
    """Find out what the machine can do. Enters namespaces; each capability is probed once per process.

    Args:
        names: of capabilities; default: all.

    Returns:
        Findings by name, in the order asked for.

    Raises:
        UnknownName: there is no such capability.
    """
    wanted = [capability.name for capability in CAPABILITIES] if names is None else list(names)
    for name in wanted:
        named(name)
    return {name: _found(name) for name in wanted}


@functools.cache
def _found(name: str) -> Finding:
    capability = named(name)
    try:
        # Refused namespaces have their own cause and remedy, and without them nothing may be tried.
        namespaces.enter()
    except NamespaceRefused as refused:
        because = f"{refused.operation} is refused: {refused.cause}"
        return Finding(name=name, available=False, because=because, remedy=refused.remedy)
    because = _tried(capability)
    return Finding(name=name, available=not because, because=because, remedy=capability.remedy if because else "")


def _tried(capability: Capability) -> str:
    try:
        with open_laboratory() as laboratory:
            scratch = Path(laboratory.sites, capability.name)
            scratch.mkdir()
            return capability.probe(str(scratch)) or ""
    except OSError as refused:
        return f"{capability.about}: {errno_name(refused.errno)}, {os.strerror(refused.errno or 0)}"
    except HarnessError as refused:
        return str(refused)
