"""Stand for another host: a mount namespace without any laboratory, and a way into it from one that has one.

    python -m harness.tests.outside hold PROGRAM ARGUMENT...    run a program, and hold a namespace as outside of it
    python -m harness.tests.outside enter ARGUMENT...           be a Python that was started out there

The first makes the namespace and stays in it; what it runs finds its process id in the environment. pytest-xdist starts
the second as a worker of a controller that has entered its laboratory since then: no laboratory is inherited that way.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from contextlib import ExitStack

from harness.kernel import mountinfo, mounts, syscalls
from harness.kernel.laboratory import SOURCE, VARIABLE

HOLDER = "EXDEV_TEST_OUTSIDE"


def hold(program: list[str]) -> int:
    """Run a program from a new namespace, with an empty directory to work in; its exit status."""
    syscalls.unshare(syscalls.CLONE_NEWNS)
    syscalls.mount("none", "/", "none", syscalls.MS_REC | syscalls.MS_PRIVATE)
    labs = [entry.at for entry in mountinfo.read() if entry.source == SOURCE]
    for at in reversed(labs):
        syscalls.umount2(at, syscalls.MNT_DETACH)
    with ExitStack() as stack:
        stack.enter_context(mounts.tmpfs(labs[0], mode="755", source="outside", leave="detach"))
        os.chdir(labs[0])
        kept = {name: value for name, value in os.environ.items() if name not in {VARIABLE, "PYTEST_DEBUG_TEMPROOT"}}
        environment = {**kept, HOLDER: str(os.getpid()), "TMPDIR": labs[0]}
        try:
            return subprocess.run(program, env=environment, check=False).returncode
        finally:
            os.chdir("/")


def enter(arguments: list[str]) -> None:
    """Become a Python in the namespace that is held, in the same directory."""
    directory = os.getcwd()
    target = os.open(f"/proc/{os.environ[HOLDER]}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    if ctypes.CDLL(None, use_errno=True).setns(target, syscalls.CLONE_NEWNS):  # os.setns is new in Python 3.12
        raise OSError(ctypes.get_errno(), "setns")
    os.chdir(directory)
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - the point; no shell


if __name__ == "__main__":
    if sys.argv[1] == "hold":
        sys.exit(hold(sys.argv[2:]))
    enter(sys.argv[2:])
