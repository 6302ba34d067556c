"""Steps and labs as scenarios write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.layouts import load
from harness.model import Plan, Step
from harness.run import Runner
from harness.scenario import Lab, Violated, image, install, must, rerun, uninstall
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


def test_a_rerun_is_the_same_step_without_obstacles_or_demands(lab: Lab) -> None:
    rerun_step = Step(action="install", wheels=("nvidia-a-1.0",), lifted=True)
    assert rerun(must(install(A))).step() == rerun(image(install(A))).step() == rerun_step
    assert lab.case(install(A), rerun(install(A))).steps == (
        Step(action="install", wheels=("nvidia-a-1.0",)),
        rerun_step,
    )


def test_what_had_no_room_is_installed_by_a_rerun(laboratory: Laboratory) -> None:
    lab = Lab(Runner(laboratory), layouts=(load("small-environment"),), link_modes=("copy",), installer="reference")
    large = wheel("large", files={"large.bin": b"x" * (1 << 17)})
    first, second, third = lab.run(install(large), rerun(install(large)), install(large)).evidence.steps
    assert [step.outcome.exit for step in (first, second, third)] == [1, 0, 0]
    assert "purelib/large.bin" in third.after.environment


def test_what_lifting_changes_is_seen_before_its_step(laboratory: Laboratory) -> None:
    lab = Lab(Runner(laboratory), layouts=(load("nested-tmpfs"),), link_modes=("hardlink",), installer="reference")
    first, second = lab.run(install(A), rerun(install(A))).evidence.steps
    assert "purelib/nvidia/__init__.py" in first.after.environment
    assert "purelib/nvidia/__init__.py" not in second.before.environment
    assert "purelib/nvidia/__init__.py" in second.after.environment


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
