"""Conditions: drawn listings, traces, limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from harness.drivers import Done, limited, listed, run, told, traced
from harness.errors import LimitReached, OperationRefused
from harness.model import Traced
from harness.model import operation as op
from harness.tests.reference.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Iterable

choices = st.lists(st.integers(min_value=0), max_size=20)


def directory(names: Iterable[str]) -> Memory:
    memory = Memory()
    for name in names:
        memory.perform(op.Create(f"/{name}", b"", 0o644))
    return memory


def listing(memory: Memory, drawn: list[int]) -> list[str]:
    answer = listed(memory.perform, drawn)(op.ListDirectory("/"))
    return [one.name for one in answer]


@given(names=st.sets(st.sampled_from("abcdefgh")), drawn=choices)
def test_any_choices_give_a_permutation_of_the_names(names: set[str], drawn: list[int]) -> None:
    assert sorted(listing(directory(names), drawn)) == sorted(names)


@given(order=st.permutations("abcde"))
def test_every_order_can_be_drawn(order: list[str]) -> None:
    left, drawn = sorted(order), []
    for name in order:
        drawn.append(left.index(name))
        left.remove(name)
    assert listing(directory("abcde"), drawn) == order


@given(names=st.sets(st.sampled_from("abcdefgh")))
def test_no_choices_left_means_sorted(names: set[str]) -> None:
    assert listing(directory(names), []) == sorted(names)


def test_a_listing_shrinks_towards_the_sorted_one() -> None:
    memory = directory("abc")
    assert find(choices, lambda drawn: listing(memory, drawn)[0] != "a") == [1]


def test_choices_are_used_up_across_listings() -> None:
    memory = directory("ab")
    performing = listed(memory.perform, [1, 0, 1])
    names = [[one.name for one in performing(op.ListDirectory("/"))] for _ in range(3)]
    assert names == [["b", "a"], ["b", "a"], ["a", "b"]]


def test_a_trace_keeps_mutating_operations_with_their_errno_and_program() -> None:
    kept: list[Done] = []
    performing = traced(Memory().perform, program=lambda: 7, keep=kept.append)
    performing(op.Mkdir("/a"))
    performing(op.ListDirectory("/"))
    performing(op.Note("said"))
    with pytest.raises(OperationRefused):
        performing(op.Rename("/b", "/c"))
    assert [done.operation for done in kept] == [
        op.Mkdir("/a"),
        op.ListDirectory("/"),
        op.Note("said"),
        op.Rename("/b", "/c"),
    ]
    assert told(kept) == (
        Traced(program=7, operation="mkdir", path="/a"),
        Traced(program=7, operation="rename", path="/c", second="/b", errno="ENOENT"),
    )


def test_a_program_is_stopped_at_its_limit_and_not_before() -> None:
    def program() -> op.Program[str]:
        yield op.Mkdir("/a")
        yield op.Mkdir("/b")
        return "done"

    assert run(program(), limited(Memory().perform, 2)) == "done"
    memory = Memory()
    with pytest.raises(LimitReached, match="stopped after 1 operations"):
        run(program(), limited(memory.perform, 1))
    assert list(memory.tree("/")) == ["/a"]
