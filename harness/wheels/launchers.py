"""What starts a script: its first line, or the lines by which `/bin/sh` and Python both read it; pure."""

from __future__ import annotations

import re
import shlex
from typing import Final

PLACEHOLDER: Final = b"#!python"
# The kernel reads 256 bytes of a script, and the end of the line has to be one of them (Linux 5.1, BINPRM_BUF_SIZE in
# linux/binfmts.h; before, 128).
LONGEST_LINE: Final = 255
_SHELLS: Final = frozenset({b"/bin/sh", b"/usr/bin/sh"})
# What a shell runs at once, and what Python takes for the text of a string (distlib's form, which pip, uv and
# pypa/installer write).
_EXEC: Final = re.compile(rb"'''exec' (?P<words>[^\n]+)\n' '''\n")


def launcher(script: bytes) -> bytes:
    """The bytes of a script that say what it is run with: its first line, or the form for `/bin/sh`; or none."""
    first, newline, rest = script.partition(b"\n")
    if not first.startswith(b"#!"):
        return b""
    line = first + newline
    shell = _EXEC.match(rest) if _interpreter(first) in _SHELLS else None
    return line + shell[0] if shell else line


def interpreter(script: bytes) -> str:
    """The path of the interpreter that a script names; empty where it names none, or one that only a run can tell.

    Blanks end a path in a first line (execve(2)); the form for `/bin/sh` quotes them.
    """
    lines = launcher(script)
    first = lines.partition(b"\n")[0]
    shell = _EXEC.search(lines)
    if shell is None:
        return _interpreter(first).decode(errors="surrogateescape")
    try:
        words = shlex.split(shell["words"].decode(errors="surrogateescape"))
    except ValueError:
        return ""
    # uv's relocatable form asks the shell where the script lies.
    return words[0] if words and "$" not in words[0] else ""


def flaw(script: bytes) -> str:
    """Why the kernel cannot start a script, from reading it; empty: it can, if the interpreter is there."""
    first = launcher(script).partition(b"\n")[0]
    if not first:
        return "a first line that names no interpreter"
    if len(first) > LONGEST_LINE:
        return f"a first line of {len(first)} bytes, of which the kernel reads {LONGEST_LINE}"
    return ""


def _interpreter(first: bytes) -> bytes:
    words = first.removeprefix(b"#!").split(None, 1)
    return words[0] if words else b""
