"""A layout in the words of a shell: built by hand it is what the harness builds, and does no harm."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.errors import FileInvalid
from harness.kernel import mountinfo
from harness.layouts import load, names
from harness.layouts.blueprint import site_path
from harness.layouts.commands import commands, creation, lifting, role
from harness.model import Directory, File, Meddling, Mount, Permission

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model import Layout

pytestmark = [
    pytest.mark.skipif(
        not (shutil.which("unshare") and shutil.which("mount")),
        reason="util-linux's mount and unshare are not installed",
    ),
    # Inside the laboratory: as root of its namespace, whoever runs the tests.
    pytest.mark.usefixtures("laboratory"),
]


def built(layout: Layout, place: Path, *between: str, then: str = "") -> subprocess.CompletedProcess[str]:
    start, after = commands(layout)
    lines = ["set -eu", f"site={place}/site", "py=python3.$(python3 -c 'import sys; print(sys.version_info.minor)')"]
    lines += ["userxattr=", '[ "$(readlink /proc/self/ns/user)" = "user:[4026531837]" ] || userxattr=,userxattr']
    lines += [
        'inside() { for path; do case "$(realpath -m "$path")/" in "$site"/*) ;; *) leads_out "$path" ;; esac; done; }'
    ]
    lines += ['leads_out() { echo "$1 leads out" >&2; exit 1; }']
    lines += ['mkdir "$site"', 'mount -t tmpfs -o mode=755 exdev "$site"', *start, *between, *after, then]
    script = "\n".join(lines)
    return subprocess.run(["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", names())
def test_every_layout_can_be_built_by_hand(tmp_path: Path, name: str) -> None:
    layout, before = load(name), mountinfo.read()
    done = built(layout, tmp_path, then="cat /proc/self/mountinfo")
    assert (done.returncode, done.stderr) == (0, "")
    points = {line.split()[4] for line in done.stdout.splitlines()}
    root = os.path.realpath(tmp_path / "site" / "root")
    assert {os.path.normpath(f"{root}{site_path(layout, mount.at)}") for mount in layout.mounts} <= points
    assert mountinfo.read() == before


@pytest.mark.parametrize("name", [name for name in names() if lifting(load(name))])
def test_obstacles_are_lifted_by_hand(tmp_path: Path, name: str) -> None:
    layout = load(name)
    purelib = role(layout, "purelib")
    write = f"mkdir -p {purelib}/nvidia; head -c 3000000 /dev/zero > {purelib}/nvidia/new"
    done = built(layout, tmp_path, then="\n".join((*lifting(layout), write)))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_link_by_hand_gives_what_the_picture_says(tmp_path: Path) -> None:
    layout = load("cross-device-cache")
    cache, purelib = role(layout, "cache"), role(layout, "purelib")
    done = built(layout, tmp_path, then=f"touch {cache}/a; ln {cache}/a {purelib}/a")
    assert done.returncode == 1
    assert "Invalid cross-device link" in done.stderr


def test_later_mounts_cover_what_was_there_before(tmp_path: Path) -> None:
    layout = load("read-only-cache")
    cache = role(layout, "cache")
    done = built(layout, tmp_path, f"touch {cache}/warm", then=f"ls {cache}; touch {cache}/late")
    assert done.stdout == "warm\n"
    assert "Read-only file system" in done.stderr


def test_nothing_is_done_by_hand_through_a_link_out_of_the_site(tmp_path: Path) -> None:
    # `bin/python` is a link to the machine's own: root's chmod would follow it.
    precious = tmp_path / "precious"
    precious.mkdir(mode=0o755)
    permission = Permission(at="{scripts}/precious", mode="000", after="image")
    layout = replace(load("plain"), permissions=(permission,))
    done = built(layout, tmp_path, f"ln -s {precious} {role(layout, 'scripts')}/precious")
    assert done.returncode == 1
    assert done.stderr.endswith("bin/precious leads out\n")
    assert precious.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("content", [b"", b"text '$x' %s\\n\n", b"\0\xff" * 99, "EOF\n\u00fc\n".encode()])
def test_a_file_is_put_by_hand_where_it_is_seen(tmp_path: Path, content: bytes) -> None:
    at = "{purelib}/neigh bour/$data"
    mounts = (
        Mount(at="{environment}", type="overlay"),
        Mount(at="{purelib}/neigh bour", type="tmpfs", flags=("ro",), after="image"),
    )
    files = (File(at=at, content=content, mode="4710"),)
    directories = (Directory(at="{cache}/closed", mode="500"),)
    layout = replace(load("plain"), mounts=mounts, files=files, directories=directories)
    path, closed = role(layout, "purelib") + "/\"neigh bour/\"'$data'", role(layout, "cache") + "/closed"
    done = built(layout, tmp_path, then=f"stat -c %a {path} {closed}; base64 -w0 {path}; touch {path}")
    modes, digits = done.stdout.rsplit("\n", 1)
    assert (modes, base64.b64decode(digits)) == ("4710\n500", content)
    assert "Read-only file system" in done.stderr


def test_a_file_is_created_by_hand_where_nothing_is(tmp_path: Path) -> None:
    layout = load("plain")
    change = Meddling(do="create", at="{cache}/new/it's", content=b"new\n", mode="640")
    path = f'{role(layout, "cache")}/new/"it\'s"'
    lines = ['fail() { echo "failed: $*"; exit 3; }', *creation(layout, change), f"cat {path}; stat -c %a {path}"]
    done = built(layout, tmp_path, then="\n".join((*lines, *creation(layout, change))))
    assert (done.returncode, done.stdout) == (3, "new\n640\nfailed: {cache}/new/it's is there already\n")


def test_a_permission_by_hand_may_be_of_a_file(tmp_path: Path) -> None:
    permission = Permission(at="{scripts}/tool", mode="000", after="image")
    layout = replace(load("plain"), permissions=(permission,))
    tool = f"{role(layout, 'scripts')}/tool"
    done = built(layout, tmp_path, f"touch {tool}", then=f"stat -c '%F %a' {tool}")
    assert done.stdout == "regular empty file 0\n"


@pytest.mark.parametrize("at", ["/a,upperdir=/precious", "/a:/precious", '/a"', "/a\\"])
def test_a_layer_cannot_be_told_to_mount_as_an_option(at: str) -> None:
    layout = replace(load("plain"), mounts=(Mount(at=at, type="overlay"),))
    with pytest.raises(FileInvalid, match="cannot be told to mount"):
        commands(layout)


@pytest.mark.parametrize("path", ["/$(touch precious)", "/`id`", '/a"; exit 3; "', "/it's", "/a b\\"])
def test_a_path_of_a_layout_is_no_command(tmp_path: Path, path: str) -> None:
    plain = load("plain")
    layout = replace(plain, roles=replace(plain.roles, cache=path))
    done = built(layout, tmp_path, then=f"cd {role(layout, 'cache')}; pwd")
    assert done.stdout == f"{tmp_path}/site/root{path}\n"
