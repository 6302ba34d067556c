"""Tests that the contracts accept a right installer in every layout of the catalogue, hard ones above all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.layouts import load, names
from harness.model import LINK_MODES, Case, LinkMode, Plan, Step
from harness.run import Runner
from harness.tests.contracts.cases import B2, BOTH, CUBLAS, CUBLAS2, LARGE, TOOLS, A, B, case, step

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory

_EVERYTHING = step("install", A.key, B.key, TOOLS.key)

STEPS: dict[str, tuple[Step, ...]] = {
    "install": (_EVERYTHING,),
    "install one by one": tuple(step("install", key) for key in BOTH),
    "reinstall": (_EVERYTHING, step("reinstall", *BOTH)),
    "upgrade and uninstall": (
        _EVERYTHING,
        step("upgrade", B2.key),
        step("uninstall", A.key),
        step("uninstall", B2.key),
    ),
    "uninstall the last writer": (_EVERYTHING, step("uninstall", B.key), step("reinstall", TOOLS.key)),
    "upgrade what an image holds": (
        step("install", *BOTH, CUBLAS.key, image=True),
        step("upgrade", B2.key, CUBLAS2.key),
        step("uninstall", A.key),
    ),
    "again without obstacles": (_EVERYTHING, replace(_EVERYTHING, lifted=True), step("uninstall", B.key)),
    "upgrade again without obstacles": (
        step("install", *BOTH, CUBLAS.key, image=True),
        step("upgrade", B2.key, CUBLAS2.key),
        step("upgrade", B2.key, CUBLAS2.key, lifted=True),
        step("reinstall", A.key),
    ),
    "install from an image's cache": (step("warm", *BOTH, image=True), step("install", *BOTH)),
    "spread an image over two layers": (
        step("install", A.key, image=True),
        step("install", B.key, image=True),
        step("reinstall", A.key),
    ),
}
PLANS = {
    "as they come": Plan(),
    "interleaved": Plan(schedule=(0, 1, 2) * 100),
    "drawn listing": Plan(listing=(3, 1, 2) * 20),
}
# But for those with a link in the way, which stays.
_REFUSING = [name for name in names() if load(name).refusals and not load(name).symlinks]


@pytest.fixture(scope="module")
def runner(laboratory: Laboratory) -> Runner:
    return Runner(laboratory)


def _cases(layout: str, link_mode: LinkMode, *, strict: bool) -> list[Case]:
    return [
        case(layout, *steps, link_mode=link_mode, strict=strict, plan=plan)
        for steps in STEPS.values()
        for plan in PLANS.values()
    ]


@pytest.mark.parametrize("link_mode", LINK_MODES)
@pytest.mark.parametrize("layout", names())
def test_the_reference_core_holds_every_contract_in_every_layout(
    runner: Runner, layout: str, link_mode: LinkMode
) -> None:
    for one in _cases(layout, link_mode, strict=False):
        verdict = runner.run(one)
        assert verdict.holds, _told(one, verdict.violations)


@pytest.mark.parametrize("link_mode", LINK_MODES)
@pytest.mark.parametrize("layout", _REFUSING)
def test_the_reference_core_does_what_was_refused_once_obstacles_are_lifted(
    runner: Runner, layout: str, link_mode: LinkMode
) -> None:
    installed = step("install", B.key, CUBLAS.key, image=True)
    for one in (step("install", LARGE.key), step("upgrade", B2.key, CUBLAS2.key), step("uninstall", CUBLAS.key)):
        verdict = runner.run(case(layout, installed, one, replace(one, lifted=True), link_mode=link_mode))
        assert verdict.holds, _told(verdict.case, verdict.violations)
        assert 0 in [done.outcome.exit for done in verdict.evidence.steps[1:]]


@pytest.mark.parametrize("link_mode", LINK_MODES)
@pytest.mark.parametrize("layout", names())
def test_a_strict_link_mode_is_honoured_or_refused_in_every_layout(
    runner: Runner, layout: str, link_mode: LinkMode
) -> None:
    for one in _cases(layout, link_mode, strict=True)[:9]:
        verdict = runner.run(one)
        assert verdict.holds, _told(one, verdict.violations)


def test_an_install_that_finds_all_there_need_not_make_it_its_umasks(runner: Runner) -> None:
    first = step("install", CUBLAS.key)
    for done, then in ((first, replace(first, umask=0o077)), (replace(first, umask=0o077), first)):
        verdict = runner.run(case("plain", done, then, link_mode="copy"))
        assert verdict.holds, _told(verdict.case, verdict.violations)


def _told(one: Case, violations: tuple[object, ...]) -> str:
    steps = ", ".join(f"{step.action} {' '.join(step.wheels)}" for step in one.steps)
    return "\n".join([steps, str(one.plan), *map(str, violations)])
