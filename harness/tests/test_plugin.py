"""The plugin in other projects: nothing at all while unused; sites and wheels for whoever asks, root or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.tests.projects import RELATED, UNRELATED, ran, seen

if TYPE_CHECKING:
    from pathlib import Path

ENTERS_EARLY = "[pytest]\nexdev_laboratory = true\nfaulthandler_timeout = 60\n"
ENTERS_LATE_BESIDE_A_THREAD = "[pytest]\nfaulthandler_timeout = 60\n"


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
    assert done.stdout.count("Remedy:") == done.stdout.count("Remedy: set `exdev_laboratory")


def test_a_misspelt_layout_is_told_without_a_traceback(related: Path) -> None:
    test = related / "test_related.py"
    test.write_text(test.read_text().replace('"docker-volume"', '"dcker-volume"', 1))
    done = ran(related)
    assert "unknown layout 'dcker-volume'; did you mean 'docker-volume'?" in done.stdout
    assert "catalog.py" not in done.stdout


def test_where_nothing_helps_the_machine_is_named_before_any_test(related: Path) -> None:
    (related / "pytest.ini").write_text(ENTERS_EARLY)
    done = ran(related, user="hemmed-in")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "sudo sysctl -w user.max_user_namespaces=15000" in done.stderr


def test_where_nothing_helps_each_test_names_the_machine(related: Path) -> None:
    done = ran(related, user="hemmed-in")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "sudo sysctl -w user.max_user_namespaces=15000" in done.stdout
