"""Each bad wheel has a fault of its own, each odd but legal one has none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from harness.model import Entry, Wheel
from harness.tests.wheels.drawn import wheels
from harness.wheels.bad import BAD, MUST_INSTALL, MUST_REFUSE, absolute_path
from harness.wheels.faults import faults
from harness.wheels.make import wheel

WORDS = {
    "path-traversal": "path leads out",
    "path-traversal-in-data": "path leads out",
    "path-traversal-in-script-name": "script name is a path",
    "twice-by-way-of-data": "two files for one place by way of .data",
    "dist-info-by-way-of-data": "into .dist-info by way of .data",
    "no-callable": "names no callable",
    "too-long-script-name": "script name of more than 255 bytes",
    "absolute-path": "absolute path",
    "duplicate-entry": "duplicate entry",
    "file-and-directory": "both file and directory",
    "file-and-listed-directory": "both file and directory",
    "wrong-hash": "wrong hash in RECORD",
    "missing-row": "not in RECORD",
    "missing-hash": "no acceptable hash in RECORD",
    "no-record": "no RECORD",
    "truncated": "truncated",
    "symlink": "symbolic link",
    "symlink-alone": "symbolic link",
    "too-long-name": "more than 255 bytes",
}


def test_every_bad_wheel_that_must_be_refused_says_its_fault_in_words() -> None:
    assert set(WORDS) == set(MUST_REFUSE)
    silent = [name for name, make in MUST_REFUSE.items() if not any(WORDS[name] in fault for fault in faults(make()))]
    assert silent == []


@pytest.mark.parametrize("name", MUST_INSTALL)
def test_an_odd_but_legal_wheel_has_no_fault(name: str) -> None:
    assert faults(MUST_INSTALL[name]()) == ()


@given(wheels())
def test_a_correct_wheel_has_no_fault_whatever_its_names(made: Wheel) -> None:
    assert faults(made) == ()


def test_no_bad_wheel_is_both_refused_and_installed() -> None:
    assert len(BAD) == len(MUST_REFUSE) + len(MUST_INSTALL)


def test_the_longest_legal_names_have_255_bytes() -> None:
    for name in ("longest-name", "longest-name-beyond-ascii"):
        longest = max((part for entry in BAD[name]().entries for part in entry.path.split("/")), key=len)
        assert len(longest.encode()) == 255


def test_an_absolute_path_may_be_one_that_the_caller_watches() -> None:
    assert absolute_path("/site/escaped").entries[1].path == "/site/escaped"


def test_files_outside_of_every_scheme_are_a_fault() -> None:
    made = wheel("a", files=["a-1.0.data/lib/x", "a-1.0.data/loose"])
    assert [fault.partition(":")[0] for fault in faults(made)] == ["no scheme to put it in"] * 2


def test_a_wheel_of_a_later_major_version_is_refused() -> None:
    made = wheel("a")
    later = tuple(
        replace(entry, content=entry.content.replace(b"Wheel-Version: 1.0", b"Wheel-Version: 2.0"))
        for entry in made.entries
    )
    assert "unknown Wheel-Version: 2.0" in faults(replace(made, entries=later))


@pytest.mark.parametrize("text", [b"\xff", b'"never closed', b"a,b,c,d\n", b"a,sha256=x,many\n", b"\n"])
def test_a_record_that_cannot_be_read_is_a_fault(text: bytes) -> None:
    made = wheel("a", record="absent")
    broken = replace(made, entries=(*made.entries, Entry("a-1.0.dist-info/RECORD", text)))
    assert any(fault.startswith("unreadable RECORD") for fault in faults(broken))


def test_purelib_and_platlib_meet_only_where_they_are_one_directory() -> None:
    made = wheel("a", files={"x.py": b"1", "a-1.0.data/platlib/x.py": b"2"})
    assert faults(made) == ()
    assert len(faults(made, platlib="purelib")) == 1


REFERENCES = ("m", "m:", ":f", "m:f g", "m g:f", "1m:f", "m:f.", "m..n:f", "m-n:f", "m:f()", "m:f [x] y", "m:f:g")


@pytest.mark.parametrize("reference", REFERENCES)
def test_what_cannot_name_a_callable_is_a_fault(reference: str) -> None:
    found = faults(wheel("a", entry_points=f"[console_scripts]\nrun = {reference}\n"))
    assert found == (f"script 'run' names no callable: {reference!r}",)


@pytest.mark.parametrize("reference", ["m:f", "m.n:f.g", "m : f", "m:f[x]", "m:f [x, y]", "_1:\u00e9"])
def test_a_callable_may_have_extras_and_spaces_around(reference: str) -> None:
    assert faults(wheel("a", entry_points=f"[gui_scripts]\nsome name = {reference}\n")) == ()


@pytest.mark.parametrize("text", ["no section = 1\n", "[console_scripts\n", "[console_scripts]\nrun = module\n"])
def test_entry_points_that_name_no_callable_are_a_fault(text: str) -> None:
    assert len(faults(wheel("a", entry_points=text))) == 1


def test_a_weak_hash_in_record_is_no_hash() -> None:
    made = wheel("a", files={"x": b"1"})
    *entries, own = made.entries
    weak = Entry(own.path, own.content.replace(b"sha256=", b"md5="))
    assert len(faults(replace(made, entries=(*entries, weak)))) == len(entries)
