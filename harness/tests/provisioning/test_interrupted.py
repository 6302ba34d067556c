"""Whoever is killed while he installs leaves nothing that counts, and whoever comes next cleans up."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from harness.provisioning import Release, provide, shelf
from harness.tests.provisioning.offered import SECONDS, busy_with, providing, until

if TYPE_CHECKING:
    from pathlib import Path

    from harness.tests.provisioning.offered import Offer

ONE = Release("installer", "9.1")
AFTER = ("lib/python*/site-packages/installer/__init__.py", "release.json")


@pytest.mark.parametrize("archive", ["wheel", "source"])
def test_a_run_that_is_killed_at_the_gate_is_made_good_by_the_next(cache: Path, offer: Offer, archive: str) -> None:
    # A wheel waits where it is asked for its version, a source archive within pip.
    (offer.installer if archive == "wheel" else offer.source_of_installer)("9.1")
    offer.close()
    with providing("9.1", cache) as process:
        offer.reached(process)
        process.kill()
    (left,) = (cache / "builds").iterdir()
    assert shelf.find(cache, ONE) is None
    assert shelf.listed(cache) == ()
    offer.open()
    # What pip had started outlives it, and writes to where it was told: into a build that nobody will look at.
    until(lambda: not busy_with(left))
    _is_whole(cache)
    assert not left.exists()


@pytest.mark.parametrize("seen", AFTER)
def test_a_run_that_is_killed_at_any_moment_is_made_good_by_the_next(cache: Path, offer: Offer, seen: str) -> None:
    offer.installer("9.1")
    with providing("9.1", cache) as process:
        until(lambda: any(cache.glob(f"builds/*/{seen}")) or process.poll() is not None)
        process.kill()
    until(lambda: not busy_with(cache / "builds"))
    _is_whole(cache)


def test_a_build_that_was_never_published_does_not_count(provisioned: Path, cache: Path, offer: Offer) -> None:
    offer.installer("9.1")
    shutil.copytree(provisioned, cache, symlinks=True)
    (cache / shelf.key(ONE)).unlink()
    (build,) = (cache / "builds").iterdir()
    assert shelf.find(cache, ONE) is None
    _is_whole(cache)
    assert not build.exists()


def test_leftovers_of_other_releases_go_unless_somebody_works_on_them(cache: Path, offer: Offer) -> None:
    offer.installer("9.1")
    builds = {name: cache / "builds" / f"{shelf.key(Release('uv', name))}.left" for name in ("0.1.1", "0.1.2")}
    for build in builds.values():
        (build / "lib").mkdir(parents=True)
    with shelf.locked(cache, shelf.key(Release("uv", "0.1.1"))):
        provide(ONE, cache=cache)
    assert [build.exists() for build in builds.values()] == [True, False]


@pytest.mark.parametrize("archive", ["wheel", "source"])
def test_ctrl_c_leaves_no_file_and_no_process(
    cache: Path, offer: Offer, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (offer.installer if archive == "wheel" else offer.source_of_installer)("9.1")
    offer.close()
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache.parent))
    command = [sys.executable, "-m", "harness.cli", "provision", "installer==9.1"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        offer.reached(process)
        os.kill(process.pid, signal.SIGINT)
        said = process.communicate(timeout=SECONDS)[1]
    assert process.returncode == 128 + signal.SIGINT
    assert said == "installer==9.1: installing ...\n"
    until(lambda: not busy_with(cache.parent / "exdev"))
    assert list((cache.parent / "exdev" / "releases" / "builds").iterdir()) == []


def _is_whole(cache: Path) -> None:
    provided = provide(ONE, cache=cache)
    assert [kept.directory for kept in shelf.listed(cache)] == [provided.directory]
    assert list((cache / "builds").iterdir()) == [provided.directory]
    subprocess.run([provided.scripts / "python", "-m", "installer"], check=True)
