"""Published files: read as values, fetched once, checked by hash, and plainly missed when they cannot be had."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from harness.errors import FileInvalid, WheelUnavailable
from harness.tests.wheels.drawn import wheels
from harness.wheels import archive, bad, published
from harness.wheels.expected import expected
from harness.wheels.faults import faults
from harness.wheels.manifests import load, manifest_of, skeleton

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model import Wheel
    from harness.wheels.manifest_file import Manifest

NVTX = "nvidia-nvtx-cu12-12.1.105"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No index for pip, only the files of a directory, which is the answer."""
    links = tmp_path / "links"
    links.mkdir()
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    return links


@given(made=wheels())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the file is overwritten whole each time
def test_an_archive_is_read_back_as_the_same_value(tmp_path: Path, made: Wheel) -> None:
    path = tmp_path / made.filename
    path.write_bytes(archive.write(made))
    published.read.cache_clear()
    assert published.read(path) == made


@pytest.mark.parametrize("name", ["symlink", "file-and-listed-directory", "beyond-ascii", "duplicate-entry"])
def test_a_bad_archive_is_read_back_as_the_same_value(tmp_path: Path, name: str) -> None:
    made = bad.BAD[name]()
    path = tmp_path / made.filename
    path.write_bytes(archive.write(made))
    published.read.cache_clear()
    assert published.read(path) == made


def test_a_truncated_archive_is_not_read(tmp_path: Path) -> None:
    made = bad.truncated()
    path = tmp_path / made.filename
    path.write_bytes(archive.write(made))
    with pytest.raises(FileInvalid):
        published.read(path)


def test_a_fetched_file_is_kept_and_used_without_an_index(tmp_path: Path, offline: Path) -> None:
    manifest, data = _offered(offline)
    kept = published._fetch(manifest, tmp_path / "cache")
    assert kept.read_bytes() == data
    (offline / manifest.wheel).unlink()
    assert published._fetch(manifest, tmp_path / "cache") == kept
    assert list((tmp_path / "cache").iterdir()) == [kept]


def test_a_kept_file_that_was_changed_is_fetched_again(tmp_path: Path, offline: Path) -> None:
    manifest, data = _offered(offline)
    (tmp_path / manifest.wheel).write_bytes(b"changed")
    assert published._fetch(manifest, tmp_path).read_bytes() == data


@pytest.mark.usefixtures("offline")
def test_offline_the_error_names_the_file_and_how_to_provide_it(tmp_path: Path) -> None:
    with pytest.raises(WheelUnavailable) as caught:
        published.fetch([NVTX], tmp_path / "cache")
    message = str(caught.value)
    assert load(NVTX).wheel in message
    assert load(NVTX).sha256 in message
    assert f"into {tmp_path / 'cache'}" in message
    assert "No matching distribution found" in message
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_download_with_another_hash_is_not_kept(tmp_path: Path, offline: Path) -> None:
    _offered(offline)
    with pytest.raises(WheelUnavailable, match="what was downloaded has sha256"):
        published.fetch([NVTX], tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("name", published.REAL)
def test_a_published_wheel_is_what_its_manifest_says(name: str) -> None:
    try:
        (path,) = published.fetch([name])
    except WheelUnavailable as error:
        pytest.skip(str(error))
    real = published.read(path)
    assert real.key == name
    assert faults(real) == ()
    assert manifest_of(path) == load(name)
    assert set(expected([real]).files) == set(expected([skeleton(load(name))]).files)


def _offered(links: Path) -> tuple[Manifest, bytes]:
    """Offers a skeleton under the published name; answers the manifest it satisfies, and its bytes."""
    manifest = load(NVTX)
    data = archive.write(skeleton(manifest))
    (links / manifest.wheel).write_bytes(data)
    return replace(manifest, sha256=hashlib.sha256(data).hexdigest()), data
