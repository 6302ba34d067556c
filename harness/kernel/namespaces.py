"""Enter private namespaces: a mount namespace always, a user namespace where only that gives the right to mount."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.errors import NamespaceRefused
from harness.kernel import refusal, syscalls

_CAP_SYS_ADMIN: Final = 21
# PROC_USER_INIT_INO of include/linux/proc_ns.h: the inode of the machine's first user namespace is a constant.
_INITIAL_USER_NAMESPACE: Final = 0xEFFFFFFD


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What `enter` found or made.

    Attributes:
        user: this process lives in a user namespace, its own or one it was started in: it may mount, but has no right
            over anything of the machine's, and knows no other user than itself.
        uid: who this process is outside of that user namespace.
        gid: likewise, the group.
    """

    user: bool
    uid: int
    gid: int


def enter() -> Entered:
    """Move this process into a mount namespace of its own, all of it private: what is mounted here is seen only here.

    With CAP_SYS_ADMIN (root, and any child of a process that has entered) only the mount namespace changes. Anyone
    else gets a user namespace first, mapped to root in it so that the capabilities survive the exec of an xdist worker.
    A second call in the same process changes nothing.

    A user namespace can only be entered while the process has one thread. unshare(CLONE_NEWNS) is granted to a process
    with threads too, but takes only the *calling thread* along, and those it starts later: call this before any starts.

    Raises:
        NamespaceRefused: the machine does not allow it; says why and what to change.
    """
    return _entered(os.getpid())


@functools.cache
def _entered(pid: int) -> Entered:  # noqa: ARG001 - a forked child inherits the cache, not the pid
    uid, gid = os.geteuid(), os.getegid()
    privileged = may_mount()
    flags = syscalls.CLONE_NEWNS | (0 if privileged else syscalls.CLONE_NEWUSER)
    operation = "unshare(CLONE_NEWNS)" if privileged else "unshare(CLONE_NEWUSER|CLONE_NEWNS)"
    try:
        syscalls.unshare(flags)
        if not privileged:
            operation = "write /proc/self/uid_map"
            _become_root(uid, gid)
        operation = "mount(/, MS_REC|MS_PRIVATE)"
        syscalls.mount("none", "/", "none", syscalls.MS_REC | syscalls.MS_PRIVATE)
    except OSError as refused:
        number = refused.errno or 0
        cause, remedy = refusal.explain(operation, number, refusal.look())
        raise NamespaceRefused(operation=operation, errno=number, cause=cause, remedy=remedy) from refused
    return Entered(user=in_user_namespace(), uid=_outside("uid"), gid=_outside("gid"))


def may_mount() -> bool:
    """Whether CAP_SYS_ADMIN is among this process' effective capabilities; capabilities(7)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _CAP_SYS_ADMIN & 1)
    return False


def in_user_namespace() -> bool:
    """Whether this process lives in a user namespace other than the machine's first."""
    return Path("/proc/self/ns/user").stat().st_ino != _INITIAL_USER_NAMESPACE


def _become_root(uid: int, gid: int) -> None:
    # Without CAP_SETGID outside, gid_map may be written only once setgroups(2) is given up; user_namespaces(7).
    for name, content in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        Path(f"/proc/self/{name}").write_text(content, encoding="ascii")


def _outside(kind: str) -> int:
    """Who the effective user or group is one user namespace further out: column 2 of its map; user_namespaces(7)."""
    inside = os.geteuid() if kind == "uid" else os.getegid()
    for line in Path(f"/proc/self/{kind}_map").read_text(encoding="ascii").splitlines():
        first, outside, length = (int(field) for field in line.split())
        if first <= inside < first + length:
            return outside + inside - first
    return inside
