"""The built wheel is whole: installed where there is no checkout, it does what the checkout does."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from harness import layouts
from harness.tests.projects import RELATED, UNRELATED, ran, seen

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    if importlib.util.find_spec("pip") is None:
        pytest.skip("this environment has no pip to build a wheel with")
    place = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(place), str(ROOT)]
    if importlib.util.find_spec("hatchling"):
        command.append("--no-build-isolation")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "No matching distribution found for hatchling" in done.stderr:
        pytest.skip("hatchling, which builds the wheel, is neither installed nor to be had: no package index answers")
    assert done.returncode == 0, done.stderr
    return next(place.glob("exdev-*.whl"))


@pytest.fixture(scope="session")
def python(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The interpreter of a new environment that has the wheel, and this environment's packages for its dependencies."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, symlinks=True, with_pip=False)
    fresh = f"{place}/bin/python"
    install = [sys.executable, "-m", "pip", "--python", fresh, "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, str(archive)], check=True)
    # A line of a .pth file extends the path without reading the .pth files found there (site's documentation): an
    # editable exdev among these packages stays out of sight.
    packages = next(place.glob("lib/python*/site-packages"))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    where = subprocess.run(
        [fresh, "-Ic", "import harness; print(harness.__file__)"], stdout=subprocess.PIPE, check=True
    )
    assert where.stdout.decode().startswith(f"{packages}/harness/")
    return fresh


def test_the_wheel_carries_every_fixture_and_no_test(archive: Path) -> None:
    names = set(zipfile.ZipFile(archive).namelist())
    carried = {name.removeprefix("harness/") for name in names if name.startswith("harness/fixtures/")}
    assert carried == {str(path.relative_to(ROOT)) for path in (ROOT / "fixtures").rglob("*") if path.is_file()}
    assert {"harness/py.typed", "harness/cli.py", "harness/matrix/schema.json"} <= names
    parts = {str(path.relative_to(ROOT)) for path in (ROOT / "harness" / "matrix" / "page").iterdir()}
    assert len(parts) == len({name for name in names if name.startswith("harness/matrix/page/")} & parts) == 3
    assert not {name for name in names if name.startswith(("harness/tests/", "scenarios/"))}


def test_an_installed_harness_finds_the_whole_catalogue(python: str, tmp_path: Path) -> None:
    ask = "from harness import layouts; print(*map(layouts.load, layouts.names()), sep='\\n')"
    done = subprocess.run([python, "-Ic", ask], cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.splitlines() == [repr(layouts.load(name)) for name in layouts.names()]


def test_an_installed_doctor_answers_for_machines(python: str, tmp_path: Path) -> None:
    command = [str(Path(python).with_name("exdev")), "doctor", "--json"]
    done = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, check=True)
    assert json.loads(done.stdout)["missing"] == []


def test_an_installed_check_needs_no_checkout(python: str, tmp_path: Path) -> None:
    command = [str(Path(python).with_name("exdev")), "check", "bind-cache", "--installer", "reference"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("\nSafe: reference does here what it does on plain storage.\n")


def test_a_project_beside_an_installed_harness_sees_no_difference(python: str, tmp_path: Path) -> None:
    (tmp_path / "test_unrelated.py").write_text(UNRELATED)
    loaded, blocked = (ran(tmp_path, "-s", *extra, python=python).stdout for extra in ((), ("-p", "no:exdev")))
    assert len(seen(loaded, "SEEN")) == 2
    assert seen(loaded, "SEEN") == seen(blocked, "SEEN")


@pytest.mark.parametrize("user", ["same", "plain"])
def test_a_project_uses_the_fixtures_of_an_installed_harness(python: str, tmp_path: Path, user: str) -> None:
    (tmp_path / "test_related.py").write_text(RELATED)
    done = ran(tmp_path, user=user, python=python)
    assert " 5 passed " in done.stdout, done.stdout
