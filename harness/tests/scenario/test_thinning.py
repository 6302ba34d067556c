"""Thinning: a slow installer's broad run stays about every layout, scenario and link mode, and others' runs whole."""

from __future__ import annotations

from itertools import product

from harness.model import LINK_MODES
from harness.scenario.thinning import BROAD, SLOW, Choice, thinned

LAYOUTS = [f"layout-{number}" for number in range(20)]
SCENARIOS = [f"test_{number}" for number in range(10)]


def _choices(installer: str = "slow", *, everywhere: str = "test_0", variants: int = 0) -> list[Choice]:
    return [
        Choice(
            scenario=scenario,
            layout=layout,
            link_mode=mode,
            installer=installer,
            variant=variant,
            everywhere=scenario == everywhere,
        )
        for scenario, layout, mode in product(SCENARIOS, LAYOUTS, LINK_MODES)
        for variant in ([f"v{number}" for number in range(variants)] or [""])
    ]


def _kept(choices: list[Choice], effort: int = SLOW) -> list[Choice]:
    stays = thinned(choices, {one.installer: effort for one in choices})
    return [one for one, stay in zip(choices, stays, strict=True) if stay]


def test_a_broad_run_is_a_few_times_smaller() -> None:
    choices = _choices()
    kept, fewer = _kept(choices), _kept(choices, effort=2 * SLOW)
    assert len(choices) / 16 < len(kept) < len(choices) / 10
    assert len(fewer) < len(kept)


def test_every_layout_scenario_and_link_mode_keeps_some() -> None:
    kept = _kept(_choices())
    assert {one.scenario for one in kept} == {*SCENARIOS}
    assert {one.link_mode for one in kept} == {*LINK_MODES}
    assert {one.layout for one in kept if one.everywhere} == {*LAYOUTS}


def test_a_scenario_with_many_variants_keeps_its_share_of_them() -> None:
    kept = [one for one in _kept(_choices(variants=8)) if one.scenario == "test_1"]
    assert len(kept) == 8 * len(LAYOUTS) / 4
    assert {one.variant for one in kept} == {f"v{number}" for number in range(8)}


def test_a_pair_is_run_in_one_link_mode() -> None:
    kept = _kept(_choices())
    assert len({(one.scenario, one.layout) for one in kept}) == len(kept)


def test_who_is_fast_or_was_chosen_runs_whole() -> None:
    choices = _choices()
    assert _kept(choices, effort=SLOW - 1) == choices
    assert _kept(choices[:BROAD]) == choices[:BROAD]


def test_a_slow_installer_thins_no_other() -> None:
    mixed = _choices() + _choices("fast")
    stays = thinned(mixed, {"slow": SLOW, "fast": 1})
    assert all(stays[len(mixed) // 2 :])
    assert not all(stays)
