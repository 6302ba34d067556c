"""Export: what the harness does to a case, a shell and the real installer can do without it, and do no harm."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.errors import FileInvalid
from harness.kernel import mountinfo
from harness.layouts import load, names
from harness.layouts.blueprint import site_path
from harness.model import Mount, Permission
from harness.reproduction import save
from harness.reproduction.export import export, script
from harness.tests.reproduction.test_replay import replay

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model import Case

pytestmark = pytest.mark.skipif(
    not (shutil.which("unshare") and shutil.which("mount")), reason="util-linux's mount and unshare are not installed"
)


def _run(path: Path, *command: str) -> subprocess.CompletedProcess[str]:
    # Inside the laboratory: as root of its namespace, whoever runs the tests.
    return subprocess.run(["sh", path, *command], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", names())
@pytest.mark.usefixtures("laboratory")
def test_every_layout_can_be_built_by_hand(tmp_path: Path, case: Case, name: str) -> None:
    layout = load(name)
    path = export(replace(case, layout=layout), tmp_path)
    before = mountinfo.read()
    done = _run(path, "cat", "/proc/self/mountinfo")
    assert (done.returncode, done.stderr) == (0, "")
    points = {line.split()[4] for line in done.stdout.splitlines()}
    root = os.path.realpath(tmp_path / "site" / "root")
    assert {os.path.normpath(f"{root}{site_path(layout, mount.at)}") for mount in layout.mounts} <= points
    assert mountinfo.read() == before


def test_a_script_says_when_obstacles_are_to_be_lifted(case: Case) -> None:
    again = replace(case, steps=(*case.steps, replace(case.steps[0], lifted=True)))
    assert "#   once the obstacles are lifted: install nvidia-a-1.0 nvidia-b-1.0\n" in script(again)


@pytest.mark.usefixtures("laboratory")
def test_a_link_by_hand_gives_what_the_story_says(tmp_path: Path, case: Case) -> None:
    path = export(case, tmp_path)
    done = _run(path, "sh", "-c", 'touch "$CACHE/a" && ln "$CACHE/a" "$PURELIB/a"')
    assert done.returncode == 1
    assert "Invalid cross-device link" in done.stderr


@pytest.mark.usefixtures("laboratory")
def test_image_steps_are_done_before_the_mounts_that_follow(tmp_path: Path, case: Case) -> None:
    path = export(replace(case, layout=load("read-only-cache")), tmp_path)
    image = {**os.environ, "IMAGE": 'touch "$CACHE/warm"'}
    done = subprocess.run(
        ["sh", path, "sh", "-c", 'ls "$CACHE"; touch "$CACHE/late"'],
        capture_output=True,
        text=True,
        env=image,
        check=False,
    )
    assert done.stdout == "warm\n"
    assert "Read-only file system" in done.stderr


@pytest.mark.usefixtures("laboratory")
def test_nothing_is_done_by_hand_through_a_link_out_of_the_site(tmp_path: Path, case: Case) -> None:
    # `bin/python` is a link to the machine's own: root's chmod would follow it.
    precious = tmp_path / "precious"
    precious.mkdir(mode=0o755)
    permission = Permission(at="{scripts}/precious", mode="000", after="image")
    path = export(replace(case, layout=replace(load("plain"), permissions=(permission,))), tmp_path)
    image = {**os.environ, "IMAGE": f'ln -s {precious} "$ENVIRONMENT/bin/precious"'}
    done = subprocess.run(["sh", path, "true"], capture_output=True, text=True, env=image, check=False)
    assert done.returncode == 1
    assert done.stderr.endswith("bin/precious leads out of the site\n")
    assert precious.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("at", ["/a,upperdir=/precious", "/a:/precious", '/a"', "/a\\"])
def test_a_layer_cannot_be_told_to_mount_as_an_option(case: Case, at: str) -> None:
    layout = replace(case.layout, mounts=(Mount(at=at, type="overlay"),))
    with pytest.raises(FileInvalid, match="cannot be told to mount"):
        script(replace(case, layout=layout))


def test_archives_have_the_order_of_the_case(tmp_path: Path, case: Case) -> None:
    export(case, tmp_path)
    with zipfile.ZipFile(tmp_path / case.wheels[0].filename) as archive:
        order = [name.rstrip("/") for name in archive.namelist()]
    planned = [path for path in case.plan.creation if path in order]
    assert order[: len(planned)] == planned


def test_a_layout_s_name_cannot_end_its_comment(case: Case) -> None:
    hostile = replace(case, layout=replace(case.layout, about="x\nrm -rf /precious"))
    assert "\nrm" not in script(hostile)


def test_a_path_of_a_layout_is_no_command(case: Case) -> None:
    roles = replace(case.layout.roles, cache="/$(touch precious)")
    assert """"$site"'/root/$(touch precious)'""" in script(replace(case, layout=replace(case.layout, roles=roles)))


def test_nothing_is_overwritten_by_an_export(tmp_path: Path, case: Case) -> None:
    file, there = save(case, tmp_path), tmp_path / "there"
    assert replay(file, "--export", there).stdout == f"{there}/site.sh\n"
    again = replay(file, "--export", there)
    assert again.returncode == 2
    assert "cannot be written: File exists; name a directory that is not there yet" in again.stderr
