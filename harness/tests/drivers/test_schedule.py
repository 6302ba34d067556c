"""Running programs: answers and refusals reach them, and several take turns one operation at a time."""

from __future__ import annotations

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from harness.drivers import Ending, interleave, run
from harness.errors import NotInstalled, OperationRefused
from harness.model import operation as op
from harness.tests.reference.memory import Memory

schedules = st.lists(st.integers(min_value=0), max_size=40)


def saying(name: str, times: int) -> op.Program[str]:
    """A program of so many operations, each of which tells whose it is."""
    for _ in range(times):
        yield op.Note(name)
    return name


def order(schedule: list[int], *programs: op.Program[str]) -> str:
    said: list[str] = []

    def perform(operation: op.Operation) -> None:
        assert isinstance(operation, op.Note)
        said.append(operation.text)

    interleave(programs, perform, schedule)
    return "".join(said)


def test_answers_and_refusals_are_sent_into_the_program() -> None:
    def program() -> op.Program[tuple[bytes, int]]:
        yield op.Create("/a", b"content", 0o644)
        content = yield op.ReadFile("/a")
        try:
            yield op.Mkdir("/a")
        except OperationRefused as refused:
            return content, refused.errno
        return content, 0

    assert run(program(), Memory().perform) == (b"content", 17)


def test_what_a_program_lets_out_is_raised_by_run_and_kept_by_interleave() -> None:
    def program() -> op.Program[None]:
        yield op.Note("about to fail")
        raise NotInstalled(path="/env", name="gamma")

    with pytest.raises(NotInstalled):
        run(program(), Memory().perform)
    (ending,) = interleave([program()], Memory().perform, [])
    assert isinstance(ending.error, NotInstalled)
    assert ending.answer is None


@given(lengths=st.lists(st.integers(0, 5), max_size=4))
def test_the_empty_schedule_runs_programs_one_after_the_other(lengths: list[int]) -> None:
    names = "abcd"[: len(lengths)]
    said = order([], *(saying(name, length) for name, length in zip(names, lengths, strict=True)))
    assert said == "".join(name * length for name, length in zip(names, lengths, strict=True))


@given(schedule=schedules)
def test_every_schedule_runs_every_program_to_its_end(schedule: list[int]) -> None:
    said = order(schedule, saying("a", 3), saying("b", 4), saying("c", 0))
    assert sorted(said) == list("aaabbbb")


@given(wanted=st.permutations("aaabbbb"))
def test_every_order_of_single_operations_can_be_scheduled(wanted: list[str]) -> None:
    left, schedule = list(wanted), []
    while left:
        pending = [name for name in "ab" if name in left]
        schedule.append(pending.index(left.pop(0)))
    assert order(schedule, saying("a", 3), saying("b", 4)) == "".join(wanted)


def test_a_schedule_shrinks_to_the_first_change_of_programs() -> None:
    found = find(schedules, lambda schedule: order(schedule, saying("a", 2), saying("b", 2)) != "aabb")
    assert found == [1]


def test_going_tells_the_program_before_each_of_its_operations() -> None:
    told: list[int] = []
    endings = interleave([saying("a", 1), saying("b", 2)], lambda _: None, [1, 1], going=told.append)
    assert told == [1, 1, 0]
    assert endings == (Ending(answer="a"), Ending(answer="b"))
