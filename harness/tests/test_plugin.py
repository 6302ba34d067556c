"""The plugin in other projects: nothing at all while unused; sites and wheels for whoever asks, root or not."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

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

ENTERS_EARLY = "[pytest]\nexdev_laboratory = true\nfaulthandler_timeout = 60\n"
ENTERS_LATE_BESIDE_A_THREAD = "[pytest]\nfaulthandler_timeout = 60\n"


def ran(project: Path, *arguments: str, user: str = "same") -> subprocess.CompletedProcess[str]:
    """A pytest run in a project of its own, as the user who runs this, or one of `unprivileged`."""
    command = [sys.executable, "-m", "pytest", *arguments]
    if user != "same":
        command = [sys.executable, "-m", "harness.tests.unprivileged", user, *command]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


def seen(output: str, word: str) -> list[object]:
    """What UNRELATED printed behind a word, once for each of its two tests."""
    return [json.loads(line.split(word, 1)[1]) for line in output.splitlines() if word in line]


@pytest.fixture
def unrelated(tmp_path: Path) -> Path:
    (tmp_path / "test_unrelated.py").write_text(UNRELATED)
    return tmp_path


@pytest.fixture
def related(tmp_path: Path) -> Path:
    (tmp_path / "test_related.py").write_text(RELATED)
    return tmp_path


def test_an_unrelated_project_sees_no_difference(unrelated: Path) -> None:
    loaded, blocked = (ran(unrelated, "-s", *extra).stdout for extra in ((), ("-p", "no:exdev")))
    assert len(seen(loaded, "SEEN")) == 2
    assert seen(loaded, "SEEN") == seen(blocked, "SEEN")


def test_an_unrelated_project_loads_one_module_of_ours(unrelated: Path) -> None:
    assert seen(ran(unrelated, "-s").stdout, "LOADED") == [["harness", "harness.plugin"]] * 2


def test_an_unrelated_project_gets_no_option_of_ours(unrelated: Path) -> None:
    assert "unrecognized arguments: --layout" in ran(unrelated, "--layout=plain").stderr


@pytest.mark.parametrize("user", ["same", "plain"])
def test_a_project_uses_the_fixtures_at_its_first_use(related: Path, user: str) -> None:
    done = ran(related, user=user)
    assert " 5 passed " in done.stdout, done.stdout


@pytest.mark.parametrize("user", ["same", "plain"])
def test_a_project_with_threads_enters_before_they_start(related: Path, user: str) -> None:
    (related / "pytest.ini").write_text(ENTERS_EARLY)
    done = ran(related, "-n", "2", user=user)
    assert " 5 passed " in done.stdout, done.stdout


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["faulthandler", "xdist"])
def test_too_late_to_enter_names_the_setting_that_helps(related: Path, arguments: tuple[str, ...]) -> None:
    (related / "pytest.ini").write_text(ENTERS_LATE_BESIDE_A_THREAD)
    done = ran(related, *arguments, user="plain")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "set `exdev_laboratory = true` in pytest's configuration" in done.stdout
    assert "Traceback" not in done.stdout


def test_where_nothing_helps_the_machine_is_named_before_any_test(related: Path) -> None:
    (related / "pytest.ini").write_text(ENTERS_EARLY)
    done = ran(related, user="hemmed-in")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "sudo sysctl -w user.max_user_namespaces=15000" in done.stderr


def test_where_nothing_helps_each_test_names_the_machine(related: Path) -> None:
    done = ran(related, user="hemmed-in")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "sudo sysctl -w user.max_user_namespaces=15000" in done.stdout
