"""Which case is asked for: every name that exdev prints is one that it takes, and a wrong one is told the right one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness import reports
from harness.data import fixtures
from harness.errors import FileInvalid
from harness.model import codec
from harness.reproduction import save
from harness.reproduction.asked import SAVED, asked
from harness.scenario.reporting import FAILURES, KNOWN_CASES

if TYPE_CHECKING:
    from harness.model import Case


@pytest.mark.parametrize("name", ["uv-1513", "uv-1513-small", "uv-nested-mount"])
def test_a_report_is_known_by_its_id_as_well(name: str) -> None:
    printed = asked(reports.load(name).id)
    assert printed.report == reports.load(name)
    assert printed.case == asked(name).case


@pytest.mark.parametrize("directory", [FAILURES, KNOWN_CASES])
def test_a_saved_case_is_known_by_its_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: Case, directory: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    file = save(case, directory)
    assert asked(file.stem).case == case
    Path(file.stem).write_bytes(file.read_bytes())
    file.unlink()
    assert asked(file.stem).case == case, "a file of that name is what it says"


def test_it_is_looked_for_where_scenarios_save_what_fails() -> None:
    assert SAVED == (FAILURES, KNOWN_CASES)


WHERE = f"Reports lie in {fixtures() / 'reports'}, saved cases in .exdev/failures"


def _refusal(name: str) -> str:
    with pytest.raises(FileInvalid) as caught:
        asked(name)
    return str(caught.value)


@pytest.mark.parametrize("mistyped", ["uv-1531", "uv#1531", "uv-1513.tom", "UV-1513", "1513", "./uv1513.toml"])
def test_a_wrong_name_is_told_the_nearest_and_where_all_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mistyped: str
) -> None:
    monkeypatch.chdir(tmp_path)
    refusal = _refusal(mistyped)
    assert refusal.startswith(f"{mistyped} is not usable:\n  no such file or report; did you mean 'uv-1513'")
    assert refusal.endswith(f"? {WHERE}")


def test_a_name_like_no_other_is_told_the_nearest_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    refusal = _refusal("nosuch")
    assert "did you mean" not in refusal
    names = re.search(r"no such file or report; the nearest are (.*)\. Reports lie in ", refusal)
    assert names
    assert {one.strip("'") for one in names[1].split(", ")} <= {*reports.names()}


def test_a_saved_case_is_among_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    monkeypatch.chdir(tmp_path)
    file = save(case, FAILURES)
    mistyped = f"{file.stem[:10]}{'00' if file.stem[10:] != '00' else '11'}"
    assert f"did you mean '{file}'?" in _refusal(mistyped)
    assert f"did you mean '{file}'?" in _refusal(f".exdev/failures/{mistyped}.toml")
    elsewhere = Path("mine/first-case.toml")
    elsewhere.parent.mkdir()
    file.rename(elsewhere)
    assert f"did you mean '{elsewhere}'?" in _refusal("mine/frist-case.toml")


def test_a_digest_that_is_nowhere_is_told_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    looked = "no such file or report, no .exdev/failures/cc911873104a.toml, no .exdev/known/cc911873104a.toml"
    assert looked in _refusal("cc911873104a")


def test_a_report_of_ones_own_may_be_json_as_well(tmp_path: Path) -> None:
    report = reports.load("uv-1513-small")
    path = tmp_path / "mine.json"
    path.write_text(codec.dump_json(report))
    assert asked(str(path)).report == report


def test_a_report_without_signs_is_told_what_a_report_lacks(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(re.sub(r"\[\[sign\]\].*", "", codec.dump_toml(reports.load("uv-1513-small")), flags=re.DOTALL))
    refusal = _refusal(str(path))
    assert "sign: missing" in refusal
    assert "unknown" not in refusal


def test_what_is_there_and_cannot_be_read_is_not_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileInvalid, match="not a regular file"):
        asked(str(tmp_path))
    with pytest.raises(FileInvalid, match="cannot be read: ENAMETOOLONG"):
        asked("a" * 300)
