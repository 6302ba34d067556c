"""Several files as one: nothing counted twice, nothing that contradicts hidden."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.matrix import INCOMPLETE, Matrix, Result
from harness.matrix.joining import join, lost
from harness.matrix.shards import Shard
from harness.tests.matrix.made import matrix, result

if TYPE_CHECKING:
    from harness.matrix.cells import State


def _joined(*several: Result) -> tuple[Result, ...]:
    return join([(f"{number}.json", matrix(one)) for number, one in enumerate(several)]).results


def test_shards_lie_side_by_side() -> None:
    one, two = result(layout="plain"), result(layout="file-bind")
    assert _joined(one, two) == (one, two)


@pytest.mark.parametrize("one", [result(), result("violation", "complete"), result("not run", "casefold is missing")])
def test_equal_results_count_once(one: Result) -> None:
    assert _joined(one, one) == (one,)


def test_a_joined_file_joined_again_is_the_same() -> None:
    first = join([("a", matrix(result(), result("violation", "complete", layout="x")))])
    assert join([("b", first), ("c", first)]) == first


@pytest.mark.parametrize("worst", ["violation", "error", "known"])
def test_two_verdicts_are_flaky_and_told_with_their_files(worst: State) -> None:
    red = replace(result(story="s"), state=worst, why=("complete",))
    (found,) = _joined(result(), red)
    assert found.state == "flaky"
    assert found.why == ("pass in 0.json", f"{worst} in 1.json (complete)")
    assert found.story == "s"
    assert _joined(red, result())[0].state == "flaky"


def test_a_drawn_scenario_is_the_same_wherever_it_failed() -> None:
    drawn = result(layout="drawn", mode="drawn", drawn=True)
    (found,) = _joined(drawn, result("violation", "complete", layout="file-bind", drawn=True))
    assert (found.state, found.layout) == ("flaky", "file-bind")


@pytest.mark.parametrize("silent", [result("not run", "casefold is missing"), result("not applicable", "data")])
@pytest.mark.parametrize("spoken", [result(), result("violation", "complete")])
def test_what_could_not_be_tried_elsewhere_contradicts_nothing(silent: Result, spoken: Result) -> None:
    assert _joined(silent, spoken) == _joined(spoken, silent) == (spoken,)


def test_the_same_state_for_two_reasons_keeps_both() -> None:
    (found,) = _joined(result("violation", "complete"), result("violation", "no-debris", "complete"))
    assert (found.state, found.why) == ("violation", ("complete", "no-debris"))


def test_one_file_that_contradicts_itself_is_flaky_too() -> None:
    (found,) = join([("a.json", matrix(result(), result("violation", "complete")))]).results
    assert found.state == "flaky"


def test_what_files_were_made_with_is_told_once_for_each_value() -> None:
    several = [("a", Matrix(results=(), about={"python": value})) for value in ("3.11", "3.12", "3.11")]
    assert join(several).about == {"python": "3.11, 3.12"}


PLANNED = {
    "01-uv": Shard(installers=("uv==0.13.9",), layouts=("plain", "file-bind"), seconds=1.0),
    "02-pip": Shard(installers=("pip", "pdm"), layouts=("plain",), seconds=1.0),
}


def test_every_pair_of_a_shard_that_told_nothing_is_an_error() -> None:
    found = lost(PLANNED, [("results/01-uv.json", matrix(result()))]).results
    assert [(one.installer, one.layout) for one in found] == [("pip", "plain"), ("pdm", "plain")]
    assert {(one.state, one.why) for one in found} == {("error", ("shard 02-pip gave no results",))}


def test_a_file_without_results_tells_nothing() -> None:
    files = [("01-uv.json", matrix()), ("02-pip.json", matrix(result()))]
    found = lost(PLANNED, files).results
    assert [(one.installer, one.layout) for one in found] == [("uv==0.13.9", "plain"), ("uv==0.13.9", "file-bind")]
    assert lost(PLANNED, [*files, ("elsewhere/01-uv.json", matrix(result()))]).results == ()


def test_what_the_joined_results_lack_is_told_beside_what_they_were_made_with() -> None:
    whole = [(f"{name}.json", matrix(result())) for name in PLANNED]
    assert lost(PLANNED, whole).about == {}
    assert lost(PLANNED, whole[:1]).about == {INCOMPLETE: "shard 02-pip gave no results"}


def test_what_is_lost_hides_nothing_and_is_hidden_by_nothing() -> None:
    hole = lost(PLANNED, [("02-pip.json", matrix(result()))])
    assert join([("a", matrix(result())), ("b", hole), ("c", hole)]).results == (result(), *hole.results)
