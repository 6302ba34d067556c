"""How files get to their places: link modes, fallbacks, and a cache that installs never change."""

from __future__ import annotations

import errno
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.errors import OperationRefused
from harness.model import LINK_MODES, Entry
from harness.model import operation as op
from harness.reference import install, warm
from harness.tests.reference.memory import Directory, File, Link
from harness.tests.reference.world import ENVIRONMENT, PURELIB, World, alpha, archive, beta, cached, refusing
from harness.wheels import wheel as make_wheel

if TYPE_CHECKING:
    from harness.model import LinkMode

every_mode = pytest.mark.parametrize("mode", LINK_MODES)


def test_hardlink_mode_makes_a_second_name_of_the_cached_file() -> None:
    world = World()
    world.install(alpha())
    assert world.memory.inode(f"{PURELIB}/space/alpha.py") is world.memory.inode(
        cached(world, alpha(), "space/alpha.py")
    )


def test_symlink_mode_points_into_the_cache() -> None:
    world = World(link_mode="symlink")
    world.install(alpha())
    inode = world.memory.inode(f"{PURELIB}/space/alpha.py")
    assert isinstance(inode, Link)
    assert inode.target == cached(world, alpha(), "space/alpha.py")


@pytest.mark.parametrize("mode", ["clone", "copy"])
def test_clone_and_copy_modes_make_files_of_their_own(mode: LinkMode) -> None:
    world = World(link_mode=mode)
    world.install(alpha())
    assert isinstance(world.memory.inode(f"{PURELIB}/space/alpha.py"), File)
    assert world.memory.inode(f"{PURELIB}/space/alpha.py") is not world.memory.inode(
        cached(world, alpha(), "space/alpha.py")
    )
    assert world.notes == []


@pytest.mark.parametrize("crossing", [False, True])
def test_mode_bits_are_equal_in_every_link_mode(*, crossing: bool) -> None:
    tool = make_wheel("tool", "1.0", [Entry("tool/run.sh", b"#!/bin/sh\n", 0o755), Entry("tool/odd.txt", b"", 0o600)])
    modes = []
    for mode in LINK_MODES:
        world = World(tool, link_mode=mode, clones=False)
        if crossing:
            world.memory.mount("/cache")
        world.install(tool)
        inodes = [world.memory.inode(f"{PURELIB}/tool/{name}") for name in ("run.sh", "odd.txt")]
        files = [world.memory.inode(one.target) if isinstance(one, Link) else one for one in inodes]
        modes.append([one.mode for one in files if isinstance(one, File)])
    assert modes == [[0o755, 0o644]] * len(LINK_MODES)


def test_copies_have_the_mode_of_the_umask_they_are_made_under() -> None:
    world = World(link_mode="copy")
    world.run(warm(archive(alpha()), replace(world.settings, umask=0o077)))
    world.install(alpha(), umask=0o022)
    inode = world.memory.inode(f"{PURELIB}/space/alpha.py")
    assert isinstance(inode, File)
    assert inode.mode == 0o644


@every_mode
def test_a_cache_on_another_mount_is_copied_from_and_said_once(mode: LinkMode) -> None:
    world = World(link_mode=mode)
    world.memory.mount("/cache")
    world.install(alpha(), beta())
    assert world.installed() == {"alpha-1.0": [], "beta-1.0": []}
    assert len(world.notes) == (2 if mode in {"hardlink", "clone"} else 0)
    assert all("EXDEV" in note for note in world.notes)


@every_mode
def test_a_directory_that_is_a_mount_gets_copies_and_the_others_links(mode: LinkMode) -> None:
    world = World(link_mode=mode)
    world.memory.mount(f"{PURELIB}/space")
    world.install(alpha())
    assert world.installed() == {"alpha-1.0": []}
    if mode == "hardlink":
        own, linked = (f"{PURELIB}/{path}" for path in ("space/alpha.py", "alpha_old/deep/x.py"))
        assert world.memory.inode(own) is not world.memory.inode(cached(world, alpha(), "space/alpha.py"))
        assert world.memory.inode(linked) is world.memory.inode(cached(world, alpha(), "alpha_old/deep/x.py"))


@pytest.mark.parametrize("mode", ["hardlink", "clone"])
def test_strict_mode_fails_where_it_would_have_to_copy(mode: LinkMode) -> None:
    world = World(link_mode=mode)
    world.memory.mount("/cache")
    with pytest.raises(OperationRefused, match="EXDEV"):
        world.install(alpha(), strict=True)
    assert world.environment() == {}


def test_strict_symlink_mode_fails_without_a_cache_to_point_to() -> None:
    world = World(link_mode="symlink")
    world.memory.mount("/cache", read_only=True)
    with pytest.raises(OperationRefused, match="EROFS"):
        world.install(alpha(), strict=True)
    assert world.environment() == {}


@every_mode
def test_a_cache_that_cannot_be_written_is_done_without(mode: LinkMode) -> None:
    world = World(link_mode=mode)
    world.memory.mount("/cache", read_only=True)
    world.install(alpha())
    assert world.installed() == {"alpha-1.0": []}
    assert not any(isinstance(inode, Link) for _, inode in world.memory.walk(ENVIRONMENT))
    assert world.memory.tree("/tmp") == {}  # noqa: S108 - in memory
    assert "EROFS: installed without the cache" in world.notes[0]


@every_mode
def test_an_install_changes_nothing_that_is_in_the_cache(mode: LinkMode) -> None:
    world = World(link_mode=mode)
    world.install(alpha(), beta())
    before = world.memory.tree("/cache")
    world.repair(alpha())
    world.install(alpha())
    world.uninstall("beta")
    assert world.memory.tree("/cache") == before


@every_mode
@pytest.mark.parametrize("lost", ["space/alpha.py", "alpha-1.0.dist-info/RECORD", "alpha-1.0.dist-info"])
def test_files_missing_from_the_cache_are_put_back(mode: LinkMode, lost: str) -> None:
    world = World(link_mode=mode)
    world.run(warm(archive(alpha()), world.settings))
    whole = world.memory.tree("/cache")
    for path in [path for path, _ in world.memory.walk("/cache") if f"/{lost}" in path]:
        parent = world.memory.inode(path.rpartition("/")[0])
        if isinstance(parent, Directory):
            parent.names.pop(path.rpartition("/")[2])
    assert world.memory.tree("/cache") != whole
    world.install(alpha())
    assert world.installed() == {"alpha-1.0": []}
    assert world.memory.tree("/cache") == whole
    assert world.debris() == []


def test_a_hole_in_a_cache_that_cannot_be_written_is_gone_around() -> None:
    world = World()
    world.run(warm(archive(alpha()), world.settings))
    world.memory.perform(op.Unlink(cached(world, alpha(), "space/alpha.py")))
    world.run(install(archive(alpha()), world.settings), refusing(op.Mkdir, errno.EROFS, "/cache"))
    assert world.installed() == {"alpha-1.0": []}
    assert world.debris() == []


def test_repair_undoes_an_edit_that_reached_the_cache_by_a_hard_link() -> None:
    world = World()
    world.install(alpha())
    world.memory.perform(op.Write(f"{PURELIB}/space/alpha.py", b"EVIL"))
    assert world.content(cached(world, alpha(), "space/alpha.py")) == b"EVIL"
    world.repair(alpha())
    assert world.installed() == {"alpha-1.0": []}
    assert world.debris() == []
