"""Layouts and installers divided among machines: nothing twice, nothing left out, nobody waits for long."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.matrix.shards import divide, spread

NAMES = st.sampled_from("abcdefghij")
SECONDS = st.floats(0, 1000) | st.integers(0, 5).map(float)


@st.composite
def tables(draw: st.DrawFn) -> dict[tuple[str, str], float]:
    installers = draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))
    layouts = draw(st.lists(NAMES.map(str.upper), min_size=1, max_size=8, unique=True))
    return {where: draw(SECONDS) for where in product(installers, layouts)}


def bound(seconds: list[float], count: int) -> float:
    """Graham's, 1969, for any list; a little more for sums of floating point numbers."""
    return (sum(seconds) / count + (1 - 1 / count) * max(seconds)) * (1 + 1e-9) + 1e-9


@given(table=tables(), count=st.integers(1, 60))
def test_every_layout_meets_every_installer_exactly_once(table: dict[tuple[str, str], float], count: int) -> None:
    shards = divide(table, count)
    met = Counter(where for shard in shards for where in product(shard.installers, shard.layouts))
    assert met == Counter(table.keys())
    assert all(shard.installers and shard.layouts for shard in shards)


@given(table=tables(), count=st.integers(1, 60))
def test_there_are_as_many_shards_as_asked_for_or_as_can_be(table: dict[tuple[str, str], float], count: int) -> None:
    assert len(divide(table, count)) == min(count, len(table))


@given(table=tables(), count=st.integers(1, 60))
def test_no_shard_is_longer_than_the_bound(table: dict[tuple[str, str], float], count: int) -> None:
    shards = divide(table, count)
    installers = {installer for installer, _ in table}
    for shard in shards:
        mine = [taken for (installer, _), taken in table.items() if installer in shard.installers]
        assert shard.seconds == pytest.approx(sum(table[where] for where in product(shard.installers, shard.layouts)))
        if count < len(installers):
            totals = [sum(taken for (other, _), taken in table.items() if other == one) for one in installers]
            assert shard.seconds <= bound(totals, count)
        else:
            parts = sum(other.installers == shard.installers for other in shards)
            assert shard.seconds <= bound(mine, parts)


@given(table=tables(), count=st.integers(1, 60))
def test_one_shard_more_makes_the_longest_no_longer(table: dict[tuple[str, str], float], count: int) -> None:
    installers = len({installer for installer, _ in table})
    longest = [max(shard.seconds for shard in divide(table, n)) for n in (count, count + 1)]
    if count >= installers:  # below, installers stay whole
        assert longest[1] <= longest[0] * (1 + 1e-9) + 1e-9


@given(seconds=st.dictionaries(NAMES, SECONDS, min_size=1), data=st.data())
def test_names_are_spread_without_an_empty_group(seconds: dict[str, float], data: st.DataObject) -> None:
    count = data.draw(st.integers(1, len(seconds)))
    groups = spread(seconds, count)
    assert sorted(name for group in groups for name in group) == sorted(seconds)
    assert len(groups) == count
    assert all(groups)
    for group in groups:
        assert sum(seconds[name] for name in group) <= bound(list(seconds.values()), count)


def test_who_takes_longest_is_divided_first() -> None:
    table = {("fast", "A"): 1.0, ("fast", "B"): 1.0, ("slow", "A"): 50.0, ("slow", "B"): 50.0}
    shards = divide(table, 3)
    assert [(shard.installers, shard.layouts) for shard in shards] == [
        (("fast",), ("A", "B")),
        (("slow",), ("A",)),
        (("slow",), ("B",)),
    ]


def test_no_shards_are_none() -> None:
    with pytest.raises(ValueError, match="at least one shard, not 0"):
        divide({("a", "A"): 1.0}, 0)
