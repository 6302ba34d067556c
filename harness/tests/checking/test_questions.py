"""What is asked fits every layout: the wheels have files wherever it is odd, and the reference core answers all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.checking.judging import judge
from harness.checking.questions import questions
from harness.checking.remedies import beside_environment, remedies
from harness.layouts import load, names, verify
from harness.layouts.blueprint import site_path
from harness.layouts.capture import capture
from harness.layouts.validate import problems
from harness.model import LINK_MODES, Case, codec
from harness.run import Runner
from harness.tests.layouts.test_capture import MACHINES

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory
    from harness.model import Layout


@pytest.mark.parametrize("name", names())
def test_every_question_is_a_case_that_can_be_saved(name: str) -> None:
    for question in questions(load(name), installer="reference", link_mode="copy"):
        assert codec.decode(Case, codec.encode(question.case), file="x") == question.case


@pytest.mark.parametrize("name", names())
def test_the_wheels_reach_every_mount_and_link_in_site_packages(name: str) -> None:
    layout = load(name)
    packages = site_path(layout, "{site_packages}") + "/"
    ats = [mount.at for mount in layout.mounts] + [link.at for link in layout.symlinks]
    places = {site_path(layout, at) for at in ats}
    wanted = {place.removeprefix(packages) for place in places if place.startswith(packages)}
    first = questions(layout, installer="reference", link_mode="copy")[0].case.wheels[0]
    paths = [entry.path for entry in first.entries]
    assert all(any(f"{path}/".startswith(f"{place}/") for path in paths) for place in wanted)


LAYOUTS = {name: load(name) for name in names()} | {name: capture(one).layout for name, one in MACHINES.items()}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_the_reference_core_breaks_nothing_anywhere(layout: Layout, laboratory: Laboratory) -> None:
    found = judge(
        layout, installer="reference", link_mode="hardlink", runner=Runner(laboratory), progress=lambda _: None
    )
    assert {answer.state for answer in found.answers} <= ({"safe", "refused"} if layout.refusals else {"safe"})


def moved(layout: Layout) -> list[Layout]:
    return [one for role in ("cache", "temporary") if (one := beside_environment(layout, role))]


@pytest.mark.parametrize("name", [name for name in names() if moved(load(name))])
def test_what_is_moved_beside_the_environment_is_on_its_filesystem(name: str, laboratory: Laboratory) -> None:
    for layout in moved(load(name)):
        assert problems(layout) == ()
        verify(layout, laboratory=laboratory)


def test_a_cache_is_moved_where_it_lies_elsewhere_and_only_where_that_can_be() -> None:
    able = {
        name: beside_environment(load(name), "cache") is not None
        for name in ("plain", "cross-device-cache", "docker-volume", "bind-cache", "environment-is-mount-point")
    }
    assert able == {
        "plain": False,
        "cross-device-cache": True,
        "docker-volume": True,
        "bind-cache": True,
        "environment-is-mount-point": False,
    }


def test_links_into_the_cache_are_no_remedy() -> None:
    found = remedies(load("docker-volume"), installer="uv==0.13.9", link_mode="hardlink", able=LINK_MODES)
    assert [remedy.words for remedy in found] == [
        "--link-mode copy, or UV_LINK_MODE=copy",
        "--link-mode clone, or UV_LINK_MODE=clone",
        "the cache on the filesystem of the environment (--cache-dir or UV_CACHE_DIR)",
    ]
