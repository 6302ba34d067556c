"""What a process does to itself before it runs somebody else's program: whom it ends with, and what it can reach."""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from harness.errors import HarnessError
from harness.kernel import mountinfo, namespaces, syscalls

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.kernel.children import Command

_PR_SET_PDEATHSIG: Final = 1
_PR_CAPBSET_DROP: Final = 24
# What could undo the protection (capabilities(7)): remounting, our own root by way of /proc, and devices made anew.
_CAP_SYS_PTRACE: Final = 19
_CAP_SYS_ADMIN: Final = 21
_CAP_MKNOD: Final = 27
_KILLED: Final = 128  # the exit status of what a signal ended, as a shell says it: 128 + its number
_STANDARD: Final = 3  # descriptors: what a program reads, prints and complains to
_ALL: Final = 1 << 30  # more than any process can have
# The first process of a process namespace: all others in it end with it. It waits until its input ends. A shell, as
# forking ourselves once more takes longer than starting one; and not the program itself, which as the first would be
# spared by signals that end it anywhere else (pid_namespaces(7)).
_FIRST: Final = ("/bin/sh", "-c", "read -r _")

_prctl = ctypes.CDLL(None, use_errno=True)["prctl"]
_prctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong)


def alone(
    command: Command, writable: str | None, *, lifeline: tuple[int, int], network: bool, read_only: bool
) -> Callable[[], None]:
    """What a child does between fork(2) and execve(2); see `harness.kernel.children.run`.

    Args:
        command: what it is to run.
        writable: as for `run`.
        lifeline: the two ends of a pipe, the second of which nobody holds as long as we do. Where the child has no
            namespaces to run the program in, the error that says so is written to it.
        network: as for `run`.
        read_only: as for `run`.
    """
    protected = () if writable is None else _protected(writable)
    # Without any network, too: what an installer needs has to be on the site.
    own = syscalls.CLONE_NEWPID | (0 if network else syscalls.CLONE_NEWNET)
    parent = os.getpid()
    # Ours: we have nothing to do until the child has ended.
    processors = {syscalls.current_processor()} if command.pinned else None

    def prepare() -> None:
        _end_with(parent)
        if processors is not None:
            os.sched_setaffinity(0, processors)
        if writable is None:
            return
        try:
            if protected is None:
                _enter_machine(writable, own)
            else:
                _enter_laboratory(protected, own)
            if read_only:
                syscalls.mount_setattr(
                    syscalls.AT_FDCWD, writable, flags=syscalls.AT_RECURSIVE, add=syscalls.MOUNT_ATTR_RDONLY
                )
        except (HarnessError, OSError) as refused:
            os.write(lifeline[1], pickle.dumps(refused))
            raise
        for capability in (_CAP_SYS_PTRACE, _CAP_SYS_ADMIN, _CAP_MKNOD):
            # Of the bounding set: the program that is started now does not get it, nor does any that it starts.
            _prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
        _attend(command, lifeline)

    return prepare


def _end_with(parent: int) -> None:
    """The calling process ends when its parent does, also if it has done so before this."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def _enter_laboratory(protected: tuple[str, ...], own: int) -> None:
    syscalls.unshare(syscalls.CLONE_NEWNS | own)
    for path in protected:
        syscalls.mount_setattr(syscalls.AT_FDCWD, path, add=syscalls.MOUNT_ATTR_RDONLY)


def _enter_machine(writable: str, own: int) -> None:
    """Outside of a laboratory nothing is mounted there, and there may be no right to mount."""
    namespaces.enter()
    syscalls.unshare(own)
    kept = syscalls.open_tree(writable, recursive=True)
    syscalls.mount_setattr(syscalls.AT_FDCWD, "/", flags=syscalls.AT_RECURSIVE, add=syscalls.MOUNT_ATTR_RDONLY)
    syscalls.move_mount(kept, writable)
    os.close(kept)
    # It was there before the mount that covers it now.
    os.chdir(os.getcwd())


def _attend(command: Command, lifeline: tuple[int, int]) -> None:
    """Start the program in the new process namespace, wait for it, end all others there, and end as it did.

    Comes back only where the program cannot be started: what Popen does next is refused as well, and it tells us why.

    The namespace ends when nobody has the second end of the lifeline any more: this process does not, so it is only we
    who keep it alive. What waits for its first process waits for all that lived in it (pid_namespaces(7)).
    """
    reading, writing = lifeline
    os.close(writing)
    syscalls.close_on_exec(_STANDARD)
    only_input = [(os.POSIX_SPAWN_DUP2, reading, 0), (os.POSIX_SPAWN_CLOSE, 1), (os.POSIX_SPAWN_CLOSE, 2)]
    first = os.posix_spawn(_FIRST[0], _FIRST, {}, file_actions=only_input)
    try:
        program = os.posix_spawn(command.arguments[0], command.arguments, command.environment, setsid=True)
    except OSError:
        _end(first)
        return
    # Popen waits for one of them to be closed, and we for the end of what is printed.
    os.closerange(0, _ALL)
    status = os.waitstatus_to_exitcode(os.waitpid(program, 0)[1])
    _end(first)
    os._exit(status if status >= 0 else _KILLED - status)


def _end(first: int) -> None:
    os.kill(first, signal.SIGKILL)
    os.waitpid(first, 0)


@lru_cache(maxsize=8)
def _protected(writable: str) -> tuple[str, ...] | None:
    """Every mount point that does not lie in a directory: once for each, as those of the machine do not change.

    None where the directory itself is no mount that may be changed: then it does not belong to a laboratory.
    """
    found = dict.fromkeys(entry.at for entry in mountinfo.read())
    if writable not in found or not _is_mount_point(writable):
        return None
    return tuple(path for path in found if not f"{path}/".startswith(f"{writable}/") and _is_mount_point(path))


def _is_mount_point(path: str) -> bool:
    """Not covered by a later mount on one of its parents, and within our reach."""
    try:
        syscalls.mount_setattr(syscalls.AT_FDCWD, path)
    except OSError:
        return False
    return True
