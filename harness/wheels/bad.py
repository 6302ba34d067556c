"""Wheels that are wrong on purpose, one for each way, and wheels that are odd but legal.

An installer that takes one of the wrong ones does harm: each escape is measured to end in the directory that holds the
environment, which is the site's and not the machine's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.model import Entry, Wheel
from harness.wheels.faults import NAME_MAX
from harness.wheels.make import wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NAME = "exdev-bad"
_UP = "../"
_MODULE = Entry("exdev_bad/__init__.py", b"good = True\n")


def path_traversal() -> Wheel:
    """A file that `..` leads out: of the package, of site-packages, pythonX.Y, lib and the environment."""
    return _with(Entry(f"exdev_bad/{_UP * 5}exdev_escaped.py", b"escaped = True\n"))


def path_traversal_in_data() -> Wheel:
    """The same below `.data/scripts`: whoever checks the archive's paths from its root sees nothing leave it."""
    return _with(Entry(f"exdev_bad-1.0.data/scripts/{_UP * 2}exdev_escaped", b"#!python\n"))


def path_traversal_in_script_name() -> Wheel:
    """A console script whose name is a path: no entry of the archive shows it."""
    return wheel(NAME, files=[_MODULE], entry_points="[console_scripts]\n../exdev_escaped = exdev_bad:good\n")


def twice_by_way_of_data() -> Wheel:
    """Two files that `.data` brings to one place: no path of the archive is there twice."""
    return _with(
        Entry("exdev_bad/twice.py", b"first = 1\n"),
        Entry("exdev_bad-1.0.data/purelib/exdev_bad/twice.py", b"second = 2\n"),
    )


def dist_info_by_way_of_data() -> Wheel:
    """A second RECORD, which `.data` brings to where the installer writes its own."""
    return _with(Entry("exdev_bad-1.0.data/purelib/exdev_bad-1.0.dist-info/RECORD", b"/dev/null,,\n"))


def no_callable() -> Wheel:
    """A console script for what cannot be the name of a callable: whoever pastes it into a script breaks the script."""
    return wheel(NAME, files=[_MODULE], entry_points="[console_scripts]\nexdev-bad = exdev_bad:good thing\n")


def too_long_script_name() -> Wheel:
    """A console script whose name has 256 bytes: no entry of the archive shows it."""
    name = "n" * (NAME_MAX + 1)
    return wheel(NAME, files=[_MODULE], entry_points=f"[console_scripts]\n{name} = exdev_bad:good\n")


def absolute_path(path: str = "/dev/null/exdev_escaped.py") -> Wheel:
    """A file with a path from the root, by default one at which no machine can have a file."""
    return _with(Entry(path, b"escaped = True\n"))


def duplicate_entry() -> Wheel:
    """The same path twice with different content; RECORD vouches for the second, whose row is the only one."""
    good = _with(Entry("exdev_bad/twice.py", b"second = 2\n"))
    return replace(good, entries=(Entry("exdev_bad/twice.py", b"first = 1\n"), *good.entries))


def file_and_directory() -> Wheel:
    """A path that is a file and has files below it."""
    return _with(Entry("exdev_bad/both", b"a file\n"), Entry("exdev_bad/both/below.py"))


def file_and_listed_directory() -> Wheel:
    """A path that the archive lists as a file and as an (empty) directory."""
    return _with(Entry("exdev_bad/both", b"a file\n"), Entry("exdev_bad/both", mode=0o755, kind="directory"))


def differing_by_case() -> Wheel:
    """Two files whose names differ by case only: legal where the file system tells them apart, as here."""
    return _with(Entry("exdev_bad/Case.txt", b"upper\n"), Entry("exdev_bad/case.txt", b"lower\n"))


def wrong_hash() -> Wheel:
    """RECORD has a wrong hash for one file."""
    return wheel(NAME, files=[_MODULE], record="wrong-hash")


