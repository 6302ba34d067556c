"""The data files are found wherever the package lies."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import harness
from harness.data import cache, fixtures

if TYPE_CHECKING:
    import pytest

PACKAGE = Path(harness.__file__).parent
ASK = "from harness.data import fixtures; print(fixtures())"


def test_the_fixtures_of_this_checkout_hold_layouts_reports_and_wheels() -> None:
    assert {path.name for path in fixtures().iterdir()} >= {"layouts", "wheels"}


def test_an_installed_package_finds_the_fixtures_inside_itself(tmp_path: Path) -> None:
    _copied(tmp_path)
    (tmp_path / "harness/fixtures").mkdir()
    (tmp_path / "fixtures").mkdir()
    assert _asked(tmp_path).stdout == f"{tmp_path}/harness/fixtures\n"


def test_a_package_without_its_data_says_so(tmp_path: Path) -> None:
    _copied(tmp_path)
    assert "the installation is incomplete" in _asked(tmp_path).stderr


def test_downloads_lie_where_the_user_says_or_in_the_home_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    assert str(cache("wheels")) == "/home/somebody/.cache/exdev/wheels"
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert str(cache("wheels")) == "/elsewhere/exdev/wheels"


def _copied(place: Path) -> None:
    (place / "harness").mkdir()
    for name in ("__init__.py", "data.py"):
        shutil.copy(PACKAGE / name, place / "harness" / name)


def _asked(place: Path) -> subprocess.CompletedProcess[str]:
    # Isolated from this interpreter's own path, so that it is the copy that answers.
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(place)!r}); {ASK}"]
    return subprocess.run(command, capture_output=True, text=True, check=False)
