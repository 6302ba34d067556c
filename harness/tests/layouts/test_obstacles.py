"""Lifting obstacles: which layouts have some, what is left in the way afterwards, and what stays as it is."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import LayoutUntrue
from harness.kernel import mountinfo
from harness.layouts import Site, build, load, names
from harness.layouts.deeds import Deeds
from harness.layouts.obstacles import AllowWriting, LiftLimits, Permit, TakeAway, obstacles
from harness.model import Layout, Mount, Permission, Roles, Symlink

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory
    from harness.model import Fact

_LIBRARY = load("plain").roles.path("purelib")
_NVIDIA = f"/site{_LIBRARY}/nvidia"

# All others have none: what they are about is where storage lies.
_EXPECTED = {
    "file-bind": (TakeAway(f"{_NVIDIA}/__init__.py"),),
    "nested-bind": (TakeAway(f"{_NVIDIA}/cublas"),),
    "nested-tmpfs": (TakeAway(_NVIDIA),),
    "package-directory-is-mount": (TakeAway(f"{_NVIDIA}/cublas"),),
    "read-only-package-directory": (TakeAway(f"{_NVIDIA}/cublas"),),
    "read-only-cache": (AllowWriting("/site/cache"),),
    "read-only-site-packages": (AllowWriting(f"/site{_LIBRARY}"),),
    "small-environment": (LiftLimits("/site/environment", ("size=0",)),),
    "small-temporary": (LiftLimits("/site/tmp", ("size=0",)),),
    "few-inodes": (LiftLimits("/site/environment", ("nr_inodes=0",)),),
}
# Answers of the kernel to a deed that was done in the way of an obstacle.
_REFUSED = {"EROFS", "EBUSY", "ENOSPC"}


def _layout(*mounts: Mount, **fields: object) -> Layout:
    return Layout(name="mine", about="x", mounts=mounts, **fields)  # type: ignore[arg-type]  # whatever a Layout has


@pytest.mark.parametrize("name", names())
def test_the_obstacles_of_the_catalogue_are_these(name: str) -> None:
    assert obstacles(load(name), "/site") == _EXPECTED.get(name, ())


@pytest.mark.parametrize("name", names())
def test_a_layout_that_may_refuse_has_an_obstacle_or_a_link(name: str) -> None:
    layout = load(name)
    assert not layout.refusals or layout.symlinks or obstacles(layout, "/site")


def test_a_mount_that_holds_a_role_is_no_obstacle() -> None:
    above, own = Mount(at="{environment}/lib", type="tmpfs"), Mount(at="{scripts}", type="bind", source="volume")
    assert obstacles(_layout(above, own), "/site") == ()


def test_an_overlay_inside_the_environment_stays() -> None:
    assert obstacles(_layout(Mount(at="{site_packages}/nvidia", type="overlay")), "/site") == ()


def test_the_last_mount_laid_is_undone_first() -> None:
    early = Mount(at="{site_packages}/nvidia/cublas", type="tmpfs", after="image")
    late = Mount(at="{site_packages}/nvidia", type="tmpfs")
    assert obstacles(_layout(early, late), "/site") == (TakeAway(f"{_NVIDIA}/cublas"), TakeAway(_NVIDIA))


def test_limits_among_the_options_are_limits_too() -> None:
    mount = Mount(at="{cache}", type="tmpfs", options=("nr_blocks=4", "nr_inodes=9", "huge=never"))
    assert obstacles(_layout(mount), "/site") == (LiftLimits("/site/cache", ("size=0", "nr_inodes=0")),)


def test_only_a_mode_that_denies_its_owner_is_an_obstacle() -> None:
    modes = {"{purelib}": "555", "{scripts}": "600", "{data}": "2775", "{temporary}": "1777"}
    permissions = tuple(Permission(at=at, mode=mode) for at, mode in modes.items())
    found = obstacles(_layout(Mount(at="{cache}", type="tmpfs", mode="500"), permissions=permissions), "/site")
    assert found == (
        Permit("/site/cache", 0o755),
        Permit("/site/environment/bin", 0o755),
        Permit(f"/site{_LIBRARY}", 0o755),
    )


@pytest.mark.parametrize("name", names())
def test_nothing_is_refused_any_more_once_obstacles_are_lifted(name: str, laboratory: Laboratory) -> None:
    with build(load(name), laboratory=laboratory) as site:
        site.finish_image()
        laid = {entry.at for entry in mountinfo.below(site.root)}
        site.lift_obstacles()
        assert not {_again(site, fact) for fact in site.layout.facts if fact.gives in _REFUSED} & _REFUSED
        undone = {one.path for one in obstacles(site.layout, site.root) if isinstance(one, TakeAway)}
        assert {entry.at for entry in mountinfo.below(site.root)} == laid - undone
        assert all(os.path.lexists(path) for path in site.furniture)


def _again(site: Site, fact: Fact) -> str:
    """A role's own mount is storage, and cannot be renamed as before."""
    return "ok" if site.path(fact.source) in site.roles.values() and fact.do != "write" else Deeds(site).do(fact)


