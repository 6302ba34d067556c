"""What is published is what pip could install, in the order of versions; without an index, what is here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.errors import NotProvided, UnknownName
from harness.provisioning import Release, here, published

if TYPE_CHECKING:
    from pathlib import Path

    from harness.tests.provisioning.offered import Offer


def test_what_is_published_comes_in_the_order_of_versions_without_pre_releases(offer: Offer) -> None:
    for version in ("9.10", "9.2", "10.0rc1", "9.3.dev1"):
        offer.installer(version)
    offer.source_of_installer("8.0")
    assert published("installer") == tuple(Release("installer", version) for version in ("8.0", "9.2", "9.10"))


@pytest.mark.usefixtures("offer")
def test_an_index_that_has_nothing_is_told_so() -> None:
    with pytest.raises(NotProvided, match="No matching distribution found for installer"):
        published("installer")


def test_what_is_here_needs_no_index(provisioned: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "exdev").mkdir()
    (tmp_path / "exdev" / "releases").symlink_to(provisioned)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert here("installer") == (Release("installer", "9.1"),)
    assert here("uv") == ()


def test_only_known_installers_have_releases() -> None:
    for asked in (published, here):
        with pytest.raises(UnknownName, match="'flit'"):
            asked("flit")
