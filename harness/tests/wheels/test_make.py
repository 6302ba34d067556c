"""What `harness.wheels.make` promises of the wheels it makes and of their order."""

from __future__ import annotations

import base64
import csv
import hashlib
import io

from hypothesis import given
from hypothesis import strategies as st

from harness.model import Entry, Wheel
from harness.tests.wheels.drawn import wheels
from harness.wheels.make import directories, reordered, wheel


def _recorded(made: Wheel) -> list[list[str]]:
    (text,) = (entry.content for entry in made.entries if entry.path == f"{made.dist_info}/RECORD")
    return list(csv.reader(io.StringIO(text.decode(), newline="")))


def _content(made: Wheel, name: str) -> str:
    (content,) = (entry.content for entry in made.entries if entry.path == f"{made.dist_info}/{name}")
    return content.decode()


@given(wheels())
def test_every_row_of_a_made_record_is_true(made: Wheel) -> None:
    true = []
    for entry in made.entries[:-1]:
        digest = base64.urlsafe_b64encode(hashlib.sha256(entry.content).digest()).decode().rstrip("=")
        true.append([entry.path, f"sha256={digest}", str(len(entry.content))])
    *rows, own = _recorded(made)
    assert sorted(rows) == sorted(true)
    assert own == [f"{made.dist_info}/RECORD", "", ""]


def test_metadata_wheel_entry_points_and_record_come_after_the_files() -> None:
    made = wheel("nvidia-a", files={"nvidia/a.py": b"a", "nvidia/__init__.py": b""}, entry_points="[x]\n")
    assert [entry.path for entry in made.entries] == [
        "nvidia/a.py",
        "nvidia/__init__.py",
        "nvidia_a-1.0.dist-info/METADATA",
        "nvidia_a-1.0.dist-info/WHEEL",
        "nvidia_a-1.0.dist-info/entry_points.txt",
        "nvidia_a-1.0.dist-info/RECORD",
    ]


def test_files_may_be_given_as_contents_entries_or_paths() -> None:
    as_mapping = wheel("a", files={"x": b"", "y": Entry("ignored", b"1", 0o755)})
    as_series = wheel("a", files=["x", Entry("y", b"1", 0o755)])
    assert as_mapping == as_series


def test_metadata_and_wheel_say_what_was_asked() -> None:
    made = wheel("a", "2.1", requires=("b>1", "c"), root_is_purelib=False, tag="1-py2.py3-none-any")
    assert "Name: a\nVersion: 2.1\nRequires-Dist: b>1\nRequires-Dist: c\n" in _content(made, "METADATA")
    said = _content(made, "WHEEL")
    assert "Root-Is-Purelib: false\nTag: py2-none-any\nTag: py3-none-any\n" in said
    assert made.filename == "a-2.1-1-py2.py3-none-any.whl"


def test_a_false_record_is_false_in_the_first_file_only() -> None:
    files = {"first": b"1", "second": b"2"}
    true = _recorded(wheel("a", files=files))
    assert _recorded(wheel("a", files=files, record="missing-row")) == [row for row in true if row[0] != "first"]
    wrong = _recorded(wheel("a", files=files, record="wrong-hash"))
    assert [row[0] for row in wrong if row not in true] == ["first"]
    assert len(wrong) == len(true)


def test_without_a_record_there_is_no_record() -> None:
    assert [entry.path for entry in wheel("a", record="absent").entries] == [
        "a-1.0.dist-info/METADATA",
        "a-1.0.dist-info/WHEEL",
    ]


@given(st.data())
def test_any_order_of_directories_and_files_is_followed(data: st.DataObject) -> None:
    made = data.draw(wheels())
    order = data.draw(st.permutations([*directories(made), *(entry.path for entry in made.entries)]))
    again = reordered(made, order)
    assert [entry.path for entry in again.entries] == order
    assert {entry for entry in again.entries if entry.kind == "file"} == set(made.entries)
    assert {entry.path for entry in again.entries if entry.kind == "directory"} == set(directories(made))


@given(st.data())
def test_an_order_of_some_paths_leaves_the_others_in_their_own(data: st.DataObject) -> None:
    made = data.draw(wheels())
    paths = [entry.path for entry in made.entries]
    named = data.draw(st.lists(st.sampled_from([*paths, "of/another/wheel"]), unique=True))
    mine = [path for path in named if path in paths]
    again = [entry.path for entry in reordered(made, named).entries]
    assert again == mine + [path for path in paths if path not in mine]


def test_record_bytes_do_not_depend_on_the_order_of_files() -> None:
    one = wheel("a", files={"x": b"1", "y": b"2"})
    other = wheel("a", files={"y": b"2", "x": b"1"})
    assert one.entries[-1] == other.entries[-1]


def test_reordering_keeps_every_entry_of_a_path_given_twice() -> None:
    made = Wheel(name="a", version="1", entries=(Entry("x", b"1"), Entry("y"), Entry("x", b"2")))
    assert reordered(made, ["y", "x"]).entries == (Entry("y"), Entry("x", b"1"), Entry("x", b"2"))


@given(wheels())
def test_directories_come_after_their_parents_and_are_all_there(made: Wheel) -> None:
    found = directories(made)
    assert len(set(found)) == len(found)
    for place, directory in enumerate(found):
        parent = directory.rpartition("/")[0]
        assert not parent or parent in found[:place]
    assert {entry.path.rpartition("/")[0] for entry in made.entries} - {""} <= set(found)


def test_a_listed_empty_directory_is_one_of_the_directories() -> None:
    made = wheel("a", files=[Entry("empty/below", mode=0o755, kind="directory")])
    assert directories(made)[:2] == ("empty", "empty/below")
