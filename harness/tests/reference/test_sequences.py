"""The reference core keeps every promise in memory, in sequences wider than any scenario has; more by command."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.contracts import judge
from harness.layouts import load
from harness.model import Case, Meddling, Step
from harness.tests.reference import sites
from harness.tests.reference.__main__ import collect
from harness.wheels import wheel

if TYPE_CHECKING:
    from harness.model import LinkMode, Wheel

ONE, TWO = (wheel(name, "1.0", {f"{name}/__init__.py": b"content"}) for name in ("one", "two"))
PLACE = "purelib/one/__init__.py"


@pytest.mark.parametrize("number", range(4))
def test_the_core_keeps_every_promise_in_any_sequence(number: int) -> None:
    count, found = collect(examples=60, number=number)
    assert count > 45
    assert [one.text for one in found] == []


def _case(*steps: Step, link_mode: LinkMode = "copy") -> Case:
    return Case(layout=load("plain"), wheels=(ONE, TWO), steps=steps, link_mode=link_mode)


def test_a_clone_has_the_mode_of_the_umask_at_hand() -> None:
    steps = (Step(action="warm", wheels=(ONE.key,), umask=0o077), Step(action="install", wheels=(ONE.key,)))
    verdict = sites.run(_case(*steps, link_mode="clone"), clones=True)
    assert verdict.holds
    assert verdict.evidence.steps[-1].after.environment[PLACE].mode == 0o644


@pytest.mark.parametrize(
    ("link_mode", "mode", "contracts"),
    [
        ("clone", 0o600, {"modes-equal"}),
        ("copy", 0o600, {"modes-equal"}),
        ("hardlink", 0o600, set()),
        ("hardlink", 0o640, {"modes-equal"}),
        ("hardlink", 0o644, set()),
    ],
)
def test_only_what_is_linked_may_have_the_mode_of_the_cache(
    link_mode: LinkMode, mode: int, contracts: set[str]
) -> None:
    steps = (Step(action="warm", wheels=(ONE.key,), umask=0o077), Step(action="install", wheels=(ONE.key,)))
    evidence = sites.run(_case(*steps, link_mode=link_mode), clones=True).evidence
    last = evidence.steps[-1]
    environment = {**last.after.environment, PLACE: last.after.environment[PLACE]._replace(mode=mode)}
    spoiled = replace(last, after=replace(last.after, environment=environment))
    found = judge(replace(evidence, steps=(evidence.steps[0], spoiled)), ["modes-equal"])
    assert {one.contract for one in found} == contracts


@pytest.mark.parametrize(("asked", "contracts"), [(ONE, {"complete", "honest-exit"}), (TWO, set())])
def test_what_others_have_removed_is_missed_by_who_was_asked_for_it(asked: Wheel, contracts: set[str]) -> None:
    removed = (Meddling(do="remove", at="{purelib}/one/__init__.py"),)
    steps = (
        Step(action="install", wheels=(ONE.key, TWO.key)),
        Step(action="install", wheels=(asked.key,), meddled=removed),
    )
    evidence = sites.run(_case(*steps)).evidence
    # An installer that finds everything there, and does nothing.
    idle = replace(evidence.steps[-1], after=evidence.steps[-1].before)
    assert {
        one.contract for one in judge(replace(evidence, steps=(evidence.steps[0], idle), control=None))
    } == contracts
