"""What others read from the archives that `harness.wheels.archive` writes."""

from __future__ import annotations

import io
import stat
import subprocess
import sys
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model import Entry, Wheel
from harness.tests.wheels.drawn import wheels
from harness.wheels import archive, bad
from harness.wheels.make import directories, reordered, wheel

if TYPE_CHECKING:
    from pathlib import Path


def _opened(made: Wheel) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(archive.write(made)))


@given(st.data())
def test_zipfile_reads_back_every_entry_in_order(data: st.DataObject) -> None:
    made = data.draw(wheels())
    order = data.draw(st.permutations([*directories(made), *(entry.path for entry in made.entries)]))
    made = reordered(made, order)
    with _opened(made) as opened:
        assert opened.testzip() is None
        found = [(info.filename, opened.read(info), info.external_attr >> 16) for info in opened.infolist()]
    assert found == [
        (entry.path + "/", b"", stat.S_IFDIR | entry.mode)
        if entry.kind == "directory"
        else (entry.path, entry.content, stat.S_IFREG | entry.mode)
        for entry in made.entries
    ]


def test_the_same_wheel_gives_the_same_bytes_again() -> None:
    made = wheel("a", files={"a/x.py": b"x"})
    first = archive.write(made)
    archive.write.cache_clear()
    assert archive.write(made) == first


def test_the_zipfile_command_finds_no_fault_in_an_archive(tmp_path: Path) -> None:
    made = wheel("a", files={"a/x.py": b"x", "a/\u00e9.txt": b"accent"}, order=["a", "a-1.0.dist-info"])
    (tmp_path / made.filename).write_bytes(archive.write(made))
    command = [sys.executable, "-m", "zipfile", "-t", str(tmp_path / made.filename)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "Done testing\n", "")


def test_a_duplicate_entry_is_in_the_archive_twice() -> None:
    with _opened(bad.duplicate_entry()) as opened:
        twice = [opened.read(info) for info in opened.infolist() if info.filename == "exdev_bad/twice.py"]
    assert twice == [b"first = 1\n", b"second = 2\n"]


def test_a_symlink_entry_has_the_type_of_a_link_and_its_target() -> None:
    with _opened(bad.symlink_alone()) as opened:
        info = opened.getinfo("exdev_bad/link.py")
        assert stat.S_ISLNK(info.external_attr >> 16)
        assert opened.read(info) == b"__init__.py"


def test_only_names_beyond_ascii_are_flagged_as_utf8() -> None:
    with _opened(wheel("a", files=["plain", "caf\u00e9"])) as opened:
        assert [bool(info.flag_bits & 0x800) for info in opened.infolist()[:2]] == [False, True]


def test_a_truncated_archive_cannot_be_opened_by_zipfile() -> None:
    with pytest.raises(zipfile.BadZipFile):
        _opened(bad.truncated())


def test_a_truncated_archive_holds_every_file_and_part_of_the_directory() -> None:
    whole = archive.write(replace(bad.truncated(), damage=""))
    cut = archive.write(bad.truncated())
    assert whole.startswith(cut)
    assert whole.index(b"PK\1\2") < len(cut) < whole.index(b"PK\5\6")


def test_an_entry_with_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        archive.write(Wheel(name="a", version="1", entries=(Entry("\udc80"),)))
