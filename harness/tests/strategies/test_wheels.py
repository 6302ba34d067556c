"""Wheel sets: what `sharing` says is what is drawn, they shrink to two small wheels, and wrong arguments are named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import find, given, settings
from hypothesis.errors import InvalidArgument

from harness.strategies import SHARING, Sharing, bulky_wheels, wheel_sets
from harness.wheels.expected import conflicts, faults

if TYPE_CHECKING:
    from harness.model import Wheel

SHARED = "nvidia/__init__.py"
SIMPLEST = settings(database=None, max_examples=200)


def _shared(wheels: tuple[Wheel, ...]) -> list[bytes]:
    return [entry.content for one in wheels for entry in one.entries if entry.path == SHARED]


@given(wheels=wheel_sets(sharing=SHARING, min_size=1, max_size=6))
def test_every_wheel_of_a_set_is_good(wheels: tuple[Wheel, ...]) -> None:
    assert not any(faults(one) for one in wheels)
    assert len({one.name for one in wheels}) == len(wheels)


@given(wheels=wheel_sets(sharing=["none"]))
def test_sharing_none_shares_no_file(wheels: tuple[Wheel, ...]) -> None:
    assert _shared(wheels) == []
    assert conflicts(wheels) == ()


@given(wheels=wheel_sets(sharing=["identical"]))
def test_sharing_identical_shares_one_content(wheels: tuple[Wheel, ...]) -> None:
    assert len(_shared(wheels)) == len(wheels)
    assert len({*_shared(wheels)}) == 1
    assert conflicts(wheels) == ()


@given(wheels=wheel_sets(sharing=["equal-size"]))
def test_sharing_equal_size_differs_in_content_alone(wheels: tuple[Wheel, ...]) -> None:
    assert len({*_shared(wheels)}) == len(wheels)
    assert len({*map(len, _shared(wheels))}) == 1


@given(wheels=wheel_sets(sharing=["different-size"]))
def test_sharing_different_size_differs_in_size(wheels: tuple[Wheel, ...]) -> None:
    assert len({*map(len, _shared(wheels))}) == len(wheels)


@given(wheels=wheel_sets(sharing=["directory-and-file"]))
def test_sharing_directory_and_file_cannot_be_installed(wheels: tuple[Wheel, ...]) -> None:
    assert [conflict.kind for conflict in conflicts(wheels)] == ["file-and-directory"]


@pytest.mark.parametrize("sharing", SHARING)
def test_the_simplest_set_is_two_wheels_without_own_files(sharing: Sharing) -> None:
    wheels = find(wheel_sets(sharing=[sharing]), lambda _: True, settings=SIMPLEST)
    files = [entry.path for one in wheels for entry in one.entries if ".dist-info/" not in entry.path]
    assert len(wheels) == 2
    assert len(files) == {"none": 0}.get(sharing, 2)


def _with_library(wheels: tuple[Wheel, ...]) -> bool:
    return any(".so" in entry.path for entry in wheels[0].entries)


def test_versions_differ_in_what_they_bring() -> None:
    old, new = (
        find(wheel_sets(version=version, max_size=2), _with_library, settings=SIMPLEST) for version in ("1.0", "2.0")
    )
    contents = [{entry.path: entry.content for entry in one[0].entries} for one in (old, new)]
    assert any(contents[0][path] != contents[1][path] for path in contents[0] if ".so" in path)


def test_bulky_wheels_reach_both_of_their_limits() -> None:
    def size(one: Wheel) -> int:
        return sum(len(entry.content) for entry in one.entries if entry.path.endswith(".bin"))

    small = bulky_wheels(max_size=1 << 12)
    assert size(find(small, lambda one: size(one) > 1 << 13, settings=SIMPLEST)) > 1 << 13
    assert len(find(bulky_wheels(max_files=60), lambda one: len(one.entries) > 40, settings=SIMPLEST).entries) > 40
    assert size(find(bulky_wheels(), lambda _: True, settings=SIMPLEST)) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sharing": ["identic"]}, r"sharing: unknown 'identic'; known: none, identical"),
        ({"sharing": []}, r"sharing=\(\) leaves nothing to draw from"),
        ({"min_size": 3, "max_size": 2}, r"min_size=3, max_size=2: expected 1 <= min <= max"),
        ({"min_size": 0}, r"min_size=0"),
        ({"max_size": 7}, r"max_size=7"),
        ({"max_own_files": -1}, r"max_own_files=-1"),
    ],
)
def test_a_wrong_argument_is_named_where_it_is_written(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        wheel_sets(**arguments)


def test_a_falsifying_example_can_be_read() -> None:
    assert "namespace_wheels" in repr(wheel_sets())
