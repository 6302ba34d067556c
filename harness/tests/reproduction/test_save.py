"""Saving: a case has one name, its file is whole whoever reads it, and comes back as the same case."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from harness.errors import FileInvalid, WheelUnavailable
from harness.reproduction import digest, load, save
from harness.strategies import SHARING, cases, wheel_sets
from harness.wheels import published

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model import Case


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=cases(wheels=wheel_sets(sharing=SHARING)))
def test_a_saved_case_comes_back_as_it_was(tmp_path: Path, case: Case) -> None:
    path = save(case, tmp_path)
    assert path.name == f"{digest(case)}.toml"
    assert load(path) == case


def test_the_file_of_a_case_with_published_wheels_is_small_and_comes_back_whole(tmp_path: Path, case: Case) -> None:
    try:
        wheels = tuple(map(published.read, published.fetch()))
    except WheelUnavailable as error:
        pytest.skip(str(error))
    real = replace(case, wheels=wheels, steps=())
    path = save(real, tmp_path)
    assert path.stat().st_size < 16 << 10
    assert load(path) == real


def test_a_reference_to_an_unknown_published_wheel_is_told_with_its_place(tmp_path: Path, case: Case) -> None:
    named = replace(case.wheels[0], entries=(), published="0" * 64)
    with pytest.raises(FileInvalid, match=r"wheel\[0\]\.published: no manifest of"):
        load(save(replace(case, wheels=(named, *case.wheels[1:])), tmp_path))


def test_different_cases_have_different_names(case: Case) -> None:
    assert digest(case) == digest(replace(case))
    assert digest(case) != digest(replace(case, link_mode="copy"))


def test_an_existing_file_is_never_written_again(tmp_path: Path, case: Case) -> None:
    path = save(case, tmp_path)
    before = path.stat()
    assert save(case, tmp_path) == path
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_many_writers_leave_one_whole_file(tmp_path: Path, case: Case) -> None:
    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(lambda _: save(case, tmp_path), range(64)))
    assert [*tmp_path.iterdir()] == [*paths]
    assert load(paths.pop()) == case


def test_a_link_in_its_place_is_not_followed(tmp_path: Path, case: Case) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("precious")
    directory = tmp_path / "failures"
    directory.mkdir()
    (directory / f".{digest(case)}.toml.{os.getpid()}").symlink_to(outside)
    save(case, directory)
    assert outside.read_text() == "precious"


@pytest.mark.parametrize("text", ["", "format = 99", "not toml", 'format = 1\nwheel = "all"'])
def test_a_file_that_is_no_case_is_told_so(tmp_path: Path, text: str) -> None:
    path = tmp_path / "case.toml"
    path.write_text(text)
    with pytest.raises(FileInvalid, match=r"case\.toml is not usable"):
        load(path)
