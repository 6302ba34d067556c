"""Running somebody else's program: its own session, environment and time limit, and a machine it cannot write to."""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from harness.kernel import mountinfo, syscalls

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Nothing an installer has to say is longer; a program that prints for ever must not fill our memory.
PRINTED_LIMIT: Final = 1 << 20
_PR_SET_PDEATHSIG: Final = 1
_PR_CAPBSET_DROP: Final = 24
# What could undo the protection (capabilities(7)): remounting, our own root by way of /proc, and devices made anew.
_CAP_SYS_PTRACE: Final = 19
_CAP_SYS_ADMIN: Final = 21
_CAP_MKNOD: Final = 27
_CHUNK: Final = 1 << 16
_KILLED: Final = 128  # the exit status of what a signal ended, as a shell says it: 128 + its number

_prctl = ctypes.CDLL(None, use_errno=True)["prctl"]
_prctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One program to run.

    Attributes:
        arguments: the program's path, and what follows.
        environment: the whole of its environment variables: nothing is inherited.
        directory: where it runs.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    directory: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What came of it.

    Attributes:
        exit: exit status; 128 + the signal's number where a signal ended it.
        output, errors: what it printed, undecodable bytes replaced; what goes beyond `PRINTED_LIMIT` bytes is dropped.
        seconds: wall-clock time.
        stopped: it was killed for the time it took.
    """

    exit: int
    output: str
    errors: str
    seconds: float
    stopped: bool = False


def run(command: Command, *, seconds: float, writable: str | None, umask: int = 0o022) -> Ended:
    """Run a program to its end, or to the end of its time; whatever it started in its process group ends with it.

    It runs in a mount namespace of its own in which everything but what lies below `writable` is read-only: an
    installer that takes the machine's Python for its environment is refused, and harms nobody. It has no
    network, and dies with us.

    Args:
        command: what to run.
        seconds: its time limit.
        writable: a directory of the laboratory; None for a program that belongs outside it: it gets no namespace, and
            may write wherever its user may.
        umask: it starts with.

    Raises:
        OSError, subprocess.SubprocessError: the program cannot be started, or the machine not be protected from it.
    """
    started = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - a program of the user's choice, without a shell
        command.arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        env=dict(command.environment),
        cwd=command.directory,
        start_new_session=True,
        umask=umask,
        # Safe: what it calls are system calls and nothing else, whatever lock a thread of ours may hold.
        preexec_fn=_alone(writable),  # noqa: PLW1509
    ) as child:
        try:
            printed, stopped = _listen(child, started + seconds)
        finally:
            # Before it is waited for: its number, and with it the group's, cannot have been given to another process.
            # After Ctrl-C too: it is not in our group, and nobody else tells it.
            _kill(child)
        status = child.wait()
    return Ended(
        exit=status if status >= 0 else _KILLED - status,
        output=printed[0].decode(errors="replace"),
        errors=printed[1].decode(errors="replace"),
        seconds=time.perf_counter() - started,
        stopped=stopped,
    )


def _listen(child: subprocess.Popen[bytes], deadline: float) -> tuple[tuple[bytes, bytes], bool]:
    """What a child prints until it has ended, and whether its time was up before."""
    printed = (bytearray(), bytearray())
    pidfd = os.pidfd_open(child.pid)
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(pidfd, selectors.EVENT_READ)
            for stream, kept in zip((child.stdout, child.stderr), printed, strict=True):
                if stream is not None:
                    selector.register(stream, selectors.EVENT_READ, kept)
            is_running = True
            while len(selector.get_map()) > is_running:
                left = deadline - time.perf_counter()
                ready = selector.select(max(0.0, left) if is_running else 0)
                for key, _ in ready:
                    if key.fd == pidfd:
                        is_running = False
                        selector.unregister(pidfd)
                    elif not _read(key.fd, key.data):
                        selector.unregister(key.fileobj)
                if not ready or left <= 0:
                    # Its time is up, whatever else it has to say; or it has ended, and what still holds its pipes is
                    # silent.
                    return (bytes(printed[0]), bytes(printed[1])), is_running
            if is_running and not selector.select(max(0.0, deadline - time.perf_counter())):
                return (bytes(printed[0]), bytes(printed[1])), True
    finally:
        os.close(pidfd)
    return (bytes(printed[0]), bytes(printed[1])), False


def _read(descriptor: int, kept: bytearray) -> bool:
    """Keep a chunk of what was printed; False at the end."""
    chunk = os.read(descriptor, _CHUNK)
    kept += chunk[: PRINTED_LIMIT - len(kept)]
    return bool(chunk)


def _kill(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


def _alone(writable: str | None) -> Callable[[], None]:
    """What the child does before it becomes the program: it runs between fork(2) and execve(2)."""
    protected = () if writable is None else _protected(writable)

    def prepare() -> None:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if writable is not None:
            # Without any network, too: what an installer needs has to be on the site.
            syscalls.unshare(syscalls.CLONE_NEWNS | syscalls.CLONE_NEWNET)
        for path in protected:
            syscalls.mount_setattr(syscalls.AT_FDCWD, path, add=syscalls.MOUNT_ATTR_RDONLY)
        if writable is not None:
            for capability in (_CAP_SYS_PTRACE, _CAP_SYS_ADMIN, _CAP_MKNOD):
                # Of the bounding set: the program that is started now does not get it, nor does any that it starts.
                _prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)

    return prepare


@lru_cache(maxsize=8)
def _protected(writable: str) -> tuple[str, ...]:
    """Every mount point that does not lie in a directory: once for each, as those of the machine do not change."""
    found = dict.fromkeys(entry.at for entry in mountinfo.read())
    return tuple(path for path in found if not f"{path}/".startswith(f"{writable}/") and _is_mount_point(path))


def _is_mount_point(path: str) -> bool:
    """Not covered by a later mount on one of its parents, and within our reach."""
    try:
        syscalls.mount_setattr(syscalls.AT_FDCWD, path)
    except OSError:
        return False
    return True
