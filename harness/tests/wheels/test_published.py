"""Published files: read as values, fetched once, checked by hash, and plainly missed when they cannot be had."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness import layouts
from harness.errors import FileInvalid, NoPublishedWheels, WheelUnavailable
from harness.model import Case, Plan, Step
from harness.run import Runner
from harness.strategies import directory_orders
from harness.tests.wheels.drawn import wheels
from harness.wheels import archive, bad, published
from harness.wheels.expected import expected
from harness.wheels.faults import faults
from harness.wheels.make import directories, reordered, wheel
from harness.wheels.manifests import load, manifest_of, skeleton

if TYPE_CHECKING:
    from pathlib import Path

    from harness.kernel.laboratory import Laboratory
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


@given(data=st.data(), made=wheels())
def test_an_archive_repacked_in_a_drawn_order_has_the_same_members(data: st.DataObject, made: Wheel) -> None:
    order = data.draw(directory_orders([made]))
    again = reordered(made, published.members([made], order))
    assert sorted(again.entries, key=repr) == sorted(made.entries, key=repr)


@given(data=st.data())
def test_directories_of_a_repacked_archive_come_into_being_in_the_drawn_order(data: st.DataObject) -> None:
    made = skeleton(load("nvidia-cuda-runtime-cu12-12.1.105"))
    order = data.draw(directory_orders([made]))
    again = reordered(made, published.members([made], order))
    created = list(_created(again))
    for directory in ("", *directories(made)):
        beside = [path for path in order if path.rpartition("/")[0] == directory]
        assert [path for path in created if path.rpartition("/")[0] == directory] == beside


def test_two_published_wheels_show_uv_1513_in_one_order_of_their_members_and_not_in_their_own(
    laboratory: Laboratory,
) -> None:
    pair = tuple(map(published.read, _kept([*published.REAL])))
    # What the filesystem lists first is what was created last, and of the shared file every parent is.
    last = ("nvidia", "nvidia/__init__.py")
    paths = dict.fromkeys(path for one in pair for path in (*directories(one), *_files(one)))
    order = (*sorted(paths.keys() - set(last), key=lambda path: path.startswith("nvidia/")), *last)
    case = Case(
        layout=layouts.load("cross-device-cache"),
        wheels=pair,
        steps=(Step(action="install", wheels=tuple(one.key for one in pair)),),
        plan=Plan(creation=published.members(pair, order)),
        installer="specimen:uv-0.1.2",
    )
    runner = Runner(laboratory, contracts=("complete",))
    assert runner.run(replace(case, plan=Plan())).holds
    assert not runner.run(case).holds


def test_a_skeletons_place_is_taken_by_the_published_members_under_the_skeletons_name() -> None:
    (path,) = _kept([NVTX])
    small = wheel("small")
    case = _case(skeleton(load(NVTX), tag="py3-none-any"), small, creation=("nvidia", "nvidia/nvtx"))
    made = published.instead(case)
    assert made.wheels[0].filename == "nvidia_nvtx_cu12-12.1.105-py3-none-any.whl"
    assert made.wheels[0].entries == published.read(path).entries
    assert made.wheels[1] == small
    again = reordered(made.wheels[0], made.plan.creation)
    assert sorted(again.entries, key=repr) == sorted(made.wheels[0].entries, key=repr)


def test_a_case_without_skeletons_has_no_published_wheels() -> None:
    with pytest.raises(NoPublishedWheels, match="none of its wheels is the skeleton of a published one"):
        published.instead(_case(wheel("small")))


def test_wheels_that_do_not_fit_into_memory_are_not_downloaded(
    monkeypatch: pytest.MonkeyPatch, offline: Path, tmp_path: Path
) -> None:
    assert offline.is_dir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(published, "_TIMES_IN_MEMORY", 10**9)
    with pytest.raises(NoPublishedWheels, match="MB of memory, of which"):
        published.instead(_case(skeleton(load(NVTX))))


@pytest.mark.usefixtures("offline")
def test_the_size_of_a_large_file_is_told_before_it_is_downloaded(tmp_path: Path) -> None:
    told: list[str] = []
    with pytest.raises(WheelUnavailable):
        published.fetch(["nvidia-cublas-cu12-12.3.4.1"], tmp_path / "cache", tell=told.append)
    large = "nvidia_cublas_cu12-12.3.4.1-py3-none-manylinux1_x86_64.whl"
    assert told == [f"downloading {large}, 626 MB when it is unpacked"]


def test_a_large_published_wheel_is_referred_to_by_its_hash_and_comes_back_whole() -> None:
    (path,) = _kept([NVTX])
    real = replace(published.read(path), tag="py3-none-any")
    short = published.referring(real)
    assert (short.entries, short.published) == ((), load(NVTX).sha256)
    assert published.whole(short) == real


def test_an_altered_published_wheel_keeps_its_entries() -> None:
    (path,) = _kept([NVTX])
    altered = replace(published.read(path), entries=published.read(path).entries[1:])
    assert published.referring(altered) == altered


@pytest.mark.parametrize("sha256", ["0" * 64, "x"])
def test_a_reference_to_no_manifest_is_refused(sha256: str) -> None:
    with pytest.raises(ValueError, match="no manifest of"):
        published.whole(replace(skeleton(load(NVTX)), entries=(), published=sha256))


def test_a_reference_beside_entries_is_refused() -> None:
    with pytest.raises(ValueError, match="beside entries"):
        published.whole(replace(skeleton(load(NVTX)), published=load(NVTX).sha256))


def _kept(keys: list[str]) -> tuple[Path, ...]:
    try:
        return published.fetch(keys)
    except WheelUnavailable as error:
        pytest.skip(str(error))


def _case(*made: Wheel, creation: tuple[str, ...] = ()) -> Case:
    steps = (Step(action="install", wheels=tuple(one.key for one in made)),)
    return Case(layout=layouts.load("plain"), wheels=made, steps=steps, plan=Plan(creation=creation))


def _created(made: Wheel) -> dict[str, None]:
    """Directories and files in the order in which unpacking creates them."""
    created: dict[str, None] = {}
    for entry in made.entries:
        parts = entry.path.split("/")
        created |= {"/".join(parts[: end + 1]): None for end in range(len(parts))}
    return created


def _files(made: Wheel) -> list[str]:
    return [entry.path for entry in made.entries if entry.kind == "file"]


def _offered(links: Path) -> tuple[Manifest, bytes]:
    """Offers a skeleton under the published name; answers the manifest it satisfies, and its bytes."""
    manifest = load(NVTX)
    data = archive.write(skeleton(manifest))
    (links / manifest.wheel).write_bytes(data)
    return replace(manifest, sha256=hashlib.sha256(data).hexdigest()), data
