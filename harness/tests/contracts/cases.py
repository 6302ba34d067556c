"""Cases that mutants and the reference core are run on: a few wheels, and steps in few words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.layouts import load
from harness.model import Case, Entry, Step
from harness.wheels import wheel

if TYPE_CHECKING:
    from harness.model import Action

A = wheel(
    "nvidia-a",
    files={
        "nvidia/__init__.py": b"# a, in a longer line\n",
        "nvidia/a/__init__.py": b"a = 1\n",
        "nvidia/a/data.txt": b"data of a\n",
        "nvidia/a/tool": Entry("", b"#!/bin/sh\n", 0o755),
        "nvidia/shared.txt": b"the same in both\n",
    },
)
B = wheel(
    "nvidia-b",
    files={
        "nvidia/__init__.py": b"# b\n",
        "nvidia/b/__init__.py": b"b = 1\n",
        "nvidia/b/data.txt": b"data of b\n",
        "nvidia/b/tool": Entry("", b"#!/bin/sh\n", 0o755),
        "nvidia/shared.txt": b"the same in both\n",
    },
)
B2 = wheel("nvidia-b", "2.0", {"nvidia/__init__.py": b"# b\n", "nvidia/b/__init__.py": b"b = 2\n"})
CUBLAS = wheel("nvidia-cublas", files={"nvidia/a.txt": b"a\n", "nvidia/cublas/lib.so": b"so\n"})
CUBLAS2 = wheel("nvidia-cublas", "2.0", {"nvidia/a.txt": b"aa\n", "nvidia/cublas/lib.so": b"so 2\n"})
_TOOLS = b"""\
import sys

def main():
    print("tools", *sys.argv[1:])

def other():
    print("other")
"""
TOOLS = wheel(
    "tools",
    files={
        "tools/__init__.py": _TOOLS,
        "tools-1.0.data/scripts/run": Entry("", b"#!python\nimport sys\nprint('run', *sys.argv[1:])\n", 0o755),
        "tools-1.0.data/data/share/tools.txt": b"shared\n",
        "tools-1.0.data/headers/tools.h": b"/* tools */\n",
        "tools-1.0.data/platlib/tools_native.so": b"native\n",
    },
    entry_points="[console_scripts]\ntools = tools:main\n",
)
LARGE = wheel("large", files={"large/__init__.py": b"large = True\n", "large/data.bin": b"x" * (1 << 17)})
BOTH = (A.key, B.key)


def step(action: Action, *wheels: str, image: bool = False, lifted: bool = False) -> Step:
    """A step in one line."""
    return Step(action=action, wheels=wheels, image=image, lifted=lifted)


def case(layout: str, *steps: Step, **fields: Any) -> Case:  # noqa: ANN401 - whatever fields a Case has
    """A case on a layout of the catalogue, of all the wheels above that its steps name."""
    named = {key for one in steps for key in one.wheels}
    wheels = tuple(one for one in (A, B, B2, CUBLAS, CUBLAS2, TOOLS, LARGE) if one.key in named)
    return Case(layout=load(layout), wheels=wheels, steps=steps, **fields)
