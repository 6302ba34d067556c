"""Workers of pytest-xdist that were started elsewhere: they open laboratories of their own, and all results arrive."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import product
from pathlib import Path

import harness
from harness.matrix import read

# Each example says who ran it, and how many laboratories can be seen there: one that was inherited is beside the own.
SCENARIO = """
import os

from hypothesis import given, settings

from harness.kernel import laboratory, mountinfo
from harness.scenario import install, scenario
from harness.strategies import wheel_sets


def said(kind):
    labs = [entry.at for entry in mountinfo.read() if entry.source == laboratory.SOURCE]
    with open("seen", "a") as seen:
        seen.write(f"{kind} {os.environ['PYTEST_XDIST_WORKER']} {len(labs)}\\n")


@scenario(tags=["cross-device"], link_modes=["hardlink", "copy"])
@settings(max_examples=5)
@given(wheels=wheel_sets(max_size=2))
def test_wheels_are_installed_across_mounts(lab, wheels):
    said("RAN")
    lab.run(install(*wheels))


def test_temporary_files_lie_in_the_workers_own_laboratory(laboratory, tmp_path):
    assert str(tmp_path).startswith(laboratory.temporary)
    said("HAD")
"""
LAYOUTS = ("plain", "cross-device-cache", "docker-volume", "environment-is-mount-point")
OUTSIDE = [sys.executable, "-m", "harness.tests.outside"]


def test_workers_that_inherit_no_laboratory_run_scenarios_and_all_results_arrive(tmp_path: Path) -> None:
    worker = " ".join(["popen//python=" + sys.executable, *OUTSIDE[1:], "enter"])
    options = [
        "-p",
        "harness.scenario.plugin",
        "-p",
        "no:cacheprovider",
        "--import-mode=importlib",
        "-q",
        "--rootdir=.",
    ]
    chosen = [f"--layout={layout}" for layout in LAYOUTS]
    command = ["-m", "pytest", *options, *chosen, "-d", "--tx", f"2*{worker}", "--matrix=saved.json", "test_hosts.py"]
    # In and out by way of pipes: nobody out there sees this test's laboratory, in which `tmp_path` lies.
    script = f'cat > test_hosts.py && {sys.executable} "$@" && cat seen && cat saved.json'
    done = subprocess.run(
        [*OUTSIDE, "hold", "sh", "-c", script, "sh", *command],
        cwd=Path(harness.__file__).parents[1],
        input=SCENARIO,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    seen = re.findall(r"^(RAN|HAD) (gw\d) (\d+)$", done.stdout, re.MULTILINE)
    assert {worker for kind, worker, _ in seen if kind == "RAN"} == {"gw0", "gw1"}
    assert {labs for _, _, labs in seen} == {"1"}
    (tmp_path / "saved.json").write_text(done.stdout[done.stdout.index("\n{") :])
    results = read(tmp_path / "saved.json").results
    assert sorted((one.layout, one.link_mode) for one in results) == sorted(product(LAYOUTS, ("hardlink", "copy")))
    assert {one.state for one in results} == {"pass"}
