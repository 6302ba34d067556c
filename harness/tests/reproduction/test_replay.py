"""`exdev replay FILE`: the same violation again, a status that can be trusted, clear words for wrong files."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness import reports
from harness.data import fixtures
from harness.errors import WheelUnavailable
from harness.model import Plan, Step
from harness.reproduction import save
from harness.reproduction.recognise import Sought
from harness.reproduction.report_answer import report_answer
from harness.reproduction.sameness import same
from harness.run import Runner
from harness.tests.test_repository import marked
from harness.wheels import published
from harness.wheels.manifests import load, skeleton

if TYPE_CHECKING:
    from pathlib import Path

    from harness.kernel.laboratory import Laboratory
    from harness.model import Case
    from harness.reproduction.recognise import Shown
    from harness.run import Verdict

# A user's own report, in no catalogue; of its contracts the historical algorithm breaks `complete` alone.
OWN = """\
id = "mine#1"
url = "https://example.org/1"
title = "t"
why = "w"
installer = "uv"
status = "open"
affected = ">=0.1"
red = ["0.1.2"]
layout = "cross-device-cache"
link_mode = "hardlink"
creation = ["a-1.0.dist-info", "b-1.0.dist-info", "nvidia", "nvidia/__init__.py"]
wheel = [{ name = "a", files = ["nvidia/__init__.py"] }, { name = "b", files = ["nvidia/__init__.py"] }]
step = [{ action = "install", wheels = ["a-1.0", "b-1.0"] }]

