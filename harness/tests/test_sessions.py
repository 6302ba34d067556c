"""The README's sessions, typed as they stand: from a bug report to a script that shows it, and who has the defect."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness import provisioning
from harness.errors import NotProvided

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# What each command of a session ends with, as far as it is not 0: it shows the violation.
RED = ("pytest", "exdev replay", "sh")
FAILURE = re.compile(r"\.exdev/failures/\w+\.toml")


def session(name: str) -> list[str]:
    [block] = re.findall(rf"^<!-- session: {name} -->\n```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [line for line in block.splitlines() if not line.startswith("#")]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A project with the scenarios, as a clone of this one is."""
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    try:
        provisioning.newest("uv")
    except NotProvided as missing:
        pytest.skip(str(missing))
    return tmp_path


def typed(line: str, place: Path) -> subprocess.CompletedProcess[str]:
    """A command as somebody types it whose virtual environment is active."""
    path = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/sh", "-c", line],
        cwd=place,
        env={**os.environ, "PATH": path, "PYTEST_ADDOPTS": "-p no:cacheprovider"},
        capture_output=True,
        text=True,
        check=False,
    )


def follow(name: str, place: Path) -> dict[str, str]:
    """Each command of a session with what it printed; it has to end as it should."""
    said: dict[str, str] = {}
    for line in session(name):
        # Hypothesis need not shrink to the very case that the README's author met.
        saved = [str(path.relative_to(place)) for path in (place / ".exdev/failures").glob("*.toml")]
        done = typed(FAILURE.sub(saved[0], line) if saved else line, place)
        assert done.returncode == line.startswith(RED), f"{line}\n{done.stdout}{done.stderr}"
        said[" ".join(line.split()[: 1 + line.startswith("exdev")])] = done.stdout
    return said


def test_uv_1513_from_its_report_to_its_range(place: Path) -> None:
    said = follow("uv-1513", place)
    for told in (said["pytest"], said["exdev replay"], said["sh"]):
        assert re.search(r"failed to rename file from \S+/__init__\.py to \S+/nvidia/__init__\.py", told)
        assert "No such file or directory (os error 2)" in told
    assert "known as    uv#1513, fixed: https://github.com/astral-sh/uv/issues/1513" in said["exdev replay"]
    assert 'affected      ">=0.0.5,<0.1.3"' in said["exdev bisect"]
    assert said["sh"].endswith("reproduced\n")
    assert "0.1.3" in (place / "uv-1513.md").read_text(encoding="utf-8")


def test_the_nested_mount_from_its_report_to_its_range(place: Path) -> None:
    said = follow("uv-nested-mount", place)
    for told in (said["pytest"], said["exdev replay"], said["sh"]):
        assert "Invalid cross-device link (os error 18)" in told
    assert "last bad      " in said["exdev bisect"]
    assert "the newest that was published" in said["exdev bisect"]
    assert said["sh"].endswith("reproduced\n")
