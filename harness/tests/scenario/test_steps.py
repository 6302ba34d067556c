"""Steps and labs as scenarios write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.layouts import load
from harness.model import Plan, Step
from harness.run import Runner
from harness.scenario import Lab, Violated, image, install, must, uninstall
from harness.wheels import wheel

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory

A, B = (wheel(f"nvidia-{name}", files=["nvidia/__init__.py"]) for name in "ab")


@pytest.fixture
def lab(laboratory: Laboratory) -> Lab:
    layouts = (load("cross-device-cache"),)
    return Lab(Runner(laboratory), layouts=layouts, link_modes=("hardlink",), installer="specimen:uv-0.1.2")


def test_steps_name_their_wheels_once_in_the_case(lab: Lab) -> None:
    case = lab.case(image(install(A)), must(install(A, B)), uninstall(B))
    assert case.wheels == (A, B)
    assert case.steps == (
        Step(action="install", wheels=("nvidia-a-1.0",), image=True),
        Step(action="install", wheels=("nvidia-a-1.0", "nvidia-b-1.0"), must=True),
        Step(action="uninstall", wheels=("nvidia-b-1.0",)),
    )


def test_a_violation_is_raised_with_its_whole_story(lab: Lab) -> None:
    order = ("nvidia_a-1.0.dist-info", "nvidia_b-1.0.dist-info", "nvidia", "nvidia/__init__.py")
    with pytest.raises(Violated) as caught:
        lab.run(install(A, B), plan=Plan(creation=order))
    assert lab.failure is lab.first_failure is caught.value.verdict
    assert "rename: ENOENT" in str(caught.value)
    assert lab.again(caught.value.verdict.case).violations == caught.value.verdict.violations


def test_a_new_scenario_starts_without_old_failures(lab: Lab) -> None:
    lab.run(install(A))
    assert lab.examples == 1
    lab.begin()
    assert (lab.examples, lab.failure, lab.first_failure) == (0, None, None)


def test_a_step_that_must_succeed_has_no_excuse(laboratory: Laboratory) -> None:
    lab = Lab(Runner(laboratory), layouts=(load("small-environment"),), link_modes=("copy",), installer="reference")
    large = wheel("large", files={"large.bin": b"x" * (1 << 17)})
    lab.run(install(large))
    with pytest.raises(Violated, match=r"large\.bin"):
        lab.run(must(install(large)))
