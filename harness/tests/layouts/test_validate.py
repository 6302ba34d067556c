"""A layout's own rules: what a file says wrong is told whole, before anything is mounted."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING

import pytest

from harness.errors import FileInvalid
from harness.kernel import mountinfo
from harness.layouts import build, load
from harness.layouts.validate import problems
from harness.model import Layout, Mount, Permission, Roles, Symlink

if TYPE_CHECKING:
    from pathlib import Path

    from harness.kernel.laboratory import Laboratory

_WRONG = """
name = "Mine"
about = 3
reports = ["uv 1513"]
requires = ["overlays"]
refusals = ["EROF"]
unwritable = ["caches"]

[[mount]]
at = "{sitepackages}/nvidia"
type = "overlayy"

[[mount]]
at = "/data"
type = "tmpfs"
from = "volume"
lowers = 2
size = "64q"
inodes = 0
mode = "999"

[[mount]]
at = "/../etc"
type = "bind"
size = "1m"
options = ["x"]
flags = ["rw"]

[[mount]]
at = "relative"
type = "overlay"
lowers = 2

[[symlink]]
at = "/a"
to = "../../etc"

[[permission]]
at = "/a//b"
mode = "8"
owner = -1

[roles]
cache = "/x{environment}"

[[verify]]
do = "write"
from = "{cache}"
to = "{purelib}"
gives = "EXDV"