@pytest.mark.parametrize("name", ["small-environment", "few-inodes", "small-temporary"])
def test_a_lifted_limit_leaves_room_and_what_was_written(name: str, laboratory: Laboratory) -> None:
    with build(load(name), laboratory=laboratory) as site:
        directory = Path(site.role("temporary" if name == "small-temporary" else "purelib"))
        with pytest.raises(OSError, match="No space left"):
            _fill(directory, "first")
        written = len(os.listdir(directory))
        site.lift_obstacles()
        _fill(directory, "second")
        assert len(os.listdir(directory)) == written + 100


def _fill(directory: Path, prefix: str) -> None:
    for number in range(100):
        (directory / f"{prefix}{number}").write_bytes(b"x" * 4096)


def test_what_was_written_into_an_undone_mount_goes_with_it(laboratory: Laboratory) -> None:
    with build(load("nested-tmpfs"), laboratory=laboratory) as site:
        nvidia = Path(site.path("{site_packages}/nvidia"))
        (nvidia / "lost").touch()
        site.lift_obstacles()
        assert os.listdir(nvidia) == []
        (nvidia / "kept").touch()
        site.lift_obstacles()
        assert os.listdir(nvidia) == ["kept"]


def test_what_was_written_through_a_bind_of_the_place_itself_stays(laboratory: Laboratory) -> None:
    with build(load("file-bind"), laboratory=laboratory) as site:
        path = Path(site.path("{site_packages}/nvidia/__init__.py"))
        path.write_text("kept")
        site.lift_obstacles()
        assert path.read_text() == "kept"
        path.unlink()  # of a mount point: EBUSY


def test_a_mount_that_went_along_with_a_renamed_directory_is_undone_where_it_is(laboratory: Laboratory) -> None:
    # pip renames what it is about to remove: `nvidia` becomes `~vidia`, and a mount below it goes along.
    with build(load("package-directory-is-mount"), laboratory=laboratory) as site:
        os.rename(site.path("{site_packages}/nvidia"), site.path("{site_packages}/~vidia"))
        site.lift_obstacles()
        assert mountinfo.below(site.root) == ()
        os.rmdir(site.path("{site_packages}/~vidia/cublas"))


def test_a_mount_in_use_is_undone_all_the_same(laboratory: Laboratory) -> None:
    with build(load("nested-tmpfs"), laboratory=laboratory) as site:
        with open(site.path("{site_packages}/nvidia/open"), "w", encoding="utf-8"):
            site.lift_obstacles()
        assert not os.path.ismount(site.path("{site_packages}/nvidia"))


def test_modes_that_denied_are_restored_and_missing_directories_are_not_missed(laboratory: Laboratory) -> None:
    permissions = tuple(Permission(at=at, mode="555") for at in ("{scripts}", "{site_packages}/gone"))
    with build(_layout(permissions=permissions), laboratory=laboratory) as site:
        os.rmdir(site.path("{site_packages}/gone"))
        site.lift_obstacles()
        assert stat.S_IMODE(os.stat(site.role("scripts")).st_mode) == 0o755


def test_lifting_finishes_the_image_first(laboratory: Laboratory) -> None:
    with build(load("read-only-cache"), laboratory=laboratory) as site:
        site.lift_obstacles()
        assert [entry.at for entry in mountinfo.below(site.root)] == [site.role("cache")]
        Path(site.role("cache"), "a").touch()


def test_a_mount_below_a_symbolic_link_is_undone(laboratory: Laboratory) -> None:
    nested = Mount(at="{site_packages}/nvidia", type="tmpfs")
    links = (Symlink(at="{site_packages}", to="/elsewhere"),)
    with build(_layout(nested, symlinks=links, roles=Roles()), laboratory=laboratory) as site:
        site.lift_obstacles()
        assert mountinfo.below(site.root) == ()


def test_nothing_is_lifted_outside_of_the_site(laboratory: Laboratory, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    layout = _layout(permissions=(Permission(at="{site_packages}/sealed", mode="555"),))
    with build(layout, laboratory=laboratory) as site:
        os.rmdir(site.path("{site_packages}/sealed"))
        os.symlink(tmp_path, site.path("{site_packages}/sealed"))
        with pytest.raises(LayoutUntrue, match="leads out of the site"):
            site.lift_obstacles()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o500
