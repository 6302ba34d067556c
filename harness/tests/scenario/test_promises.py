"""The scenarios as a whole: named as claims, about every layout, and declaring what they need."""

from __future__ import annotations

import ast
import importlib.util
from typing import TYPE_CHECKING

import pytest

from harness import layouts
from harness.model import LINK_MODES
from harness.scenario.selection import Selection
from harness.tests.scenario.runs import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.scenario.marker import Requirements

FILES = sorted(SCENARIOS.glob("test_*.py"))


def _scenarios(file: Path) -> dict[str, Callable[..., object]]:
    spec = importlib.util.spec_from_file_location(f"scenarios_{file.stem}", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: value for name, value in vars(module).items() if name.startswith("test_")}


ALL = {name: test for file in FILES for name, test in _scenarios(file).items()}


def _requirements(test: Callable[..., object]) -> Requirements | None:
    """Reports say for themselves what they are about."""
    marks: list[pytest.Mark] = getattr(test, "pytestmark", [])
    return next((mark.args[0] for mark in marks if mark.name == "scenario"), None)


REQUIREMENTS = {name: found for name, test in ALL.items() if (found := _requirements(test))}


def test_only_reports_declare_nothing() -> None:
    assert ALL.keys() - REQUIREMENTS.keys() == {
        "test_a_report_is_true_of_the_releases_it_names",
        "test_a_script_shows_what_the_replay_shows",
    }


@pytest.mark.parametrize("name", ALL)
def test_every_scenario_is_named_as_a_claim(name: str) -> None:
    assert len(name.removeprefix("test_").split("_")) >= 4
    assert not any(character.isdigit() for character in name)


@pytest.mark.parametrize("layout", [name for name in layouts.names() if name != "plain"])
def test_every_layout_has_a_scenario_of_its_own(layout: str) -> None:
    special = [one for one in REQUIREMENTS.values() if one.layouts or one.tags]
    assert [one for one in special if one.wants(layouts.load(layout))]


@pytest.mark.parametrize("name", [name for name, one in REQUIREMENTS.items() if one.layouts or one.tags])
def test_every_layout_and_tag_that_is_named_exists(name: str) -> None:
    one = REQUIREMENTS[name]
    tags = {tag for layout in layouts.names() for tag in layouts.load(layout).tags}
    assert {*one.layouts} <= {*layouts.names()}
    assert {*one.tags} <= tags
    assert {*one.but} <= {*layouts.names()} | tags


def test_every_layout_is_tried_in_every_link_mode() -> None:
    everything = Selection.of(layout=(), link_mode=(), installer=())
    cells = {
        (instance.layout_name, instance.link_mode_name)
        for one in REQUIREMENTS.values()
        for instance in everything.instances(one)
    }
    assert {(layout, mode) for layout in layouts.names() for mode in LINK_MODES} <= cells


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_body_skips_or_decides_for_itself(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            assert not any(isinstance(inner, ast.If | ast.Try | ast.While) for inner in ast.walk(node))
            assert "skip" not in ast.unparse(node.body[0] if len(node.body) == 1 else node)
