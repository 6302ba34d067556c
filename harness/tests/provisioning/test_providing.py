"""A release is installed once, is what it says it is, and is plainly missed when it cannot be had."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from harness.errors import NotProvided
from harness.provisioning import Release, provide, shelf
from harness.tests.provisioning.offered import SECONDS, providing

if TYPE_CHECKING:
    from pathlib import Path

    from harness.tests.provisioning.offered import Offer

ONE = Release("installer", "9.1")


def test_a_published_release_is_installed_and_runs(cache: Path) -> None:
    release = Release("installer", "0.7.0")
    try:
        provided = provide(release, cache=cache)
    except NotProvided as error:
        pytest.skip(str(error))
    assert provided.release == release
    for python, path in ((provided.scripts / "python", None), (sys.executable, provided.library)):
        environment = {"PYTHONPATH": str(path)} if path else {}
        done = _run([str(python), "-m", "installer", "--help"], environment)
        assert "usage: " in done.stdout


@pytest.mark.usefixtures("offer")
def test_a_release_is_found_again_without_pip_or_index(
    provisioned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    assert provide(ONE, cache=provisioned).library.joinpath("installer").is_dir()


def test_processes_that_want_the_same_release_install_it_once(cache: Path, offer: Offer) -> None:
    offer.installer("9.1")
    several = [providing("9.1", cache) for _ in range(3)]
    said = {process.communicate(timeout=SECONDS) for process in several}
    assert said == {(f"{provide(ONE, cache=cache).directory}\n", "")}
    assert offer.visits() == 1


def test_a_later_run_has_nothing_to_write(provisioned: Path) -> None:
    provided = provide(ONE, cache=provisioned)
    before = _state(provided.directory)
    # Nobody imports this one while the release is provided.
    assert any("/sources." in path and path.endswith(".pyc") for path in before)
    _run([str(provided.scripts / "python"), "-c", "import installer.__main__, installer.sources"])
    assert _state(provided.directory) == before


def test_an_environment_is_at_home_where_it_lies(provisioned: Path) -> None:
    provided = provide(ONE, cache=provisioned)
    assert provisioned.resolve() in provided.directory.parents
    asked = "import sys; print(sys.prefix)"
    assert _run([str(provided.scripts / "python"), "-c", asked]).stdout == f"{provided.directory}\n"


def test_a_release_without_a_wheel_is_built(cache: Path, offer: Offer) -> None:
    offer.source_of_installer("9.1")
    assert (provide(ONE, cache=cache).library / "installer" / "__main__.py").is_file()


def test_a_build_script_cannot_write_to_the_machine(cache: Path, offer: Offer, tmp_path: Path) -> None:
    offer.source_of_installer("9.1", also=f"open({str(tmp_path / 'file')!r}, 'w')")
    with pytest.raises(NotProvided, match=r"Read-only file system: '/.*/file'"):
        provide(ONE, cache=cache)
    assert not (tmp_path / "file").exists()


def test_without_namespaces_nothing_is_built_and_wheels_are_installed(cache: Path, offer: Offer) -> None:
    offer.source_of_installer("9.1")
    assert "has no wheel, and build scripts run in private namespaces only: unshare" in _hemmed_in("9.1", cache)
    assert offer.visits() == 0
    offer.installer("9.2")
    assert _hemmed_in("9.2", cache) == ""


def _hemmed_in(version: str, cache: Path) -> str:
    """What is said on a machine that allows nobody but root to make user namespaces."""
    said = providing(version, cache, "hemmed-in").communicate(timeout=SECONDS)[1]
    return said.splitlines()[-1] if said else ""


def test_what_says_another_version_is_not_kept(cache: Path, offer: Offer) -> None:
    offer.pdm("2.0", says="PDM, version 2.0.1")
    with pytest.raises(NotProvided, match=r"what was installed says that it is 'PDM, version 2\.0\.1'$"):
        provide(Release("pdm", "2.0"), cache=cache)
    assert list((cache / "builds").iterdir()) == []
    assert shelf.listed(cache) == ()


@pytest.mark.parametrize(
    ("offered", "taken"),
    [(("9.1.0", "9.1.1"), "9.1.0"), (("9.1.0.post1", "9.1.1"), "9.1.0.post1"), (("9.0.8", "9.1.1"), "9.0.8")],
)
def test_a_release_gets_what_it_was_tested_with_or_the_nearest_there_is(
    cache: Path, offer: Offer, offered: tuple[str, ...], taken: str
) -> None:
    pin = "installer==9.1.0; extra == 'locked'"
    offer.pdm("2.0", says="PDM, version 2.0", requires=("installer>=9", f"{pin}\nProvides-Extra: locked"))
    for version in (*offered, "9.2.0"):
        offer.installer(version)
    library = provide(Release("pdm", "2.0"), cache=cache).library
    assert [path.name for path in library.glob("installer-*")] == [f"installer-{taken}.dist-info"]


def test_what_does_not_run_is_not_kept(cache: Path, offer: Offer) -> None:
    offer.installer("9.1")
    offer.gate.mkdir()  # which cannot be read
    with pytest.raises(NotProvided, match=r"it was installed, but does not run: IsADirectoryError.*Is a directory.*'$"):
        provide(ONE, cache=cache)
    assert shelf.find(cache, ONE) is None


@pytest.mark.usefixtures("offer")
def test_what_is_not_there_is_named_with_what_pip_said_and_what_helps(cache: Path) -> None:
    with pytest.raises(NotProvided) as caught:
        provide(ONE, cache=cache)
    assert str(caught.value) == (
        "installer==9.1 is not provided: pip says: No matching distribution found for installer==9.1. To provide it:"
        f" `exdev provision installer==9.1` while there is a network, or copy {cache} from a machine with the"
        " same Python"
    )


def test_an_index_out_of_reach_is_the_reason(cache: Path, offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    offer.withdraw()
    monkeypatch.delenv("PIP_NO_INDEX")
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # and does not listen
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{deaf.getsockname()[1]}/simple")
        with pytest.raises(NotProvided, match=r"No matching .*9\.1 \(.*Connection refused\)\. To provide it"):
            provide(ONE, cache=cache)


def test_a_build_that_fails_is_the_reason(cache: Path, offer: Offer) -> None:
    offer.source_of_installer("9.1")
    offer.gate.mkdir()  # which cannot be read
    with pytest.raises(NotProvided, match=r"pip says: .*IsADirectoryError.*\. To provide it"):
        provide(ONE, cache=cache)


def test_a_python_without_pip_is_told_how_to_get_it(
    cache: Path, offer: Offer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer.installer("9.1")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare" / "bin" / "python"))
    with pytest.raises(NotProvided, match=r"bare/bin/python has no pip.*-m ensurepip"):
        provide(ONE, cache=cache)


def test_the_users_settings_of_pip_that_do_not_concern_the_index_have_no_say(
    cache: Path, offer: Offer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer.installer("9.1")
    settings = tmp_path / "pip.conf"
    settings.write_text(f"[global]\nuser = true\nno-index = true\nfind-links = {offer.directory}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_TARGET", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert (provide(ONE, cache=cache).library / "installer").is_dir()


def test_a_record_of_something_else_is_refused(provisioned: Path, cache: Path) -> None:
    shutil.copytree(provisioned, cache, symlinks=True)
    record = provide(ONE, cache=cache).directory / "release.json"
    true = json.loads(record.read_text())
    changes: list[dict[str, str | int]] = [
        {"distribution": "pip"},
        {"python": "cp299"},
        {"format": 0},
        {"version": "x"},
    ]
    for change in ({}, {"version": "9.2"}, *changes):
        record.write_text(json.dumps(true | change))
        assert (shelf.find(cache, ONE) is None) == bool(change)
    record.write_text("[]")
    assert shelf.find(cache, ONE) is None


def test_an_environment_whose_interpreter_is_gone_is_made_again(provisioned: Path, cache: Path, offer: Offer) -> None:
    offer.installer("9.1")
    shutil.copytree(provisioned, cache, symlinks=True)
    old = provide(ONE, cache=cache)
    (old.scripts / "python").unlink()
    (old.scripts / "python").symlink_to("/nowhere/python")
    new = provide(ONE, cache=cache)
    assert new.directory != old.directory
    assert list((cache / "builds").iterdir()) == [new.directory]


@pytest.mark.usefixtures("offer")
def test_a_link_that_leads_out_of_the_cache_is_removed_and_nothing_behind_it(
    provisioned: Path, cache: Path, tmp_path: Path
) -> None:
    shutil.copytree(provisioned, cache, symlinks=True)
    (build,) = (cache / "builds").iterdir()
    elsewhere = build.rename(tmp_path / "elsewhere")
    (cache / shelf.key(ONE)).unlink()
    (cache / shelf.key(ONE)).symlink_to(elsewhere)
    (kept,) = shelf.listed(cache)
    shelf.remove(cache, kept)
    assert shelf.listed(cache) == ()
    assert (elsewhere / "release.json").is_file()


@pytest.mark.usefixtures("offer")
@pytest.mark.parametrize("symlinks", [True, False])
def test_a_copied_cache_is_used_links_or_no_links(provisioned: Path, cache: Path, symlinks: bool) -> None:
    shutil.copytree(provisioned, cache, symlinks=symlinks)
    assert cache.resolve() in provide(ONE, cache=cache).directory.parents


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, offer: Offer) -> None:
    offer.installer("9.1")
    (tmp_path / "file").touch()
    with pytest.raises(NotProvided, match=f"{tmp_path}/file/releases.*: Not a directory"):
        provide(ONE, cache=tmp_path / "file" / "releases")


def _run(command: list[str], environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    clean = {"PATH": os.defpath, **(environment or {})}
    return subprocess.run(command, env=clean, capture_output=True, text=True, check=True, timeout=SECONDS)


def _state(directory: Path) -> dict[str, tuple[int, int, int]]:
    """Everything below a directory: kind, size, time of the last change."""
    found = {}
    for path in directory.rglob("*"):
        status = path.lstat()
        found[str(path)] = (stat.S_IFMT(status.st_mode), status.st_size, status.st_mtime_ns)
    return found
