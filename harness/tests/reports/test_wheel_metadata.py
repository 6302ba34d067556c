"""Tests of what a report says of a wheel's RECORD beyond the truth, and of the spelling of its .dist-info."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness import reports
from harness.errors import FileInvalid
from harness.wheels.dist_info import content, record
from harness.wheels.faults import faults

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model import Wheel

_REPORT = """
id = "uv#1"
url = "https://example.org/1"
title = "t"
why = "w"
installer = "uv"
status = "open"
affected = ">=0.1.0"
red = ["0.1.0"]
layout = "plain"
step = [{action = "install", wheels = ["cmake-1.0"]}]
sign = [{contract = "complete"}]

[[wheel]]
name = "cmake"
files = ["cmake/__init__.py"]
"""


def _wheel(tmp_path: Path, text: str) -> Wheel:
    path = tmp_path / "report.toml"
    path.write_text(_REPORT + text)
    return reports.case(reports.load(path), "uv==0.1.0").wheels[0]


def test_record_of_a_report_gains_loses_and_changes_rows(tmp_path: Path) -> None:
    wheel = _wheel(
        tmp_path,
        """
        record = [
            {change = "add", path = "cmake/"},
            {change = "add", path = "../../victim.txt", hash = "sha256=x", size = "7"},
            {change = "drop", path = "cmake-1.0.dist-info/WHEEL"},
            {change = "replace", path = "cmake/__init__.py", hash = "sha256="},
        ]
        """,
    )
    rows = {row.path: (row.hash, row.size) for row in record(wheel)}
    assert rows["cmake/"] == ("", None)
    assert rows["../../victim.txt"] == ("sha256=x", 7)
    assert rows["cmake/__init__.py"] == ("sha256=", None)
    assert "cmake-1.0.dist-info/WHEEL" not in rows


def test_dist_info_of_a_report_is_spelled_as_it_says(tmp_path: Path) -> None:
    wheel = _wheel(tmp_path, 'dist_info = "CMake-1.0.dist-info"')
    assert wheel.dist_info == "CMake-1.0.dist-info"
    assert content(wheel, "METADATA") is not None
    assert faults(wheel) == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('record = [{change = "drop", path = "cmake/__int__.py"}]', "did you mean 'cmake/__init__.py'?"),
        ('record = [{change = "drop", path = "cmake/__init__.py", size = "1"}]', "neither hash nor size"),
        ('record = [{change = "remove", path = "x"}]', "record[0].change: unknown 'remove'"),
        ('dist_info = "a/b.dist-info"', "is not the name of a .dist-info"),
        ('[[wheel]]\nbad = "wrong-hash"\ndist_info = "x-1.dist-info"', "wheel[1].dist_info: of a wheel with `name`"),
    ],
)
def test_change_that_cannot_be_made_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(FileInvalid) as refused:
        _wheel(tmp_path, text)
    assert problem in str(refused.value)
