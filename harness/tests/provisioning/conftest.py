"""What the tests of provisioning share: a pip without an index, and files for it to find."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from harness.provisioning import Release, provide
from harness.tests.provisioning.offered import Offer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Offer]:
    """No index for pip, only what a test puts into a directory."""
    made = _offer(monkeypatch, tmp_path)
    yield made
    made.end()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Where releases are kept."""
    return tmp_path / "cache" / "releases"


@pytest.fixture(scope="session")
def provisioned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache that has installer 9.1; nothing is offered to pip any more. Not to be changed."""
    place = tmp_path_factory.mktemp("provisioned")
    with pytest.MonkeyPatch.context() as monkeypatch:
        made = _offer(monkeypatch, place)
        made.installer("9.1")
        provide(Release("installer", "9.1"), cache=place / "releases")
        made.end()
    yield place / "releases"
    shutil.rmtree(place)


def _offer(monkeypatch: pytest.MonkeyPatch, place: Path) -> Offer:
    made = Offer(place)
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    # pip would keep what it builds, under a path that is another test's in the next run.
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(made.directory))
    return made
