"""The codec: what is written is read back, and what cannot be read is said whole."""

from __future__ import annotations

import json
import os
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import FileInvalid
from harness.model import (
    FORMAT,
    LINK_MODES,
    Case,
    Directory,
    Entry,
    Fact,
    File,
    Layout,
    Mount,
    Plan,
    Roles,
    Step,
    Symlink,
    Wheel,
)
from harness.model.codec import MAX_BYTES, decode, dump_json, dump_toml, encode, load

if TYPE_CHECKING:
    from pathlib import Path

_TEXTS = st.text(max_size=8)
_TEXT_TUPLES = st.lists(_TEXTS, max_size=3).map(tuple)
_NUMBERS = st.none() | st.lists(st.integers(0, 99), max_size=3).map(tuple)


def _tuples(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(values, max_size=3).map(tuple)


_LAYOUTS = st.builds(
    Layout,
    name=_TEXTS,
    about=_TEXTS,
    tags=_TEXT_TUPLES,
    mounts=_tuples(
        st.builds(
            Mount,
            at=_TEXTS,
            type=st.sampled_from(("tmpfs", "bind", "overlay")),
            source=st.none() | _TEXTS,
            file=st.booleans(),
            inodes=st.none() | st.integers(),
            flags=_tuples(st.sampled_from(("ro", "noexec"))),
        )
    ),
    symlinks=_tuples(st.builds(Symlink, at=_TEXTS, to=_TEXTS)),
    files=_tuples(st.builds(File, at=_TEXTS, content=st.binary(max_size=20), mode=_TEXTS)),
    directories=_tuples(st.builds(Directory, at=_TEXTS, mode=_TEXTS)),
    roles=st.builds(Roles, cache=_TEXTS),
    facts=_tuples(st.builds(Fact, do=st.sampled_from(("link", "write")), source=_TEXTS, to=st.none() | _TEXTS)),
)
_ENTRIES = st.builds(
    Entry,
    path=_TEXTS,
    content=st.binary(max_size=8) | _TEXTS.map(str.encode),
    mode=st.integers(0, 0o7777),
    kind=st.sampled_from(("file", "directory", "symlink")),
)
# Archives are written under these names: see `coherence`.
_NAMES = st.text(st.characters(exclude_characters="/\0", codec="utf-8"), max_size=8)
_WHEELS = st.builds(
    Wheel, name=_NAMES, version=_NAMES, entries=_tuples(_ENTRIES), damage=st.sampled_from(("", "truncated"))
)


@st.composite
def _cases(draw: st.DrawFn) -> Case:
    wheels = draw(st.lists(_WHEELS, min_size=1, max_size=3, unique_by=lambda wheel: wheel.filename).map(tuple))
    keys = st.sampled_from([wheel.key for wheel in wheels])
    steps = st.builds(Step, action=st.sampled_from(("warm", "install")), wheels=_tuples(keys), image=st.booleans())
    return Case(
        layout=draw(_LAYOUTS),
        wheels=wheels,
        steps=draw(_tuples(steps)),
        plan=draw(st.builds(Plan, creation=_TEXT_TUPLES, listing=_NUMBERS, schedule=_NUMBERS)),
        link_mode=draw(st.sampled_from(LINK_MODES)),
        strict=draw(st.booleans()),
    )


_DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("layout", "name", "wheel", "entries", "content", "base64", "mount", "roles", "format", "x")
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


def _problems(kind: type[object], data: object) -> list[str]:
    with pytest.raises(FileInvalid) as caught:
        decode(kind, data, file="mine.toml")
    return [str(problem) for problem in caught.value.problems]


def _unreadable(kind: type[object], path: Path) -> str:
    with pytest.raises(FileInvalid) as caught:
        load(kind, path)
    return str(caught.value)


@given(case=_cases())
def test_case_survives_toml_and_json(case: Case) -> None:
    assert decode(Case, tomllib.loads(dump_toml(case)), file="x") == case
    assert decode(Case, json.loads(dump_json(case)), file="x") == case


def _spoiled(data: object, junk: object, turns: list[int]) -> object:
    """Plain data with one part of it, found by taking these turns, replaced by junk."""
    if not turns or not data or not isinstance(data, dict | list):
        return junk
    keys = list(data) if isinstance(data, dict) else list(range(len(data)))
    key = keys[turns[0] % len(keys)]
    copy: Any = data.copy()
    copy[key] = _spoiled(copy[key], junk, turns[1:])
    return copy


@given(case=_cases(), junk=_DATA, turns=st.lists(st.integers(0, 9), max_size=5))
def test_spoiled_file_is_another_value_or_invalid(case: Case, junk: object, turns: list[int]) -> None:
    spoiled = _spoiled(encode(case), junk, turns)
    try:
        decoded = decode(Case, spoiled, file="x")
    except FileInvalid as refused:
        acceptable = bool(refused.problems)
    else:
        acceptable = decode(Case, encode(decoded), file="x") == decoded
    assert acceptable


def test_defaults_are_not_written_but_the_format_is() -> None:
    layout = Layout(name="plain", about="x")
    assert encode(layout) == {"name": "plain", "about": "x"}
    assert encode(Case(layout=layout, wheels=(), steps=()))["format"] == FORMAT


def test_readable_content_is_text_and_other_content_base64() -> None:
    assert encode(Entry("a", b"x = 1\n\ty\n"))["content"] == "x = 1\n\ty\n"
    assert encode(Entry("a", "\u00e9".encode()))["content"] == "\u00e9"
    for content in (b"\r\n", b"\x00", b"\xff", b"\x7f"):
        assert set(encode(Entry("a", content))["content"]) == {"base64"}


def test_every_problem_is_told_at_once_with_its_place() -> None:
    data = {"name": 3, "mount": [{"type": "overlayy", "att": "/", "lowers": True}, 3], "rolse": {}}
    assert _problems(Layout, data) == [
        "rolse: unknown key 'rolse'; did you mean 'roles'?",
        "name: expected a text, found 3",
        "about: missing",
        "mount[0].att: unknown key 'att'; did you mean 'at'?",
        "mount[0].at: missing",
        "mount[0].type: unknown 'overlayy'; did you mean 'overlay'?",
        "mount[0].lowers: expected a whole number, found True",
        "mount[1]: expected a table, found 3",
    ]


def test_wrong_value_without_a_like_one_lists_the_known() -> None:
    data = {"name": "x", "about": "y", "mount": [{"at": "/", "type": "zzz"}]}
    assert _problems(Layout, data) == ["mount[0].type: unknown 'zzz'; known: 'tmpfs', 'bind', 'overlay'"]


def test_newer_format_is_the_only_complaint() -> None:
    (problem,) = _problems(Case, {"format": FORMAT + 1, "nonsense": 1})
    assert (
        problem
        == f"format: this file has format {FORMAT + 1}, this version of exdev reads up to {FORMAT}: use a newer exdev"
    )


def test_step_of_an_unknown_wheel_is_a_problem() -> None:
    wheel = Wheel(name="a", version="1", entries=(Entry("a", b"", 0o644),))
    case = Case(layout=Layout(name="x", about="y"), wheels=(wheel,), steps=(Step(action="install", wheels=("b-1",)),))
    assert _problems(Case, encode(case)) == ["step[0].wheels[0]: 'b-1' is no wheel of this case; it has: a-1"]


def test_lifted_steps_survive_writing_and_others_do_not_mention_it() -> None:
    steps = (Step(action="install", wheels=()), Step(action="install", wheels=(), lifted=True))
    case = Case(layout=Layout(name="x", about="y"), wheels=(), steps=steps)
    assert [set(step) for step in encode(case)["step"]] == [{"action", "wheels"}, {"action", "wheels", "lifted"}]
    assert decode(Case, tomllib.loads(dump_toml(case)), file="case.toml") == case


@pytest.mark.parametrize("mode", [-1, 0o10000])
def test_entry_mode_out_of_range_is_a_problem(mode: int) -> None:
    data = {"name": "a", "version": "1", "entries": [{"path": "a", "mode": mode}]}
    (problem,) = _problems(Wheel, data)
    assert problem.startswith(f"entries[0].mode: {mode} is not a mode")


@pytest.mark.parametrize("content", [{"base64": "?"}, {"base64": 3}, {"base64": "\u00e9"}, {"base46": ""}, 3])
def test_content_that_is_neither_text_nor_base64_is_a_problem(content: object) -> None:
    (problem,) = _problems(Wheel, {"name": "a", "version": "1", "entries": [{"path": "a", "content": content}]})
    assert problem.startswith("entries[0].content")


def test_thousands_of_unknown_keys_are_counted_not_listed() -> None:
    problems = _problems(Layout, {"name": "x", "about": "y", **{f"key{number}": 1 for number in range(5000)}})
    assert problems[-1] == "4980 further unknown keys"


def test_syntax_error_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "x"\nabout = \n')
    said = _unreadable(Layout, path)
    assert str(path) in said
    assert "line 2" in said


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("deep.json", b"[" * 100_000, "nested too deeply"),
        ("deep.toml", b"a = " + b"[" * 100_000, "nested too deeply"),
        ("digits.toml", b"a = " + b"1" * 5000, "not TOML"),
        ("digits.json", b"1" * 5000, "not JSON"),
        ("latin.toml", b'name = "\xe9"', "not UTF-8"),
        ("half.json", b'{"name": "\\ud800", "about": ""}', "not Unicode text"),
        ("list.json", b"[]", "expected a table"),
    ],
)
def test_hostile_file_is_refused_as_invalid(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert said in _unreadable(Layout, path)


def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo.toml"
    os.mkfifo(fifo)
    assert "not a regular file" in _unreadable(Layout, fifo)
    assert "not a regular file" in _unreadable(Layout, tmp_path)
    assert "ENOENT" in _unreadable(Layout, tmp_path / "absent.toml")
    assert "null" in _unreadable(Layout, tmp_path / "a\0b.toml")


def test_file_larger_than_the_limit_is_not_parsed(tmp_path: Path) -> None:
    path = tmp_path / "large.toml"
    with path.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    assert "larger than" in _unreadable(Layout, path)
