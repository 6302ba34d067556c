"""Tests of report files: those that are there are right, and those that are not are refused with every reason."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest
import tomli_w
from packaging.specifiers import SpecifierSet

from harness import installers, reports
from harness.data import fixtures
from harness.errors import FileInvalid, UnknownName

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DRAFT = """
id = "uv#1"
url = "https://example.org/1"
title = "t"
why = "w"
installer = "uv"
status = "fixed"
affected = "<0.1.3"
red = ["0.1.2"]
green = ["0.1.3"]
layout = "plain"

[[wheel]]
name = "six"
files = ["six.py"]

[[step]]
action = "install"
wheels = ["six-1.0"]

[[sign]]
contract = "complete"
"""


def _load(tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> object:
    data = tomllib.loads(DRAFT)
    change(data)
    path = tmp_path / "report.toml"
    path.write_text(tomli_w.dumps(data))
    return reports.load(path)


def _files(data: dict[str, Any], *paths: str) -> None:
    data["wheel"].append({"name": "x", "version": "2", "files": list(paths)})


def test_a_report_of_ones_own_is_read_from_its_path(tmp_path: Path) -> None:
    report = _load(tmp_path, dict)
    assert getattr(report, "id", "") == "uv#1"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda data: data.update(affected="all"), "affected: Invalid specifier"),
        (lambda data: data.update(red=["0.1.3"]), r"red\[0\]: 0.1.3 is red, and not in affected"),
        (lambda data: data.update(green=["0.1.2"]), r"green\[0\]: 0.1.2 is green, and in affected"),
        (lambda data: data.update(red=["new"]), r"red\[0\]: Invalid version"),
        (lambda data: data.update(red=[]), "red: empty: a report names a release"),
        (lambda data: data.pop("green"), "green: missing: a fixed report names a release"),
        (lambda data: data.update(layout="plane"), "layout: unknown 'plane'; did you mean 'plain'"),
        (lambda data: data.pop("layout"), "layout: says either"),
        (lambda data: data["sign"].append({"contract": "compete"}), "contract: unknown 'compete'"),
        (lambda data: data["sign"].append({"contract": "complete", "message": "("}), "not a regular expression"),
        (lambda data: data["sign"].append({"contract": "complete", "found": "["}), "found: not a regular expression"),
        (lambda data: data["wheel"].append({"name": "a", "skeleton": "b"}), "or `skeleton` or `bad`"),
        (lambda data: data["wheel"].append({"skeleton": "torch-9"}), "skeleton: unknown 'torch-9'"),
        (lambda data: data["step"].append({"action": "install", "wheels": ["seven-1"]}), "'seven-1' is no wheel"),
        (lambda data: data.update(colour="red"), "colour: unknown key"),
        (
            lambda data: data["step"][0].update(installer="pip==24.0"),
            r"step\[0\].installer: 'pip==24.0' is no release of 'uv'",
        ),
        (lambda data: _files(data, "x/a", "x/b", "x/a"), r"files\[2\]: 'x/a' is files\[0\] already; an archive that"),
        (lambda data: _files(data, "x/a", "x//a"), r"files\[1\]: 'x//a' is files\[0\] already"),
        (lambda data: _files(data, "x", "x/a"), r"files\[0\]: 'x' is a directory of other files"),
        (
            lambda data: _files(data, "x-2.dist-info/RECORD"),
            r"files\[0\]: 'x-2.dist-info/RECORD' is made for every wheel",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], complaint: str
) -> None:
    with pytest.raises(FileInvalid, match=complaint):
        _load(tmp_path, change)


_OWN = {"name": "mine", "about": "x"}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"own_layout": {"name": "mine"}}, "own_layout.about: missing"),
        ({"own_layout": {**_OWN, "mont": []}}, "own_layout.mont: unknown key 'mont'; did you mean 'mount'?"),
        ({"own_layout": "plain"}, "own_layout: expected a table, found 'plain'"),
        ({"own_layout": {**_OWN, "about": 3}}, "own_layout.about: expected a text, found 3"),
        (
            {"own_layout": {**_OWN, "mount": [{"at": "{cach}", "type": "tmpfs"}]}},
            "own_layout.mount[0].at: '{cach}': unknown 'cach'; did you mean 'cache'?",
        ),
        ({"layout": 3}, "layout: expected a text, found 3"),
        ({"layout": "plain", "own_layout": _OWN}, "layout: says either `layout` or `[own_layout]`"),
        ({"layout": "plain", "affected": 3}, "affected: expected a text, found 3"),
        ({"layout": "plain", "green": "0.1.3"}, "green: expected a list, found '0.1.3'"),
        ({"layout": "plain", "wheel": [{"skeleton": 3}]}, "wheel[0].skeleton: expected a text, found 3"),
    ],
)
def test_what_is_wrong_once_is_said_once(tmp_path: Path, change: dict[str, Any], complaint: str) -> None:
    def changed(data: dict[str, Any]) -> None:
        del data["layout"]
        data.update(change)

    with pytest.raises(FileInvalid) as caught:
        _load(tmp_path, changed)
    assert [str(problem) for problem in caught.value.problems] == [complaint]


def test_an_unknown_name_is_told_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'uv-1513'"):
        reports.load("uv-1531")


@pytest.mark.parametrize("name", reports.names())
def test_every_report_is_a_case_that_its_installer_can_be_given(name: str) -> None:
    report = reports.load(name)
    case = reports.case(report, "reference")
    assert name == report.id.replace("#", "-").replace(":", "-").rpartition("/")[2]
    assert {key for step in case.steps for key in step.wheels} <= {wheel.key for wheel in case.wheels}
    assert SpecifierSet(report.affected, prereleases=True)
    assert report.url.startswith("https://") or report.url == "scenarios/README.md"


def test_every_installer_that_can_be_put_to_the_test_can_be_reported() -> None:
    known = {reports.load(name).installer for name in reports.names()}
    assert known <= {*installers.names()}


def test_no_two_reports_have_one_id() -> None:
    ids = [reports.load(name).id for name in reports.names()]
    assert len(ids) == len(set(ids))


def test_nothing_but_reports_lies_among_them() -> None:
    assert {path.suffix for path in (fixtures() / "reports").iterdir()} <= {".toml", ".md"}
