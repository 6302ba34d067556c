"""Scripts, data and headers lie where the scheme says, on another filesystem than the libraries if need be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.model import Entry, Plan
from harness.scenario import Ask, Lab, fewer, install, must, reinstall, scenario, uninstall, upgrade
from harness.strategies import directory_orders
from harness.wheels import wheel

LAYOUTS = [
    "scripts-elsewhere",
    "data-elsewhere",
    "noexec-environment",
    "sticky-and-setgid",
    "symlinked-lib",
    "long-path-with-blanks",
]
MODULE = """\
import sys

version = "{version}"


def main():
    print("tool", version, *sys.argv[1:])
    return 3
"""
SCRIPT = b"#!python\nimport sys\nprint('tool-run', *sys.argv[1:])\n"


def tool(version: str) -> tuple[Entry, ...]:
    """Files for every scheme that there is."""
    data = f"tool-{version}.data"
    return (
        Entry("tool/__init__.py", MODULE.format(version=version).encode()),
        Entry(f"{data}/scripts/tool-run", SCRIPT, 0o755),
        Entry(f"{data}/scripts/tool-shell", b"#!/bin/sh\n", 0o755),
        Entry(f"{data}/data/share/tool/words.txt", b"words\n"),
        Entry(f"{data}/headers/tool.h", b"/* tool */\n"),
        Entry(f"{data}/platlib/tool/native.so", b"\x7fELF", 0o755),
        Entry(f"{data}/purelib/tool/more.py", b""),
    )


SCRIPTS = "[console_scripts]\ntool = tool:main\n"
OLD = wheel("tool", "1.0", tool("1.0"), entry_points=SCRIPTS)
NEW = wheel("tool", "2.0", tool("2.0"), entry_points=SCRIPTS + "tool2 = tool:main\n")


@scenario(layouts=LAYOUTS, data=True)
@fewer(4)
@given(order=directory_orders([OLD]))
def test_every_scheme_gets_its_files_in_any_order(lab: Lab, order: tuple[str, ...]) -> None:
    # libnvidia-container#9: a scripts directory that is a mount of its own.
    lab.run(must(install(OLD)), plan=Plan(creation=order))


@scenario(
    layouts=LAYOUTS,
    data=True,
    actions=["install", "upgrade", "reinstall", "uninstall"],
    link_modes=["hardlink", "copy"],
)
@fewer(4)
@given(steps=st.permutations([upgrade(NEW), reinstall(OLD), uninstall(OLD), install(OLD)]))
def test_every_scheme_is_cleared_of_old_files(lab: Lab, steps: list[Ask]) -> None:
    lab.run(must(install(OLD)), *steps, uninstall(OLD))