[[verify]]
do = "same-device"
from = "{cache}"
gives = "ok"
"""

_TOLD = {
    "name": "'Mine' is not lower-case words joined by hyphens",
    "about": "expected a text, found 3",
    "reports[0]": "'uv 1513' is not like 'uv#1513'",
    "requires[0]": "unknown 'overlays'; did you mean 'overlay'?",
    "refusals[0]": "unknown 'EROF'; did you mean 'EROFS'?",
    "unwritable[0]": "unknown 'caches'; did you mean 'cache'?",
    "mount[0].type": "unknown 'overlayy'; did you mean 'overlay'?",
    "mount[0].at": "'{sitepackages}/nvidia': unknown 'sitepackages'; did you mean 'site_packages'?",
    "mount[1].from": "means nothing for tmpfs, only for bind",
    "mount[1].lowers": "means nothing for tmpfs, only for overlay",
    "mount[1].size": "'64q' is not a size like '65536', '64k', '1m' or '2g'",
    "mount[1].inodes": "0 is not a number of inodes: 1 to 4294967296",
    "mount[1].mode": "'999' is not an octal mode like '755' or '1777'",
    "mount[2].at": "'/../etc': '..' could leave the site",
    "mount[2].flags[0]": "unknown 'rw'; known: 'ro', 'noexec', 'nosuid', 'nodev'",
    "mount[2].size": "means nothing for bind, only for tmpfs",
    "mount[2].options": "means nothing for bind, only for tmpfs and overlay",
    "mount[3].at": "'relative': neither absolute nor starting with a role",
    "mount[3].lowers": "2 layers are made by the image steps: it needs after = 'image'",
    "symlink[0].to": "'../../etc': '..' could leave the site",
    "permission[0].at": "'/a//b': '.' and empty names are not needed",
    "permission[0].mode": "'8' is not an octal mode like '755' or '1777'",
    "permission[0]": "only root may give files away: a layout that does must say requires = ['chown']",
    "permission[0].owner": "-1 is not an id: 0 to 4294967294",
    "roles.cache": "'/x{environment}': a role can only stand at the start",
    "verify[0].to": "means nothing for write: it has one path",
    "verify[0].gives": "unknown 'EXDV'; did you mean 'EXDEV'?",
    "verify[1].to": "missing: a device is the same as another",
    "verify[1].gives": "unknown 'ok'; known: 'yes', 'no'",
}


def _flaws(at: str) -> list[str]:
    layout = Layout(name="mine", about="x", mounts=(Mount(at=at, type="tmpfs"),))
    return [problem.message.partition(": ")[2] for problem in problems(layout)]


def _told(*mounts: Mount) -> list[str]:
    return [str(problem) for problem in problems(Layout(name="mine", about="x", mounts=mounts))]


def test_bad_toml_tells_every_problem_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(_WRONG)
    with pytest.raises(FileInvalid) as caught:
        load(path)
    assert {problem.where: problem.message for problem in caught.value.problems} == _TOLD
    assert len(caught.value.problems) == len(_TOLD)


def test_bad_layout_made_in_code_mounts_nothing(laboratory: Laboratory) -> None:
    before = mountinfo.read()
    layout = Layout(name="mine", about="x", mounts=(Mount(at="/a", type="tmpfs"), Mount(at="/../a", type="tmpfs")))
    with pytest.raises(FileInvalid, match=r"mount\[1\].at"), build(layout, laboratory=laboratory):
        pass
    assert mountinfo.read() == before


def test_roles_in_a_circle_are_told_and_not_followed() -> None:
    circle = Layout(name="mine", about="x", roles=Roles(cache="{data}/x", data="{headers}", headers="{cache}"))
    assert [str(problem) for problem in problems(circle)] == [
        "roles.cache: refers to itself: cache -> data -> headers -> cache",
        "roles.data: refers to itself: data -> headers -> cache -> data",
        "roles.headers: refers to itself: headers -> cache -> data -> headers",
    ]


def test_site_packages_inside_purelib_is_a_circle() -> None:
    circle = Layout(name="mine", about="x", roles=Roles(purelib="{site_packages}/x"))
    assert [problem.where for problem in problems(circle)] == ["roles.purelib"]


def test_giving_files_away_needs_the_capability_declared() -> None:
    permission = Permission(at="/a", owner=1)
    (problem,) = problems(Layout(name="mine", about="x", permissions=(permission,)))
    assert problem.where == "permission[0]"
    assert not problems(Layout(name="mine", about="x", permissions=(permission,), requires=("chown",)))


@pytest.mark.parametrize(
    ("roles", "told"),
    [
        (Roles(cache="/environment"), "roles.cache: cache at /environment and environment at /environment overlap"),
        (Roles(cache="{purelib}/x", purelib="/p"), "roles.cache: cache at /p/x and purelib at /p overlap"),
        (Roles(temporary="{cache}/tmp"), "roles.temporary: temporary at /cache/tmp and cache at /cache overlap"),
        (Roles(wheelhouse="/cache/"), "roles.wheelhouse: wheelhouse at /cache and cache at /cache overlap"),
        (Roles(scripts="/tmp/bin"), "roles.temporary: temporary at /tmp and scripts at /tmp/bin overlap"),  # noqa: S108 - inside the site
    ],
)
def test_roles_that_overlap_are_a_problem(roles: Roles, told: str) -> None:
    assert [str(problem) for problem in problems(Layout(name="mine", about="x", roles=roles))] == [told]


def test_an_environment_that_holds_every_other_role_is_a_problem_of_each() -> None:
    found = problems(Layout(name="mine", about="x", roles=Roles(environment="/")))
    assert [problem.where for problem in found] == ["roles.cache", "roles.temporary", "roles.wheelhouse"]


def test_schemes_may_lie_in_each_other_and_roles_beside_each_other() -> None:
    roles = Roles(data="/environment/lib", headers="{purelib}/include", cache="/environment2", temporary="/cache")
    assert problems(Layout(name="mine", about="x", roles=roles)) == ()


def test_mount_that_hides_an_earlier_one_is_a_problem() -> None:
    cache, same, root = (Mount(at=at, type="overlay") for at in ("{cache}", "/cache/", "/"))
    assert _told(cache, same) == ["mount[1].at: /cache hides mount[0] at /cache, which is laid before it"]
    assert _told(cache, root) == ["mount[1].at: / hides mount[0] at /cache, which is laid before it"]
    assert _told(root, cache) == []


def test_mount_after_the_image_may_only_cover_the_same_place() -> None:
    cache, same, root = (Mount(at=at, type="overlay") for at in ("{cache}", "/cache/", "/"))
    assert _told(dataclasses.replace(same, after="image"), cache) == []
    assert _told(dataclasses.replace(root, after="image"), root) == []
    hiding = dataclasses.replace(root, after="image")
    assert _told(hiding, cache) == ["mount[0].at: / hides mount[1] at /cache, which is laid before it"]


def test_permission_on_a_mount_that_is_read_only_by_then_is_a_problem() -> None:
    sealed = Mount(at="{temporary}", type="tmpfs", flags=("ro",))
    late = Permission(at="{temporary}/mine", mode="1777", after="image")
    layout = Layout(name="mine", about="x", mounts=(sealed,), permissions=(late,))
    (problem,) = problems(layout)
    assert (problem.where, problem.message) == (
        "permission[0].after",
        "{temporary}/mine lies on mount[0], which is read-only by then",
    )
    for mounts, permission in (
        ((sealed,), dataclasses.replace(late, after="start")),
        ((dataclasses.replace(sealed, after="image"),), late),
        ((sealed, dataclasses.replace(sealed, after="image")), late),
        ((dataclasses.replace(sealed, flags=()),), late),
        ((sealed,), dataclasses.replace(late, at="{cache}")),
    ):
        assert problems(dataclasses.replace(layout, mounts=mounts, permissions=(permission,))) == ()


def test_flawed_link_is_told_of_a_layout_with_a_permission_after_the_image() -> None:
    layout = Layout(
        name="mine",
        about="x",
        mounts=(Mount(at="{cache}", type="tmpfs", after="image"),),
        symlinks=(Symlink(at="{nosuch}/a", to="b"),),
        permissions=(Permission(at="{temporary}", mode="700", after="image"),),
    )
    assert [problem.where for problem in problems(layout)] == ["symlink[0].at"]


@pytest.mark.parametrize("at", ["{environment}", "/real/environment", "/environment/lib"])
def test_mount_after_the_image_may_not_move_a_role(at: str) -> None:
    links = (Symlink(at="{environment}", to="/real/environment"), Symlink(at="{purelib}", to="/elsewhere/libraries"))
    layout = Layout(name="mine", about="x", mounts=(Mount(at=at, type="tmpfs", after="image"),), symlinks=links)
    (problem,) = problems(layout)
    assert (problem.where, problem.message.split(",")[0]) == ("mount[0].at", "hides a link that leads to purelib")
    beside = (
        Mount(at="{environment}/lib/other", type="tmpfs", after="image"),
        dataclasses.replace(layout.mounts[0], after="start"),
    )
    for mount in beside:
        assert problems(dataclasses.replace(layout, mounts=(mount,))) == ()


@pytest.mark.parametrize(
    ("at", "flaw"),
    [
        ("/a\0b", "holds a NUL byte"),
        ("/a/./b", "'.' and empty names are not needed"),
        ("/" + "a" * 256, "a name longer than 255 bytes"),
        ("/a" * 257, "longer than 512 bytes"),
        ("/{python", "a brace without its partner"),
        ("{cache}x", "a role must be followed by '/'"),
        ("{cache}{python}", "a role must be followed by '/'"),
        ("{python}/a", "neither absolute nor starting with a role"),
        ("{cache}/{cache}", "a role can only stand at the start"),
        ("", "neither absolute nor starting with a role"),
    ],
)
def test_path_that_could_mislead_is_a_problem(at: str, flaw: str) -> None:
    assert _flaws(at) == [flaw]


@pytest.mark.parametrize(
    "at", ["/", "/a", "/a/", "{cache}", "{cache}/{python}/x", "/lib/{python}", "/a..b/...", "/a b"]
)
def test_ordinary_path_is_no_problem(at: str) -> None:
    assert _flaws(at) == []


def test_symlink_target_may_be_a_name_beside_it() -> None:
    assert not problems(Layout(name="mine", about="x", symlinks=(Symlink(at="{environment}/lib64", to="lib"),)))


def test_python_placeholder_names_this_interpreter() -> None:
    assert Roles().path("purelib").endswith(f"/python{sys.version_info.major}.{sys.version_info.minor}/site-packages")


@pytest.mark.parametrize("key", ["upperdir", "workdir", "lowerdir", "lowerdir+", "datadir+", "source"])
def test_an_option_cannot_lead_an_overlay_out_of_the_site(key: str) -> None:
    mount = Mount(at="/data", type="overlay", options=(f"{key}=/etc",))
    (problem,) = problems(Layout(name="evil", about="", mounts=(mount,)))
    assert problem.where == "mount[0].options[0]"
    assert "could lie outside of the site" in problem.message


@pytest.mark.parametrize("option", ["", "a\0b", "x,upperdir=/etc", "x=on,upperdir=/etc", "=x", " upperdir=/etc"])
def test_what_is_not_one_option_is_refused(option: str) -> None:
    mount = Mount(at="/data", type="overlay", options=(option,))
    (problem,) = problems(Layout(name="evil", about="", mounts=(mount,)))
    assert "is not an option" in problem.message


def test_a_layout_of_too_many_parts_is_refused_before_it_is_drawn_up() -> None:
    symlinks = tuple(Symlink(at=f"/link{number}", to="/x") for number in range(65))
    (problem,) = problems(Layout(name="huge", about="", symlinks=symlinks))
    assert str(problem) == "symlink: 65 of them are more than 64"
