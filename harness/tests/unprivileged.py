"""Become another program without the rights of root: `python -m harness.tests.unprivileged USER PROGRAM ARGUMENT...`.

USER is `plain`, or `hemmed-in`: on a machine that allows nobody but root to make user namespaces.

Changing the user instead would not do: only the one who runs the tests may be able to read the interpreter.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from pathlib import Path
from typing import Final

from harness.kernel import namespaces, syscalls

# linux/prctl.h, linux/securebits.h, linux/capability.h
_PR_SET_SECUREBITS: Final = 28
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_RAISE: Final = 2
_SECBIT_NOROOT: Final = 1
_CAP_SETFCAP: Final = 31
_VERSION_3: Final = 0x20080522


def give_up_rights() -> None:
    """Keep no capability but CAP_SETFCAP, also not by an exec as user 0 (capabilities(7), SECBIT_NOROOT).

    Root without that one may not map itself into a user namespace (Linux 5.12, user_namespaces(7)); a plain user,
    whom this process stands for, never needs it.

    Raises:
        PermissionError: the kernel refused.
    """
    system = ctypes.CDLL(None)
    kept = 1 << _CAP_SETFCAP
    header = struct.pack("Ii", _VERSION_3, 0)
    # Effective, permitted and inheritable: 32 bits of each, then the other 32 of each; capset(2).
    sets = struct.pack("6I", kept, kept, kept, 0, 0, 0)
    answers = (
        system.prctl(_PR_SET_SECUREBITS, _SECBIT_NOROOT, 0, 0, 0),
        system.capset(header, sets),
        system.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_SETFCAP, 0, 0),
    )
    if any(answers):
        raise PermissionError


def allow_no_user_namespaces() -> None:
    """The limit is one of each user namespace: set to nothing in a new one, it concerns only what is made below."""
    uid, gid = os.geteuid(), os.getegid()
    syscalls.unshare(syscalls.CLONE_NEWUSER)
    namespaces._become_root(uid, gid)
    Path("/proc/sys/user/max_user_namespaces").write_text("0", encoding="ascii")


if __name__ == "__main__":
    if sys.argv[1] == "hemmed-in":
        allow_no_user_namespaces()
    give_up_rights()
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - becoming the program is the point; no shell