def missing_row() -> Wheel:
    """RECORD does not list one of the files."""
    return wheel(NAME, files=[_MODULE], record="missing-row")


def missing_hash() -> Wheel:
    """RECORD lists a file without a hash, as only its own row may."""
    good = wheel(NAME, files=[_MODULE])
    *entries, record = good.entries
    rows = record.content.decode().splitlines(keepends=True)
    bare = [f"{_MODULE.path},,\n" if row.startswith(_MODULE.path) else row for row in rows]
    return replace(good, entries=(*entries, Entry(record.path, "".join(bare).encode())))


def no_record() -> Wheel:
    """There is no RECORD."""
    return wheel(NAME, files=[_MODULE], record="absent")


def truncated() -> Wheel:
    """The archive ends inside its central directory, as after a download that was cut off."""
    return replace(wheel(NAME, files=[_MODULE]), damage="truncated")


def symlink() -> Wheel:
    """A symbolic link that leads out of the environment, and a file written through it."""
    return _with(
        Entry("exdev_bad/link", _UP.encode() * 5, mode=0o777, kind="symlink"),
        Entry("exdev_bad/link/exdev_escaped.py", b"escaped = True\n"),
    )


def symlink_alone() -> Wheel:
    """A symbolic link to a neighbour: harmless, and not in the format either."""
    return _with(Entry("exdev_bad/link.py", b"__init__.py", mode=0o777, kind="symlink"))


def longest_name() -> Wheel:
    """A name of 255 bytes: legal, but nothing can be put before or after it, as temporary names like to."""
    return _with(Entry("exdev_bad/" + "n" * (NAME_MAX - 4) + ".txt", b"long\n"))


def longest_name_beyond_ascii() -> Wheel:
    """A name of 255 bytes that are 129 characters: who counts characters thinks there is room."""
    return _with(Entry("exdev_bad/n" + "\u00e9" * 125 + ".txt", b"long\n"))


def too_long_name() -> Wheel:
    """A name of 256 bytes."""
    return _with(Entry("exdev_bad/" + "n" * (NAME_MAX - 3) + ".txt", b"too long\n"))


def beyond_ascii() -> Wheel:
    """Names beyond ASCII, composed and decomposed: two different files, which nothing may normalise into one."""
    return _with(Entry("exdev_bad/caf\u00e9.txt", b"composed\n"), Entry("exdev_bad/cafe\u0301.txt", b"decomposed\n"))


def _with(*entries: Entry) -> Wheel:
    return wheel(NAME, files=[_MODULE, *entries])


MUST_REFUSE: Mapping[str, Callable[[], Wheel]] = {
    "path-traversal": path_traversal,
    "path-traversal-in-data": path_traversal_in_data,
    "path-traversal-in-script-name": path_traversal_in_script_name,
    "twice-by-way-of-data": twice_by_way_of_data,
    "dist-info-by-way-of-data": dist_info_by_way_of_data,
    "no-callable": no_callable,
    "too-long-script-name": too_long_script_name,
    "absolute-path": absolute_path,
    "duplicate-entry": duplicate_entry,
    "file-and-directory": file_and_directory,
    "file-and-listed-directory": file_and_listed_directory,
    "wrong-hash": wrong_hash,
    "missing-row": missing_row,
    "missing-hash": missing_hash,
    "no-record": no_record,
    "truncated": truncated,
    "symlink": symlink,
    "symlink-alone": symlink_alone,
    "too-long-name": too_long_name,
}

MUST_INSTALL: Mapping[str, Callable[[], Wheel]] = {
    "differing-by-case": differing_by_case,
    "longest-name": longest_name,
    "longest-name-beyond-ascii": longest_name_beyond_ascii,
    "beyond-ascii": beyond_ascii,
}

BAD: Mapping[str, Callable[[], Wheel]] = {**MUST_REFUSE, **MUST_INSTALL}
