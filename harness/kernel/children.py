"""Running somebody else's program: its own session, environment and time limit, and a machine it cannot write to."""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from harness.kernel import interrupts, mountinfo, syscalls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

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
_STANDARD: Final = 3  # descriptors: what a program reads, prints and complains to
_ALL: Final = 1 << 30  # more than any process can have
# The first process of a process namespace: all others in it end with it. It waits until its input ends. A shell, as
# forking ourselves once more takes longer than starting one; and not the program itself, which as the first would be
# spared by signals that end it anywhere else (pid_namespaces(7)).
_FIRST: Final = ("/bin/sh", "-c", "read -r _")

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
    """Run a program to its end, or to the end of its time; whatever it started ends with it, and all of it with us.

    It runs in a mount namespace of its own in which everything but what lies below `writable` is read-only: an
    installer that takes the machine's Python for its environment is refused, and harms nobody. It has no
    network. In a process namespace of its own it can neither reach other processes nor leave any behind.

    Args:
        command: what to run.
        seconds: its time limit.
        writable: a directory of the laboratory; None for a program that belongs outside it: it gets no namespace,
            may write wherever its user may, and takes no more than its process group along.
        umask: it starts with.

    Raises:
        OSError, subprocess.SubprocessError: the program cannot be started, or the machine not be protected from it.
    """
    started = time.perf_counter()
    with ExitStack() as stack:
        with interrupts.held():
            child = stack.enter_context(_started(command, writable, umask))
        printed, stopped = _listen(child, started + seconds)
    status = child.returncode
    return Ended(
        exit=status if status >= 0 else _KILLED - status,
        output=printed[0].decode(errors="replace"),
        errors=printed[1].decode(errors="replace"),
        seconds=time.perf_counter() - started,
        stopped=stopped,
    )


@contextmanager
def _started(command: Command, writable: str | None, umask: int) -> Iterator[subprocess.Popen[bytes]]:
    """A child that is at work; on leaving, however that comes, all of it is ended and waited for."""
    with ExitStack() as stack:
        reading, writing = (
            stack.enter_context(open(end, mode)) for end, mode in zip(os.pipe(), ("rb", "wb"), strict=True)
        )
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
            preexec_fn=_alone(command, writable, (reading.fileno(), writing.fileno())),  # noqa: PLW1509
        ) as child:
            try:
                yield child
            finally:
                # After Ctrl-C too: it is not in our group, and nobody else tells it.
                writing.close()
                if writable is None:
                    # Before it is waited for: its number, and with it the group's, cannot be another process' yet.
                    _kill(child)
                child.wait()


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


def _alone(command: Command, writable: str | None, lifeline: tuple[int, int]) -> Callable[[], None]:
    """What the child does before it becomes the program: it runs between fork(2) and execve(2)."""
    protected = () if writable is None else _protected(writable)
    parent = os.getpid()

    def prepare() -> None:
        _end_with(parent)
        if writable is None:
            return
        # Without any network, too: what an installer needs has to be on the site.
        syscalls.unshare(syscalls.CLONE_NEWNS | syscalls.CLONE_NEWNET | syscalls.CLONE_NEWPID)
        for path in protected:
            syscalls.mount_setattr(syscalls.AT_FDCWD, path, add=syscalls.MOUNT_ATTR_RDONLY)
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
