"""The story of a failure: everything a maintainer needs, nothing that differs from run to run, nothing hostile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.layouts import load
from harness.model import Plan, Traced, Violation
from harness.reproduction import describe
from harness.run import Runner
from harness.wheels import wheel

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory
    from harness.model import Case
    from harness.run import Verdict


def test_the_story_of_uv_1513_is_told_whole(verdict: Verdict) -> None:
    text = describe(verdict, replay="exdev replay case.toml")
    for line in (
        "specimen:uv-0.1.2 breaks `complete` on cross-device-cache, link mode hardlink",
        "the environment lies on another filesystem (uv#1513",
        "another device: link gives EXDEV",
        "nvidia-a-1.0            nvidia/__init__.py (0 bytes)",
        "created in this order   nvidia_a-1.0.dist-info, nvidia_b-1.0.dist-info, nvidia, nvidia/__init__.py",
        "visited in this order   nvidia/__init__.py (by nvidia-b-1.0)",
        "step 1  install nvidia-a-1.0 nvidia-b-1.0   exit 1",
        "says       {purelib}/nvidia/__init__.py (from {purelib}/.tmp1-1/__init__.py): rename: ENOENT",
        "complete: what was asked for is there",
        "{purelib}/nvidia_b-1.0.dist-info/METADATA   expected a file",
        "replay      exdev replay case.toml",
    ):
        assert line in text
    assert not any(root in text for root in verdict.evidence.roots.values())


def test_a_story_says_how_far_it_was_shrunk(verdict: Verdict, case: Case) -> None:
    larger = replace(case, plan=Plan(creation=(*case.plan.creation, *map(str, range(27)))))
    assert "(shrunk from 31 entries)" in describe(verdict, shrunk_from=larger)
    assert "shrunk" not in describe(verdict, shrunk_from=case)


def test_only_telling_refusals_are_shown_without_a_trace(verdict: Verdict) -> None:
    assert "mkdir      EEXIST" not in describe(verdict)
    assert "unlink     ENOENT" not in describe(verdict)
    traced = describe(verdict, trace=True)
    assert "mkdir      EEXIST     {purelib}" in traced
    assert "truncate   ok" in traced


def test_control_characters_stay_out_of_the_terminal(verdict: Verdict) -> None:
    (step,) = verdict.evidence.steps
    outcome = replace(step.outcome, message="\x1b[2Jgone\r", notes=("x" * 1000,))
    evidence = replace(verdict.evidence, steps=(replace(step, outcome=outcome),))
    text = describe(replace(verdict, evidence=evidence))
    assert "\x1b" not in text
    assert "\r" not in text
    assert max(map(len, text.splitlines())) < 300


def test_a_step_without_obstacles_says_so(laboratory: Laboratory, case: Case) -> None:
    first = replace(case.steps[0], must=True)
    again = replace(case, installer="reference", steps=(first, replace(first, must=False, lifted=True)))
    told = describe(Runner(laboratory).run(again))
    assert "step 1  install nvidia-a-1.0 nvidia-b-1.0   exit 0   (has to succeed)\n" in told
    assert "step 2  install nvidia-a-1.0 nvidia-b-1.0   exit 0   (obstacles lifted)" in told


def test_a_verdict_that_holds_says_so(verdict: Verdict) -> None:
    text = describe(replace(verdict, violations=()))
    assert text.startswith("specimen:uv-0.1.2 keeps every contract on cross-device-cache")


def test_programs_that_took_turns_are_told_apart(verdict: Verdict, case: Case) -> None:
    shared = f"{verdict.evidence.roots['purelib']}/nvidia/__init__.py"
    trace = tuple(Traced(program=number % 2, operation="write", path=shared) for number in range(3))
    (step,) = verdict.evidence.steps
    evidence = replace(verdict.evidence, steps=(replace(step, outcome=replace(step.outcome, trace=trace)),))
    torn = Violation(contract="whole-files", path="purelib/nvidia/__init__.py", expected="a", found="b", step=0)
    scheduled = replace(case, plan=Plan(schedule=(0, 1, 0)))
    text = describe(replace(verdict, case=scheduled, evidence=evidence, violations=(torn,)))
    assert "turns of operations     1 of nvidia-a-1.0, 1 of nvidia-b-1.0, 1 of nvidia-a-1.0" in text
    assert "write      ok         nvidia-b-1.0: {purelib}/nvidia/__init__.py" in text


def test_programs_one_after_the_other_need_no_turns(laboratory: Laboratory, case: Case) -> None:
    verdict = Runner(laboratory).run(replace(case, plan=replace(case.plan, schedule=())))
    assert "one program after the other: no interleaving is needed" in describe(verdict)


def test_a_path_that_several_claim_is_told_once(verdict: Verdict) -> None:
    first = verdict.violations[0]
    text = describe(replace(verdict, violations=(first, replace(first, expected="what another RECORD says"))))
    assert first.expected in text
    assert "what another RECORD says" not in text


def test_a_long_name_stays_apart_from_its_files(verdict: Verdict, case: Case) -> None:
    long = wheel("nvidia-cuda-runtime-cu12", "12.1.105", files=["nvidia/__init__.py"])
    text = describe(replace(verdict, case=replace(case, wheels=(*case.wheels, long))))
    assert "nvidia-cuda-runtime-cu12-12.1.105  nvidia/__init__.py (0 bytes)" in text


def test_what_lies_beside_the_roles_is_spelled_as_in_the_picture(laboratory: Laboratory, case: Case) -> None:
    verdict = Runner(laboratory).run(replace(case, layout=load("symlinked-namespace-directory")))
    told = describe(verdict)
    assert "found nothing in the environment: nvidia is a symlink to /outside/nvidia" in told
