"""`exdev replay FILE`: the same violation again, a status that can be trusted, clear words for wrong files."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.data import fixtures
from harness.errors import WheelUnavailable
from harness.model import Plan, Step
from harness.reproduction import save
from harness.reproduction.sameness import same
from harness.wheels import published
from harness.wheels.manifests import load, skeleton

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model import Case
    from harness.run import Verdict


def replay(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness.cli", "replay", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_saved_failure_fails_in_the_same_way(tmp_path: Path, case: Case, verdict: Verdict) -> None:
    done = replay(save(case, tmp_path))
    assert (done.returncode, done.stderr) == (1, "")
    for violation in verdict.violations:
        assert violation.path.partition("/")[2] in done.stdout


def test_another_installer_may_keep_every_contract(tmp_path: Path, case: Case) -> None:
    done = replay(save(case, tmp_path), "--installer", "reference")
    assert done.returncode == 0
    assert done.stdout.startswith("reference keeps every contract on cross-device-cache")


def test_a_trace_shows_what_succeeded_too(tmp_path: Path, case: Case) -> None:
    done = replay(save(case, tmp_path), "--trace")
    assert "mkdir      ok" in done.stdout


@pytest.mark.parametrize("text", ["format = 99\n", "nonsense"])
def test_a_file_that_is_no_case_is_two(tmp_path: Path, text: str) -> None:
    path = tmp_path / "case.toml"
    path.write_text(text)
    done = replay(path)
    assert done.returncode == 2
    assert "case.toml is not usable" in done.stderr
    assert "Traceback" not in done.stderr


def test_published_wheels_take_the_place_of_their_skeletons(tmp_path: Path, case: Case) -> None:
    try:
        published.fetch()
    except WheelUnavailable as error:
        pytest.skip(str(error))
    made = _published(case)
    done = replay(save(made, tmp_path), "--wheels", "real", "--installer", "specimen:uv-0.1.2")
    assert done.returncode == 1, done.stderr
    # A skeleton's files have 64 bytes at most.
    assert re.search(r"expected a file of \d{4,} bytes from nvidia-", done.stdout)


def test_published_wheels_that_cannot_be_downloaded_are_two(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, case: Case
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    done = replay(save(_published(case), tmp_path), "--wheels", "real")
    assert done.returncode == 2
    assert "is not available: pip download failed" in done.stderr


def test_a_case_without_skeletons_replays_no_published_wheels(tmp_path: Path, case: Case) -> None:
    done = replay(save(case, tmp_path), "--wheels", "real")
    assert (done.returncode, done.stdout) == (2, "")
    assert "none of its wheels is the skeleton of a published one" in done.stderr


def _published(case: Case) -> Case:
    """An installation of the two smallest published wheels, in the order that uv#1513 needs."""
    wheels = tuple(skeleton(load(name), tag="py3-none-any") for name in published.REAL)
    info = tuple(wheel.dist_info for wheel in wheels)
    step = Step(action="install", wheels=tuple(wheel.key for wheel in wheels))
    order = (*info, "nvidia", "nvidia/nvtx", "nvidia/cuda_runtime", "nvidia/__init__.py")
    return replace(case, wheels=wheels, steps=(step,), plan=Plan(creation=order))


def test_a_missing_file_and_an_unknown_installer_are_two(tmp_path: Path, case: Case) -> None:
    assert replay(tmp_path / "none.toml").returncode == 2
    done = replay(save(case, tmp_path), "--installer", "specimen:uv-0.1")
    assert done.returncode == 2
    assert "did you mean 'specimen:uv-0.1.2'?" in done.stderr


def test_no_file_decides_which_program_of_this_machine_is_run(tmp_path: Path, case: Case) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho it ran\n")
    program.chmod(0o755)
    path = save(replace(case, installer=f"path:{program}"), tmp_path)
    done = replay(path)
    assert done.returncode == 2
    assert f"say --installer path:{program}" in done.stderr
    assert "it ran" not in done.stderr
    named = replay(path, "--installer", f"path:{program}")
    assert named.returncode == 2
    assert "its --version says 'it ran'" in named.stderr


def test_a_machine_that_lacks_what_the_layout_needs_is_two(tmp_path: Path, case: Case) -> None:
    lacking = replace(case, layout=replace(case.layout, requires=("reflink",)))
    done = replay(save(lacking, tmp_path))
    assert done.returncode == 2
    assert "layout 'cross-device-cache' needs 'reflink', which is missing here: " in done.stderr


def test_problems_of_its_layout_are_told_with_the_file(tmp_path: Path, case: Case) -> None:
    wrong = replace(case.layout.mounts[0], at="{cash}/x")
    done = replay(save(replace(case, layout=replace(case.layout, mounts=(wrong,))), tmp_path))
    assert done.returncode == 2
    assert ".toml is not usable" in done.stderr
    assert "layout.mount[0].at" in done.stderr


def test_runs_that_differ_are_not_the_same(verdict: Verdict) -> None:
    assert same(verdict, replace(verdict))
    assert not same(verdict, replace(verdict, violations=()))


@pytest.mark.parametrize("name", ["uv-1513-small", fixtures() / "reports" / "uv-1513-small.toml"], ids=["name", "file"])
def test_a_report_is_replayed_by_its_name_and_from_its_file(name: str | Path) -> None:
    done = replay(name)
    assert (done.returncode, done.stderr) == (1, "")
    assert "failed to rename file from {purelib}/.tmp" in done.stdout
    assert "known as    uv#1513" in done.stdout
    fixed = replay(name, "--installer", "reference")
    assert fixed.returncode == 0
    assert "known as" not in fixed.stdout
