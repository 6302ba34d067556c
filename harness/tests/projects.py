"""Projects other than this one, with tests of their own, and how they are run."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Knows nothing of exdev, and has a fixture of its own that happens to be called as one of ours.
UNRELATED = """
import json, os, sys, tempfile, threading

import pytest
from hypothesis import settings

@pytest.fixture(params=["left", "right"])
def layout(request):
    return request.param

def test_nothing_of_ours(layout, pytestconfig, tmp_path):
    assert layout in ("left", "right")
    print("SEEN", json.dumps({
        "namespaces": [os.readlink(f"/proc/self/ns/{kind}") for kind in ("mnt", "user")],
        "options": {name: repr(value) for name, value in vars(pytestconfig.option).items() if name != "plugins"},
        "profile": [settings.get_current_profile_name(), repr(settings())],
        "temporary": [tempfile.gettempdir(), str(tmp_path.parent.parent.parent)],
        "environment": {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"},
        "directory": os.getcwd(),
        "threads": threading.active_count(),
        "user": os.getuid(),
    }))
    print("LOADED", json.dumps(sorted(name for name in sys.modules if name.split(".")[0] == "harness")))
"""

RELATED = """
import os
import pytest

LAYOUTS = ["plain", "cross-device-cache", "docker-volume", "nested-tmpfs"]

@pytest.mark.parametrize("layout", LAYOUTS, indirect=True)
def test_wheels_lie_in_a_real_site(layout, site, wheel_set):
    assert sorted(os.listdir(site.role("wheelhouse"))) == sorted(wheel.filename for wheel in wheel_set)
    same = os.stat(site.role("cache")).st_dev == os.stat(site.role("purelib")).st_dev
    assert same == (layout.name in ("plain", "nested-tmpfs"))

def test_the_plain_layout_is_the_default(layout, site, tmp_path):
    assert layout.name == "plain"
    assert os.path.isdir(site.role("environment"))
"""


def ran(
    project: Path, *arguments: str, user: str = "same", python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    """A pytest run in a project, as the user who runs this, or one of `unprivileged`."""
    command = [python, "-m", "pytest", *arguments]
    if user != "same":
        command = [sys.executable, "-m", "harness.tests.unprivileged", user, *command]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


def seen(output: str, word: str) -> list[object]:
    """What UNRELATED printed behind a word, once for each of its two tests."""
    return [json.loads(line.split(word, 1)[1]) for line in output.splitlines() if word in line]
