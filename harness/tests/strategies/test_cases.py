"""Layouts, link modes and whole cases: drawn from what was given, saved and read back."""

from __future__ import annotations

import pytest
from hypothesis import find, given, settings
from hypothesis.errors import InvalidArgument

from harness import layouts as catalogue
from harness.model import LINK_MODES, Case, codec
from harness.strategies import SHARING, cases, layouts, link_modes, schedules, wheel_sets

NO_DATABASE = settings(database=None, max_examples=2000)


@given(case=cases(wheels=wheel_sets(sharing=SHARING)))
def test_a_drawn_case_survives_its_file(case: Case) -> None:
    assert codec.decode(Case, codec.encode(case), file="drawn") == case


def test_the_simplest_case_is_a_short_one() -> None:
    case = find(cases(), lambda _: True, settings=NO_DATABASE)
    assert case.layout.name == catalogue.names()[0]
    assert (case.link_mode, case.plan.listing, case.plan.schedule) == (LINK_MODES[0], None, None)
    assert len(case.wheels) == 2


@pytest.mark.parametrize("name", catalogue.names())
def test_every_layout_of_the_catalogue_is_drawn(name: str) -> None:
    assert find(layouts(), lambda one: one.name == name, settings=NO_DATABASE).name == name


def test_layouts_are_drawn_from_those_given() -> None:
    own = catalogue.load("plain")
    assert find(layouts(among=[own]), lambda _: True, settings=NO_DATABASE) is own
    overlays = layouts(tags=["overlay"])
    assert find(overlays, lambda _: True, settings=NO_DATABASE).name.startswith(("overlay", "docker"))
    assert find(layouts(names=["file-bind"]), lambda _: True, settings=NO_DATABASE).name == "file-bind"


def test_schedules_take_turns_early_and_often() -> None:
    chosen = find(schedules(), lambda one: len(one) > 40, settings=NO_DATABASE)
    assert len(chosen) > 40


def test_wrong_names_are_told_with_the_known_ones() -> None:
    with pytest.raises(InvalidArgument, match="names: unknown 'plian'; known: bind-cache"):
        layouts(names=["plian"])
    with pytest.raises(InvalidArgument, match="tags: unknown 'overlaid'; known: bind"):
        layouts(tags=["overlaid"])
    with pytest.raises(InvalidArgument, match="give one of them"):
        layouts(names=["plain"], among=[catalogue.load("plain")])
    with pytest.raises(InvalidArgument, match="modes: unknown 'hardlnk'; known: clone"):
        link_modes(modes=["hardlnk"])  # type: ignore[list-item]  # the error under test
    with pytest.raises(InvalidArgument, match=r"modes=\(\) leaves nothing"):
        link_modes(modes=[])
