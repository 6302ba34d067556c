"""Running a report: what a release that does not show it any more leads to is advice that can be followed."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import tomli_w

from harness import installers, reports
from harness.model import codec
from harness.run import Runner
from harness.scenario.reported import Told, fixed_report, show

if TYPE_CHECKING:
    from pathlib import Path

    from harness.installers import Installer
    from harness.kernel.laboratory import Laboratory

pytest_plugins = ("pytester",)
# Releases by name, programs that are always there: no release has to be provided for this test.
PROGRAMS = {"uv==0.1.2": "specimen:uv-0.1.2", "uv==0.13.9": "reference"}
OPEN = reports.load("uv-1513-small")
OPEN = replace(
    OPEN,
    status="open",
    affected=">=0.1.0",
    red=("0.1.2",),
    green=(),
    signs=(replace(OPEN.signs[0], message="", asked=False),),
)


def _find(name: str) -> Installer:
    return replace(installers.find(PROGRAMS[name]), name=name)  # type: ignore[type-var]


def _told(path: Path, release: str, laboratory: Laboratory, config: pytest.Config) -> str:
    """How running a report ends: what pytest says of a failure or an expected one; empty: it passes."""
    try:
        show(Told(report=str(path), release=release), Runner(laboratory, find=_find), config)
    except (pytest.fail.Exception, pytest.xfail.Exception) as ended:
        return str(ended)
    return ""


@pytest.fixture
def config(pytester: pytest.Pytester) -> pytest.Config:
    """Of a run about reports, away from this checkout's saved failures."""
    return pytester.parseconfig("-k", "reports")


def test_what_to_do_about_a_fixed_report_can_be_done(
    tmp_path: Path, laboratory: Laboratory, config: pytest.Config
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(codec.dump_toml(OPEN))
    assert _told(path, "0.1.2", laboratory, config).startswith("open: ")
    told = _told(path, "0.13.9", laboratory, config)
    assert told.startswith("uv#1513-small: fixed upstream? uv==0.13.9 does not show it. ")
    advice = re.findall(r"^    (\w+ = .*)$", told.partition("\nand its row")[0], re.MULTILINE)
    keys = {line.partition(" ")[0] for line in advice}
    kept = {key: value for key, value in tomllib.loads(path.read_text()).items() if key not in keys}
    path.write_text("\n".join(advice) + "\n" + tomli_w.dumps(kept))
    fixed = reports.load(path)
    assert fixed == replace(OPEN, status="fixed", affected=">=0.1.0,<0.13.9", green=("0.13.9",))
    assert [_told(path, release, laboratory, config) for release in ("0.1.2", "0.13.9")] == ["", ""]


def test_a_report_that_shows_in_part_is_not_called_fixed(
    tmp_path: Path, laboratory: Laboratory, config: pytest.Config
) -> None:
    path = tmp_path / "mine.toml"
    more = replace(OPEN.signs[0], contract="no-debris")
    path.write_text(codec.dump_toml(replace(OPEN, red=("0.1.1",), signs=(*OPEN.signs, more))))
    told = _told(path, "0.1.2", laboratory, config)
    assert "fixed upstream in part? uv==0.1.2 breaks complete as reported, and no-debris not any more" in told
    assert "status = " not in told


def test_a_release_before_one_that_has_it_is_an_exception() -> None:
    report = replace(OPEN, affected="", red=("0.13.9",))
    odd = fixed_report(report, "0.13.8")
    assert (odd.status, odd.affected, odd.green) == ("open", "!=0.13.8", ("0.13.8",))
    assert reports.affects(odd, "uv==0.13.9")
    assert not reports.affects(odd, "uv==0.13.8")
    assert fixed_report(report, "0.14").affected == "<0.14"
