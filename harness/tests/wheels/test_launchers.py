"""Tests of what is read from the beginning of a script: by what it is run, and whether the kernel can do so."""

from __future__ import annotations

import pytest

from harness.reference.scripts import first_line
from harness.wheels.launchers import LONGEST_LINE, flaw, interpreter, launcher

REST = b"import sys\nprint(sys.argv)\n"
LONG = "/" + "d" * LONGEST_LINE


@pytest.mark.parametrize("python", ["/env/bin/python", "/an env/bin/python", "/it's/bin/python", LONG])
@pytest.mark.parametrize("arguments", ["", "-E"])
def test_what_the_reference_core_writes_is_read(python: str, arguments: str) -> None:
    lines = first_line(python, arguments)
    assert launcher(lines + REST) == lines
    assert interpreter(lines + REST) == python
    assert not flaw(lines + REST)


@pytest.mark.parametrize(
    ("script", "path"),
    [
        (b"#!/env/bin/python\n", "/env/bin/python"),
        (b"#! /env/bin/python  -E\n", "/env/bin/python"),
        (b"#!/an env/bin/python\n", "/an"),
        (b"#!/env/bin/python\r\n", "/env/bin/python"),
        (b"#!/bin/sh\necho\n", "/bin/sh"),
        (b"#!/bin/sh\n'''exec' /env/bin/python \"$0\" \"$@\"\n' '''\n", "/env/bin/python"),
        (b"#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python' \"$0\" \"$@\"\n' '''\n", ""),
        (b"#!/bin/sh\n'''exec' 'never closed\n' '''\n", ""),
        (b"#!\n", ""),
        (b"print()\n", ""),
        (b"", ""),
    ],
)
def test_an_interpreter_is_read_as_the_kernel_and_the_shell_read_it(script: bytes, path: str) -> None:
    assert interpreter(script) == path


def test_a_line_is_too_long_where_its_end_is_not_read() -> None:
    longest = b"#!/" + b"d" * (LONGEST_LINE - 3) + b"\n"
    assert not flaw(longest)
    assert "256 bytes" in flaw(longest.replace(b"d\n", b"dd\n"))
    assert flaw(b"print()\n")
