"""Why a machine refuses namespaces, told apart by what it shows of itself, and what opens it."""

from __future__ import annotations

import errno
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_FILTERED: Final = 2  # SECCOMP_MODE_FILTER
_UNCONFINED: Final = "--security-opt apparmor=unconfined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What decides about namespaces, as this process sees it; None: the machine has no such setting.

    Attributes:
        threads: of this process.
        seccomp: mode: 0 none, 1 strict, 2 a filter.
        profile: AppArmor profile this process is confined by; empty: none.
        apparmor_restricts: kernel.apparmor_restrict_unprivileged_userns (Ubuntu 23.10 and later).
        unprivileged_clone: kernel.unprivileged_userns_clone (Debian 10 and earlier).
        user_namespaces: user.max_user_namespaces.
        mount_namespaces: user.max_mnt_namespaces.
    """

    threads: int = 1
    seccomp: int = 0
    profile: str = ""
    apparmor_restricts: int | None = None
    unprivileged_clone: int | None = None
    user_namespaces: int | None = None
    mount_namespaces: int | None = None


def look() -> Circumstances:
    """The circumstances of this process, read from /proc; what cannot be read counts as absent."""
    return Circumstances(
        threads=sum(1 for _ in Path("/proc/self/task").iterdir()),
        seccomp=_status("Seccomp:"),
        profile=_profile(),
        apparmor_restricts=_setting("kernel/apparmor_restrict_unprivileged_userns"),
        unprivileged_clone=_setting("kernel/unprivileged_userns_clone"),
        user_namespaces=_setting("user/max_user_namespaces"),
        mount_namespaces=_setting("user/max_mnt_namespaces"),
    )


def explain(operation: str, number: int, seen: Circumstances) -> tuple[str, str]:
    """The cause of a refusal, and its remedy.

    Args:
        operation: what was refused: an `unshare(...)`, or a later step that uses what unshare gave.
        number: with which errno.
        seen: by the process that was refused.
    """
    if number == errno.EINVAL:
        return _invalid(operation, seen)
    if number in {errno.ENOSPC, errno.EUSERS}:
        return _exhausted(operation, seen)
    if number in {errno.EPERM, errno.EACCES}:
        return _forbidden(operation, seen)
    return (
        f"the kernel answered {errno.errorcode.get(number, number)} and nothing on this machine says why",
        "see unshare(2) and user_namespaces(7); run as root to need no user namespace",
    )


def _invalid(operation: str, seen: Circumstances) -> tuple[str, str]:
    if seen.threads > 1 and "NEWUSER" in operation:
        return (
            f"the process has {seen.threads} threads; a user namespace can be entered with one only (unshare(2))",
            (
                "enter before any thread starts (pytest-xdist and faulthandler_timeout start some), or start it with"
                " `unshare --user --map-root-user --mount`, or run as root"
            ),
        )
    return (
        "the kernel is built without user or mount namespaces (CONFIG_USER_NS, CONFIG_NAMESPACES)",
        "run as root, or on a kernel that has them",
    )


def _exhausted(operation: str, seen: Circumstances) -> tuple[str, str]:
    if "NEWUSER" in operation and seen.user_namespaces == 0:
        return ("user.max_user_namespaces is 0 on this machine", "sudo sysctl -w user.max_user_namespaces=15000")
    if seen.mount_namespaces == 0:
        return ("user.max_mnt_namespaces is 0 on this machine", "sudo sysctl -w user.max_mnt_namespaces=15000")
    return (
        "user.max_user_namespaces or user.max_mnt_namespaces is used up, or namespaces are nested deeper than 32",
        "sudo sysctl -w user.max_user_namespaces=15000 user.max_mnt_namespaces=15000, or start less nested",
    )


def _forbidden(operation: str, seen: Circumstances) -> tuple[str, str]:
    if not operation.startswith("unshare"):
        return _forbidden_later(seen)
    if seen.unprivileged_clone == 0:
        return (
            "kernel.unprivileged_userns_clone is 0: only root may make user namespaces (Debian's setting)",
            "sudo sysctl -w kernel.unprivileged_userns_clone=1, or run as root",
        )
    if seen.seccomp == _FILTERED:
        return (
            "a seccomp filter forbids it, as Docker's and Podman's default profile do",
            f"docker run --security-opt seccomp=unconfined {_UNCONFINED}; as root add --cap-add SYS_ADMIN",
        )
    return _forbidden_later(seen)


def _forbidden_later(seen: Circumstances) -> tuple[str, str]:
    """What also forbids the steps after an unshare(2) that was granted: AppArmor, before all."""
    # A container's profile comes first: Ubuntu's restriction is for processes that no profile confines. It moves them
    # into the profile `unprivileged_userns`, which is its sign and not another cause.
    if seen.profile not in {"", "unconfined"} and not seen.profile.startswith("unprivileged_userns"):
        return (
            f"the AppArmor profile {seen.profile!r} that confines this process forbids it",
            f"docker run {_UNCONFINED} --security-opt seccomp=unconfined, or docker run --privileged",
        )
    if seen.apparmor_restricts:
        return (
            "kernel.apparmor_restrict_unprivileged_userns is 1, Ubuntu's default: user namespaces give no rights",
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or run as root",
        )
    return (
        "this process may not, and no setting says why: a chroot, a security module, or as root a lack of CAP_SETFCAP",
        "run as root with all capabilities outside of any chroot; see user_namespaces(7) and the kernel's log",
    )


def _status(key: str) -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith(key):
            return int(line.split()[1])
    return 0


def _setting(name: str) -> int | None:
    with suppress(OSError, ValueError):
        return int(Path("/proc/sys", name).read_text(encoding="ascii"))
    return None


def _profile() -> str:
    # `docker-default (enforce)`, or `unconfined`. EINVAL where another security module owns the file.
    with suppress(OSError):
        return (
            Path("/proc/self/attr/current").read_text(encoding="utf-8", errors="replace").strip("\0\n").split(" (")[0]
        )
    return ""
