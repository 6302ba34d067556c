"""Running somebody else's program: its own session, environment and time limit, and a machine it cannot write to."""

from __future__ import annotations

import contextlib
import os
import pickle
import selectors
import signal
import subprocess
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.kernel import confinement, interrupts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Nothing an installer has to say is longer; a program that prints for ever must not fill our memory.
PRINTED_LIMIT: Final = 1 << 20
_CHUNK: Final = 1 << 16
_KILLED: Final = 128  # the exit status of what a signal ended, as a shell says it: 128 + its number


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One program to run.

    Attributes:
        arguments: the program's path, and what follows.
        environment: the whole of its environment variables: nothing is inherited.
        directory: where it runs.
        pinned: it and all that it starts share one processor: its threads take turns, where they would otherwise race.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    directory: str
    pinned: bool = False


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


def run(
    command: Command,
    *,
    seconds: float,
    writable: str | None,
    umask: int = 0o022,
    network: bool = False,
    read_only: bool = False,
) -> Ended:
    """Run a program to its end, or to the end of its time; whatever it started ends with it, and all of it with us.

    It runs in a mount namespace of its own in which everything but what lies below `writable` is read-only: an
    installer that takes the machine's Python for its environment is refused, and harms nobody. It has no
    network. In a process namespace of its own it can neither reach other processes nor leave any behind.

    Args:
        command: what to run.
        seconds: its time limit.
        writable: a directory, of the laboratory or of the machine; None for a program that gets no namespace: it may
            write wherever its user may, and takes no more than its process group along.
        umask: it starts with.
        network: it keeps the machine's.
        read_only: what lies below `writable` is read-only to it too: it can write nowhere.

    Raises:
        NamespaceRefused: the machine allows no private namespaces, and we are in no laboratory.
        OSError, subprocess.SubprocessError: the program cannot be started, or the machine not be protected from it.
    """
    started = time.perf_counter()
    with ExitStack() as stack:
        with interrupts.held():
            child = stack.enter_context(_started(command, writable, umask, network=network, read_only=read_only))
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
def _started(
    command: Command, writable: str | None, umask: int, *, network: bool, read_only: bool
) -> Iterator[subprocess.Popen[bytes]]:
    """A child that is at work; on leaving, however that comes, all of it is ended and waited for."""
    with ExitStack() as stack:
        ends = (stack.enter_context(open(end, mode)) for end, mode in zip(os.pipe(), ("rb", "wb"), strict=True))
        reading, writing = ends
        lifeline = (reading.fileno(), writing.fileno())
        alone = confinement.alone(command, writable, lifeline=lifeline, network=network, read_only=read_only)
        try:
            child = subprocess.Popen(  # noqa: S603 - a program of the user's choice, without a shell
                command.arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=dict(command.environment),
                cwd=command.directory,
                start_new_session=True,
                umask=umask,
                # Safe: what it calls are system calls and nothing that waits for another thread of ours.
                preexec_fn=alone,  # noqa: PLW1509
            )
        except subprocess.SubprocessError:
            writing.close()
            if said := reading.read():
                raise pickle.loads(said) from None  # noqa: S301 - written by our own process, before it ran the program
            raise
        with child:
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
