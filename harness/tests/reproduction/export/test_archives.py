"""Wheels as a program: the archives that it makes are those of the harness, byte for byte."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness import reports
from harness.model import Entry
from harness.reproduction.export import archives
from harness.wheels import reordered, wheel
from harness.wheels.archive import write
from harness.wheels.bad import BAD

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model import Case

REPORTED = [name for name in reports.names() if reports.load(name).wheels]


def check(case: Case, directory: Path) -> str:
    text = archives.program(case)
    command = [sys.executable, "-IW", "ignore", "-", str(directory)]
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for one in case.wheels:
        assert (directory / one.filename).read_bytes() == write(reordered(one, case.plan.creation)), one.key
    return text


@pytest.mark.parametrize("name", REPORTED)
def test_the_wheels_of_a_report_are_made_again(tmp_path: Path, name: str) -> None:
    report = reports.load(name)
    check(reports.case(report, "reference"), tmp_path)


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_bad_wheel_is_made_again_as_bad_as_it_was(tmp_path: Path, case: Case, name: str) -> None:
    check(replace(case, wheels=(BAD[name](),)), tmp_path)


@pytest.mark.parametrize(
    "entry",
    [
        Entry("quoted/'''EOF\n\"\"\".py", b"'''\nEOF\n\"\"\"\\"),
        Entry('comma,and "quote".txt', b"x"),
        Entry("bytes.bin", bytes(range(256))),
        Entry("caf\u00e9/\u202e.txt", "\u2028\U0001f600".encode()),
        Entry("long.txt", b"a" * 30_000 + b"\n" + b"b" * 30_000),
        Entry("script", b"#!python\n", mode=0o4755),
        Entry("empty-directory", mode=0o2775, kind="directory"),
        Entry("link", b"../outside", mode=0o777, kind="symlink"),
    ],
    ids=lambda entry: entry.path.encode("unicode_escape").decode(),
)
def test_whatever_an_entry_holds_cannot_end_its_line(tmp_path: Path, case: Case, entry: Entry) -> None:
    text = check(replace(case, wheels=(wheel("six", files=[entry]),)), tmp_path)
    assert text.isascii()
    assert max(map(len, text.splitlines())) < 1_000


def test_long_wheels_are_packed(case: Case, tmp_path: Path) -> None:
    many = wheel("many", files=[f"package/module{number}.py" for number in range(1_000)])
    assert len(check(replace(case, wheels=(many,)), tmp_path).splitlines()) < 150
