"""The story of a failure: everything a maintainer needs, nothing that differs from run to run, nothing hostile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.model import Plan
from harness.reproduction import describe

if TYPE_CHECKING:
    from harness.model import Case
    from harness.run import Verdict


def test_the_story_of_uv_1513_is_told_whole(verdict: Verdict) -> None:
    text = describe(verdict, replay="exdev replay case.toml")
    for line in (
        "specimen:uv-0.1.2 breaks `complete` on cross-device-cache, link mode hardlink",
        "another device: link gives EXDEV",
        "nvidia-a-1.0            nvidia/__init__.py (0 bytes)",
        "created in this order   nvidia_a-1.0.dist-info, nvidia_b-1.0.dist-info, nvidia, nvidia/__init__.py",
        "step 1  install nvidia-a-1.0 nvidia-b-1.0   exit 1",
        "{purelib}/nvidia/__init__.py (from {purelib}/.tmp1-1/__init__.py): rename: ENOENT",
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


def test_a_verdict_that_holds_says_so(verdict: Verdict) -> None:
    text = describe(replace(verdict, violations=()))
    assert text.startswith("specimen:uv-0.1.2 keeps every contract on cross-device-cache")
