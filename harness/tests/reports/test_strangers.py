"""Tests that reports excuse nothing but what they are about: made-up defects beside real ones stay strangers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from harness import layouts, reports
from harness.model import Action, Case, Evidence, Outcome, Step, StepEvidence, Trees, Violation
from harness.wheels import wheel

NOTHING = Trees(environment={}, cache={}, temporary={}, outside={}, records={})
OLD = wheel("nvidia-cublas", "1.0", files=["nvidia/__init__.py", "nvidia/cublas/__init__.py"])
NEW = wheel("nvidia-cublas", "2.0", files=["nvidia/__init__.py", "nvidia/cublas/__init__.py"])
SIX = wheel("six", files=["six.py"])
PRESERVED = "six-1.0 still installed and whole after a step that failed, or a word of what it lost"
HOLES = "nothing after a step that failed, or all of it"
LOST = "a file, as the RECORD of six-1.0 says"
SPACE = "No space left on device (os error 28)"
READ_ONLY = "Read-only file system (os error 30)"
UV = "error: Failed to install: nvidia_cublas-2.0-py3-none-any.whl (nvidia-cublas==2.0)\n  Caused by: "
PIP = "ERROR: Could not install packages due to an OSError: [Errno "
SITE = "/site/env/lib/python3.11/site-packages"


@dataclass(frozen=True, kw_only=True)
class MadeUp:
    """A defect that nobody has: an upgrade, or whatever the last step is, that harms a package it was not asked for."""

    installer: str
    layout: str
    message: str
    contract: str
    path: str
    expected: str
    found: str = "nothing"
    action: Action = "upgrade"


MADE_UP = {
    "uv wipes a neighbour when an upgrade runs out of inodes": MadeUp(
        installer="uv==0.13.9",
        layout="few-inodes",
        message=f"{UV}{SPACE}",
        contract="failure-preserves",
        path="purelib/six-1.0.dist-info",
        expected=PRESERVED,
        found="six.py lost, and nothing said",
    ),
    "uv loses a neighbour's file when the disk is full": MadeUp(
        installer="uv==0.13.9",
        layout="small-environment",
        message=f"{UV}{SPACE}",
        contract="complete",
        path="purelib/six.py",
        expected=LOST,
    ),
    "uv makes holes in a neighbour whatever an install stops at": MadeUp(
        installer="uv==0.13.9",
        layout="plain",
        message=f"{UV}Permission denied (os error 13)",
        contract="honest-exit",
        path="purelib/six-1.0.dist-info",
        expected=HOLES,
    ),
    "uv tears its own file when the disk is full": MadeUp(
        installer="uv==0.13.9",
        layout="small-environment",
        message=f"{UV}{SPACE}",
        contract="complete",
        path="purelib/nvidia/cublas/__init__.py",
        expected="a file, as the RECORD of nvidia_cublas-2.0 says",
        found="a file of 7 bytes, mode 0644, sha256 0badf00d",
    ),
    "uv leaves a note in a neighbour's metadata when the disk is full": MadeUp(
        installer="uv==0.13.9",
        layout="small-environment",
        message=f"{UV}{SPACE}",
        contract="no-debris",
        path="purelib/six-1.0.dist-info/uv_cache.json",
        expected="nothing left by a step that failed",
        found="a file of 127 bytes, mode 0644, sha256 0badf00d",
    ),
    "uv fails on a whole tree for want of permission": MadeUp(
        installer="uv==0.13.9",
        layout="small-environment",
        message=f"{UV}Permission denied (os error 13)",
        contract="honest-exit",
        path="exit status",
        expected="exit 0, or what was there before",
        found="exit 2, and all that was asked for counts as installed",
    ),
    "uv removes a neighbour's script from a read-only environment": MadeUp(
        installer="uv==0.13.9",
        layout="read-only-site-packages",
        message=f"error: failed to remove file `{SITE}/nvidia_cublas-1.0.dist-info/INSTALLER`: {READ_ONLY}",
        contract="complete",
        path="scripts/six",
        expected=LOST,
    ),
    "uv loses a neighbour at a busy directory": MadeUp(
        installer="uv==0.13.9",
        layout="package-directory-is-mount",
        message=f"error: failed to remove directory `{SITE}/nvidia/cublas`: Device or resource busy (os error 16)",
        contract="failure-preserves",
        path="purelib/six-1.0.dist-info",
        expected=PRESERVED,
        found="six.py lost, and nothing said",
    ),
    "uv leaves a shared file torn when it uninstalls": MadeUp(
        installer="uv==0.13.9",
        layout="plain",
        message="",
        contract="complete",
        path="purelib/nvidia/__init__.py",
        expected="a file, as the RECORD of nvidia_cublas-1.0 says",
        found="a file of 7 bytes, mode 0644, sha256 0badf00d",
        action="uninstall",
    ),
    "pip leaves a neighbour with holes": MadeUp(
        installer="pip==26.3",
        layout="plain",
        message=f"{PIP}13] Permission denied: '{SITE}/nvidia/__init__.py'",
        contract="honest-exit",
        path="purelib/six-1.0.dist-info",
        expected=HOLES,
    ),
    "pip loses a neighbour at a file that is a mount": MadeUp(
        installer="pip==26.3",
        layout="file-bind",
        message=f"{PIP}16] Device or resource busy: '{SITE}/nvidia/__init__.py'",
        contract="complete",
        path="purelib/six.py",
        expected=LOST,
    ),
    "pip changes a file behind a link": MadeUp(
        installer="pip==26.3",
        layout="symlinked-site-packages",
        message="",
        contract="order-independent",
        path="purelib/nvidia/__init__.py",
        expected="a file of 1 bytes, as on plain",
        found="a file of 7 bytes, mode 0644, sha256 0badf00d",
        action="uninstall",
    ),
    "poetry loses a file behind a link": MadeUp(
        installer="poetry==2.5.1",
        layout="symlinked-site-packages",
        message="",
        contract="order-independent",
        path="purelib/six.py",
        expected="a file of 1 bytes, as on plain",
        action="uninstall",
    ),
}


def _evidence(one: MadeUp) -> Evidence:
    installed = Step(action="install", wheels=(OLD.key, SIX.key))
    last = Step(action=one.action, wheels=((OLD if one.action == "uninstall" else NEW).key,))
    case = Case(
        layout=layouts.load(one.layout),
        wheels=(OLD, NEW, SIX),
        steps=(installed, last),
        installer=one.installer,
        link_mode="copy",
    )
    outcomes = (Outcome(exit=0), Outcome(exit=2 if one.message else 0, message=one.message))
    steps = (
        StepEvidence(step=step, outcome=outcome, before=NOTHING, after=NOTHING)
        for step, outcome in zip(case.steps, outcomes, strict=True)
    )
    return Evidence(case=case, steps=tuple(steps))


def _violation(one: MadeUp) -> Violation:
    return Violation(contract=one.contract, path=one.path, expected=one.expected, found=one.found, step=1)


@pytest.mark.parametrize("about", MADE_UP)
def test_a_made_up_defect_is_not_known(about: str) -> None:
    one = MADE_UP[about]
    assert [known.id for known in reports.known((_violation(one),), _evidence(one))] == []


def test_the_same_harm_to_what_was_asked_for_is_known() -> None:
    one = replace(
        MADE_UP["uv wipes a neighbour when an upgrade runs out of inodes"],
        path="purelib/nvidia_cublas-1.0.dist-info",
        expected=PRESERVED.replace("six", "nvidia-cublas"),
    )
    assert [known.id for known in reports.known((_violation(one),), _evidence(one))] == ["uv:lost-by-upgrade"]
