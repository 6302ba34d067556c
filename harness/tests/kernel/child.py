"""Call a test's function in a process of its own, as root or as a plain user: what it does there stays there."""

from __future__ import annotations

import codecs
import ctypes
import importlib
import os
import pickle
import struct
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from harness.kernel import laboratory, mountinfo, namespaces, syscalls

if TYPE_CHECKING:
    from collections.abc import Callable

_NOBODY = 65534
_PR_SET_DUMPABLE = 4


def call(function: Callable[..., Any], *arguments: object, user: str = "") -> Any:  # noqa: ANN401 - whatever it returns
    """The result of a module-level function called in a new process; what it raises is raised here.

    Args:
        function: importable by its module and name.
        arguments: picklable.
        user: `plain` to give root up first; otherwise the process stays who it is.
    """
    order = pickle.dumps((function.__module__, function.__name__, arguments, user))
    command = [sys.executable, "-c", f"from {__name__} import serve; serve()"]
    done = subprocess.run(command, input=order, stdout=subprocess.PIPE, check=True)
    result, raised = pickle.loads(done.stdout)  # noqa: S301 - written by `serve` below
    if raised is not None:
        raise raised
    return result


def serve() -> None:
    """The child's side of `call`."""
    module, name, arguments, user = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by `call` above
    function = getattr(importlib.import_module(module), name)
    forget_laboratory()
    if user == "plain":
        become_plain()
    answer: tuple[Any, BaseException | None]
    try:
        answer = function(*arguments), None
    except Exception as raised:  # noqa: BLE001 - carried to the parent, which raises it
        answer = None, raised
    sys.stdout.buffer.write(pickle.dumps(answer))


def forget_laboratory() -> None:
    """Be as on the host where the test session itself lives in a laboratory: a mount namespace without it."""
    for entry in mountinfo.read():
        if entry.source == laboratory.SOURCE:
            syscalls.unshare(syscalls.CLONE_NEWNS)
            syscalls.umount2(entry.at, syscalls.UMOUNT_NOFOLLOW | syscalls.MNT_DETACH)
            return


def become_plain() -> None:
    """Give up root for good; a process without capabilities is plain already.

    Everything needed has been imported by now: a plain user may not be able to read the interpreter's directory. A
    process that changes its user loses its `dumpable` mark, and with it /proc/self; an exec, as a plain user's process
    has behind it, would have set it again (PR_SET_DUMPABLE(2const)).
    """
    for encoding in ("ascii", "cp437"):  # loaded on first use, the second one by zipfile
        codecs.lookup(encoding)
    if namespaces.in_user_namespace():
        # There is no other user here. Without capabilities its root may do no more than whoever made the namespace.
        drop_capabilities()
    elif os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)


def drop_capabilities() -> None:
    """Give up every capability but CAP_SETFCAP; capset(2), version 3 of its structures.

    Root without that one may not map itself into a user namespace of its own (Linux 5.12, user_namespaces(7)); a plain
    user, whom this stands for, never needs it.
    """
    kept = 1 << 31
    header, capabilities = struct.pack("Ii", 0x20080522, 0), struct.pack("6I", kept, kept, 0, 0, 0, 0)
    if ctypes.CDLL(None).capset(header, capabilities) < 0:
        raise PermissionError
