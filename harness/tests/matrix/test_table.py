"""The matrix: results merged into cells, reasons told once, nothing that failed or did not run looking like a pass."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness import layouts
from harness.matrix import DRAWN, Cell, Result, merge, table
from harness.model import LINK_MODES

if TYPE_CHECKING:
    from harness.matrix.cells import State


def _result(state: State, *why: str, layout: str = "plain", mode: str = "copy", installer: str = "reference") -> Result:
    return Result(scenario="s", layout=layout, link_mode=mode, installer=installer, state=state, why=why)


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        (("pass", "not run"), "pass"),
        (("pass", "violation", "not run"), "violation"),
        (("violation", "error", "pass"), "error"),
        (("not applicable", "not run"), "not run"),
    ],
)
def test_a_cell_shows_the_worst_that_happened(states: tuple[State, ...], shown: State) -> None:
    assert Cell(results=tuple(map(_result, states))).state == shown


def test_a_cell_counts_what_passed_and_what_did_not() -> None:
    text = table([_result("pass"), _result("pass"), _result("violation", "complete"), _result("not run", "x")])
    assert "VIOLATION 1/3" in text


def test_every_broken_contract_of_a_cell_is_named_once() -> None:
    cell = Cell(results=(_result("violation", "complete", "no-debris"), _result("violation", "complete")))
    assert cell.why == ("complete", "no-debris")


def test_each_violation_names_the_case_that_breaks_most_of_it() -> None:
    one = replace(_result("violation", "complete"), saved="one.toml")
    two = replace(_result("violation", "complete", "no-debris", layout="file-bind"), saved="two.toml")
    text = table([one, two, replace(one, layout="file-bind")])
    assert text.splitlines()[-4:] == [
        "  violation: complete (copy: plain)",
        "      start with one.toml",
        "  violation: complete, no-debris (copy: file-bind)",
        "      start with two.toml",
    ]


def test_what_did_not_run_says_what_its_scenarios_have_in_common() -> None:
    first = _result("not applicable", "action upgrade", "strict")
    assert Cell(results=(first, _result("not applicable", "strict"))).why == ("strict",)
    assert Cell(results=(first, _result("not applicable", "data"))).why == ("action upgrade", "strict", "data")


def test_one_reason_for_a_whole_column_takes_one_line() -> None:
    results = [_result("not applicable", "link mode clone", layout=name, mode="clone") for name in layouts.names()] + [
        _result("pass", layout=name) for name in layouts.names()
    ]
    lines = table(results).splitlines()
    assert len(lines) == 1 + len(layouts.names()) + 1
    assert lines[-1] == "  not applicable: link mode clone (clone: every layout)"
    assert lines[1].startswith("plain ")


def test_each_installer_has_a_table_of_its_own() -> None:
    text = table([_result("pass"), _result("violation", "complete", installer="specimen:uv-0.1.2")])
    first, second = text.split("\n\n")
    assert first.splitlines() == ["reference  copy", "plain      pass 1"]
    assert second.splitlines()[1] == "plain              VIOLATION 1/1"


def test_a_cell_without_scenarios_is_no_pass() -> None:
    text = table([_result("pass", mode="clone"), _result("pass", layout="file-bind")])
    assert "file-bind  -" in text


def test_a_drawn_scenario_has_a_line_of_its_own() -> None:
    text = table([_result("pass"), _result("pass", layout=DRAWN, mode=DRAWN)])
    assert text.splitlines()[-1] == "layout and link mode drawn  pass 1"


@pytest.mark.parametrize("mode", LINK_MODES)
def test_no_line_is_wider_than_a_terminal(mode: str) -> None:
    results = [_result("violation", "complete", layout=name, mode=mode) for name in layouts.names()[1:]]
    results += [_result("error", "word " * 60, layout="plain", mode=mode)]
    assert max(map(len, table(results).splitlines())) <= 118


def test_no_results_make_no_table() -> None:
    assert table([]) == ""
    assert merge([]) == {}