[[sign]]
contract = "complete"
"""


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


def _own(tmp_path: Path, text: str = OWN) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return path


def _released(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    done = replay(*arguments)
    if "is not provided" in done.stderr:
        pytest.skip(done.stderr)
    return done


@pytest.mark.parametrize("name", ["uv-1513-small", fixtures() / "reports" / "uv-1513-small.toml"], ids=["name", "file"])
def test_a_report_is_replayed_by_its_name_and_from_its_file(name: str | Path) -> None:
    done = _released(name)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("uv#1513-small: shown by uv==0.1.2\n    also broken     complete (uv#2336)\n\n")
    assert "failed to rename file from {purelib}/.tmp" in done.stdout
    assert done.stdout.count("known as    uv#1513-small, ") == 1
    fixed = replay(name, "--installer", "reference")
    assert fixed.returncode == 0
    assert fixed.stdout.startswith("uv#1513-small: not shown by reference\n\nreference keeps every contract ")
    assert "known as" not in fixed.stdout


def test_a_release_without_the_defect_is_not_red_by_another_one() -> None:
    done = _released("uv-1513-small", "--installer", "uv==0.1.3")
    assert (done.returncode, done.stderr) == (4, "")
    assert done.stdout.startswith("uv#1513-small: not shown by uv==0.1.3\n    broken instead  complete (uv#2336)\n\n")


def test_the_answer_in_the_readme_is_what_is_said() -> None:
    done = _released("uv-1513", "--installer", "uv==0.1.3")
    assert done.returncode == 4
    assert done.stdout.startswith(f"{marked('answer')}\n")


def test_what_is_broken_beside_the_defect_is_said_too() -> None:
    done = _released("uv-15238", "--installer", "uv==0.1.3")
    assert done.returncode == 1
    assert done.stdout.startswith("uv#15238: shown by uv==0.1.3\n    also broken     complete (uv#2336)\n\n")


def test_a_report_of_ones_own_is_held_against_its_own_signs(tmp_path: Path) -> None:
    done = replay(_own(tmp_path), "--installer", "specimen:uv-0.1.2")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("mine#1: shown by specimen:uv-0.1.2\n\nspecimen:uv-0.1.2 breaks `complete` ")
    other = _own(tmp_path, f'{OWN}found = "^something else$"\nmessage = "no such words"\n')
    done = replay(other, "--installer", "specimen:uv-0.1.2")
    assert (done.returncode, done.stderr) == (4, "")
    assert done.stdout.startswith(
        "mine#1: not shown by specimen:uv-0.1.2\n    broken instead  complete (no report explains it)\n\n"
    )


def test_a_report_of_ones_own_is_named_among_those_that_explain(tmp_path: Path) -> None:
    done = _released(_own(tmp_path))
    assert done.returncode == 1
    assert done.stdout.startswith("mine#1: shown by uv==0.1.2\n\n")
    known = re.findall("known as    (.*)", done.stdout)
    assert known[0] == "mine#1, open: https://example.org/1"
    assert "uv#2336, fixed: https://github.com/astral-sh/uv/pull/2336" in known


def test_a_defect_that_shows_in_part_is_not_shown(tmp_path: Path) -> None:
    own = _own(tmp_path, f'{OWN}[[sign]]\ncontract = "no-debris"\n')
    done = replay(own, "--installer", "specimen:uv-0.1.2")
    assert done.returncode == 4
    assert done.stdout.startswith("mine#1: shown in part by specimen:uv-0.1.2: complete, and not no-debris\n\n")


def test_steps_that_were_not_done_are_said_to_be_left_out(tmp_path: Path) -> None:
    done = replay(_own(tmp_path), "--installer", "specimen:uv-0.1.2", "--steps", "0")
    assert done.returncode == 0
    assert done.stdout.startswith("mine#1 without its last step: not shown by specimen:uv-0.1.2\n\n")


@pytest.mark.parametrize(
    ("affected", "red", "sign", "said"),
    [
        ("<0.1.2", "0.1.1", "", 'affected = "<0.1.2", by which uv==0.1.2 does not have it'),
        ("<0.1.3", "0.1.1", 'message = "no such words"', 'affected = "<0.1.3", by which uv==0.1.2 has it'),
    ],
)
def test_an_answer_that_contradicts_the_report_says_so(
    tmp_path: Path, affected: str, red: str, sign: str, said: str
) -> None:
    text = OWN.replace("0.1.2", red).replace('">=0.1"', f'"{affected}"')
    done = _released(_own(tmp_path, f"{text}{sign}\n"), "--installer", "uv==0.1.2")
    assert f"\n    disagrees       the report says {said}\n\n" in done.stdout


def test_a_defect_that_shows_in_one_of_two_runs_is_said_to_do_so(
    tmp_path: Path, case: Case, laboratory: Laboratory
) -> None:
    runner = Runner(laboratory)
    shows, holds = runner.run(case), runner.run(replace(case, installer="reference"))
    report = reports.load(_own(tmp_path))
    runs = (shows, replace(holds, case=case))
    labels: list[Shown] = [Sought(report=report).shown(run) for run in runs]
    text = report_answer(report, runs, labels, known=())
    assert text == "mine#1: shown by specimen:uv-0.1.2 in 1 of 2 runs"


def test_ctrl_c_is_no_verdict(tmp_path: Path) -> None:
    # Eleven thousand files: what is interrupted is a run.
    words = [sys.executable, "-m", "harness.cli", "replay", "uv-1513-torch", "--installer", "specimen:uv-0.1.2"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=tmp_path, stdout=pipe, stderr=pipe, text=True) as child:
        while os.readlink(f"/proc/{child.pid}/ns/mnt") == os.readlink("/proc/self/ns/mnt"):
            assert child.poll() is None
            time.sleep(0.01)
        child.send_signal(signal.SIGINT)
        told = child.communicate()
    assert (child.returncode, told) == (128 + signal.SIGINT, ("", ""))
    assert list(tmp_path.iterdir()) == []


def test_every_exit_status_is_in_the_help() -> None:
    done = replay("--help")
    assert done.returncode == 0
    statuses = done.stdout.partition("exit status:\n")[2].partition("\nexamples:")[0]
    assert re.findall(r"^  (\d+) ", statuses, re.MULTILINE) == ["0", "1", "2", "3", "4", "130"]
