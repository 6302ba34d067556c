"""Creation orders: linear extensions of "parent before child", which shrink to the archives' own order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from harness.strategies import directory_orders, listings, schedules, wheel_sets
from harness.wheels import directories, reordered, wheel

if TYPE_CHECKING:
    from harness.model import Wheel

NO_DATABASE = settings(database=None, max_examples=2000)
A, B = (wheel(f"nvidia-{name}", files=["nvidia/__init__.py", f"nvidia/{name}/__init__.py"]) for name in "ab")


def _paths(wheels: tuple[Wheel, ...]) -> set[str]:
    entries = {entry.path for one in wheels for entry in one.entries}
    return entries | {path for one in wheels for path in directories(one)}


@given(data=st.data(), wheels=wheel_sets(min_size=1))
def test_an_order_has_every_path_once_parents_first(data: st.DataObject, wheels: tuple[Wheel, ...]) -> None:
    order = data.draw(directory_orders(wheels))
    assert sorted(order) == sorted(_paths(wheels))
    place = {path: index for index, path in enumerate(order)}
    assert all(place[path.rpartition("/")[0]] < place[path] for path in order if "/" in path)


@given(data=st.data(), wheels=wheel_sets(min_size=1))
def test_archives_in_a_drawn_order_follow_it(data: st.DataObject, wheels: tuple[Wheel, ...]) -> None:
    order = data.draw(directory_orders(wheels))
    place = {path: index for index, path in enumerate(order)}
    for one in wheels:
        written = [place[entry.path] for entry in reordered(one, order).entries]
        assert written == sorted(written)


def test_the_simplest_order_is_the_archives_own() -> None:
    order = find(directory_orders([A, B]), lambda _: True, settings=NO_DATABASE)
    assert order == (
        "nvidia",
        "nvidia/__init__.py",
        "nvidia/a",
        "nvidia/a/__init__.py",
        "nvidia_a-1.0.dist-info",
        "nvidia_a-1.0.dist-info/METADATA",
        "nvidia_a-1.0.dist-info/WHEEL",
        "nvidia_a-1.0.dist-info/RECORD",
        "nvidia/b",
        "nvidia/b/__init__.py",
        "nvidia_b-1.0.dist-info",
        "nvidia_b-1.0.dist-info/METADATA",
        "nvidia_b-1.0.dist-info/WHEEL",
        "nvidia_b-1.0.dist-info/RECORD",
    )


@pytest.mark.parametrize("first", ["nvidia/__init__.py", "nvidia/b", "nvidia_b-1.0.dist-info/RECORD"])
@pytest.mark.parametrize("then", ["nvidia/a/__init__.py", "nvidia_a-1.0.dist-info/METADATA"])
def test_any_two_unrelated_paths_occur_in_either_order(first: str, then: str) -> None:
    orders = directory_orders([A, B])
    find(orders, lambda order: order.index(first) < order.index(then), settings=NO_DATABASE)
    find(orders, lambda order: order.index(then) < order.index(first), settings=NO_DATABASE)


def test_an_order_says_in_its_repr_what_it_is() -> None:
    assert "in_order" in repr(directory_orders([A]))


@pytest.mark.parametrize("plans", [listings, schedules])
def test_choices_shrink_to_none_at_all(plans: object) -> None:
    assert callable(plans)
    assert find(plans(), lambda _: True, settings=NO_DATABASE) == ()
    shrunk = find(plans(), lambda one: sum(one) > 9, settings=NO_DATABASE)
    assert [choice for choice in shrunk if choice] == [10]
    assert repr(plans(max_choices=0))
    with pytest.raises(InvalidArgument, match="max_choices=-1"):
        plans(max_choices=-1)
