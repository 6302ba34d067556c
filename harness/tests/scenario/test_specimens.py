"""The specimens turn exactly those scenarios red that their documented defects are about."""

from __future__ import annotations

from itertools import product

import pytest

from harness.tests.scenario.runs import SCENARIOS, outcomes, run

pytest_plugins = ("pytester",)

LAYOUTS = ("plain", "cross-device-cache", "docker-volume", "bind-cache", "nested-tmpfs", "package-directory-is-mount")
FIRST = "test_a_shared_file_visited_first_is_not_lost"
LATER = "test_a_later_refusal_to_link_is_survived"

# Not a single file links there: uv#1513, the first file's EEXIST is taken for a working link.
APART = ("cross-device-cache", "docker-volume", "bind-cache")
# Some files link before one cannot: field measurements with uv 0.13.9; the same state machine as in 0.1.2.
NESTED = ("nested-tmpfs", "package-directory-is-mount")
# That the reference core passes everywhere is what `pytest scenarios` itself shows.
EXPECTED = {
    "specimen:uv-0.1.2": {
        *product((FIRST,), (*APART, *NESTED), ("hardlink",)),
        *product((LATER,), NESTED, ("hardlink",)),
    },
    "specimen:later-refusal-fatal": {*product((FIRST, LATER), NESTED, ("clone", "hardlink"))},
}


@pytest.mark.parametrize("installer", EXPECTED)
def test_exactly_the_documented_defects_are_red(pytester: pytest.Pytester, installer: str) -> None:
    files = [SCENARIOS / "test_cross_device.py", SCENARIOS / "test_nested_mount.py"]
    layouts = [f"--layout={name}" for name in LAYOUTS]
    found = outcomes(run(pytester, *files, f"--installer={installer}", *layouts))
    red = {name for name, outcome in found.items() if outcome != "PASSED"}
    expected = {f"{scenario}[{layout}-{mode}-{installer}]" for scenario, layout, mode in EXPECTED[installer]}
    assert red == expected
    assert any("[plain-" in name for name in found)
