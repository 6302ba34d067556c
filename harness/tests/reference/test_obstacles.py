"""What is in the way: links that lead elsewhere, and mount points inside the environment."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from harness.errors import OperationRefused
from harness.model import LINK_MODES
from harness.model import operation as op
from harness.reference import install
from harness.tests.reference.memory import File
from harness.tests.reference.world import ENVIRONMENT, PURELIB, REPLACING, SHARED, World, alpha, archive, beta, refusing
from harness.wheels import wheel

if TYPE_CHECKING:
    from harness.model import LinkMode

every_mode = pytest.mark.parametrize("mode", LINK_MODES)


@every_mode
@pytest.mark.parametrize("link", ["space", "alpha_old", "alpha_old/deep"])
def test_nothing_is_written_through_a_link_out_of_the_environment(mode: LinkMode, link: str) -> None:
    world = World(link_mode=mode)
    world.memory.make("/outside")
    world.memory.make(f"{PURELIB}/{link}".rpartition("/")[0])
    world.memory.perform(op.Symlink("/outside", f"{PURELIB}/{link}"))
    before = world.environment()
    with pytest.raises(OperationRefused, match="ELOOP"):
        world.install(alpha())
    assert world.memory.tree("/outside") == {}
    assert world.environment() == before


def test_a_file_that_is_a_link_is_replaced_and_not_followed() -> None:
    world = World()
    world.memory.perform(op.Create("/victim", b"precious", 0o644))
    world.memory.make(f"{PURELIB}/space")
    world.memory.perform(op.Symlink("/victim", SHARED))
    world.install(alpha())
    assert world.content("/victim") == b"precious"
    assert isinstance(world.memory.inode(SHARED), File)


def test_a_directory_link_that_stays_inside_is_followed() -> None:
    world = World()
    world.memory.make(f"{PURELIB}/elsewhere")
    world.memory.perform(op.Symlink(f"{PURELIB}/elsewhere", f"{PURELIB}/space"))
    world.install(alpha())
    assert world.content(f"{PURELIB}/elsewhere/alpha.py") == b"one\n"


def test_a_dangling_link_in_the_way_is_an_error_and_no_loop() -> None:
    world = World()
    world.memory.make(PURELIB)
    world.memory.perform(op.Symlink(f"{PURELIB}/nowhere", f"{PURELIB}/space"))
    with pytest.raises(OperationRefused, match="ENOENT"):
        world.install(alpha())


def test_a_dist_info_that_is_a_link_is_removed_and_not_what_it_points_to() -> None:
    world = World()
    world.install(alpha())
    world.memory.perform(op.Rename(f"{PURELIB}/alpha-1.0.dist-info", "/kept"))
    world.memory.perform(op.Symlink("/kept", f"{PURELIB}/alpha-1.0.dist-info"))
    kept = world.memory.tree("/kept")
    world.uninstall("alpha")
    assert world.installed() == {}
    assert world.memory.tree("/kept") == kept


@pytest.mark.parametrize("path", ["lib", "lib/site-packages"])
def test_a_file_in_the_place_of_the_library_is_refused_by_its_path(path: str) -> None:
    gamma = wheel("gamma", "1.0", {f"gamma-1.0.data/data/{path}": b"a file"})
    world = World(beta(), gamma)
    world.install(beta())
    before = world.environment()
    with pytest.raises(OperationRefused, match=f"^{ENVIRONMENT}/{path}: replace: EISDIR"):
        world.install(gamma)
    assert world.environment() == before


@every_mode
def test_a_file_that_is_a_mount_point_is_overwritten_in_place_and_said(mode: LinkMode) -> None:
    world = World(link_mode=mode)
    world.memory.make(f"{PURELIB}/space")
    world.memory.perform(op.Create(SHARED, b"covered", 0o644))
    world.memory.mount(SHARED, File(b"theirs", 0o600))
    world.install(alpha())
    assert world.installed() == {"alpha-1.0": []}
    assert any("a mount point: overwritten in place" in note for note in world.notes)
    assert world.debris() == []


def test_a_mount_point_with_the_right_content_is_left_alone() -> None:
    world = World()
    world.memory.make(f"{PURELIB}/space")
    world.memory.perform(op.Create(SHARED, b"covered", 0o644))
    world.memory.mount(SHARED, File(b"# shared\n", 0o644), read_only=True)
    world.install(alpha())
    assert world.installed() == {"alpha-1.0": []}
    assert world.debris() == []


def test_a_failed_install_gives_a_mount_point_its_content_back() -> None:
    world = World()
    world.memory.make(f"{PURELIB}/space")
    world.memory.perform(op.Create(SHARED, b"covered", 0o644))
    world.memory.mount(SHARED, File(b"theirs", 0o600))
    before = world.environment()
    with pytest.raises(OperationRefused):
        world.run(
            install(archive(alpha()), world.settings),
            refusing(op.Rename, errno.EIO, f"{PURELIB}/alpha-1.0.dist-info"),
        )
    assert world.environment() == before


def test_a_refused_rename_alone_never_makes_it_write_into_the_cache() -> None:
    world = World()
    world.install(alpha())
    before = world.memory.tree("/cache")
    with pytest.raises(OperationRefused, match="EBUSY"):
        world.run(install(archive(alpha("2.0")), world.settings), refusing(REPLACING, errno.EBUSY, SHARED))
    assert before.items() <= world.memory.tree("/cache").items()
    assert world.installed() == {"alpha-1.0": []}


@every_mode
def test_a_dist_info_that_is_a_mount_point_is_filled_file_by_file(mode: LinkMode) -> None:
    world = World(link_mode=mode)
    world.memory.mount(f"{PURELIB}/alpha-1.0.dist-info")
    world.install(alpha())
    assert world.installed() == {"alpha-1.0": []}
    assert any("filled file by file" in note for note in world.notes)
    world.run(install(archive(alpha()), world.settings, again=True))
    assert world.installed() == {"alpha-1.0": []}
    world.uninstall("alpha")
    assert world.installed() == {}
    assert world.debris() == []
    assert f"{PURELIB}/alpha-1.0.dist-info" in world.environment()


def test_uninstalling_leaves_mount_points_and_says_so() -> None:
    world = World()
    world.memory.mount(f"{PURELIB}/alpha_old/deep")
    world.install(alpha())
    world.memory.mount(f"{PURELIB}/space/alpha.py", File())
    world.uninstall("alpha")
    assert world.installed() == {}
    assert world.memory.tree(f"{PURELIB}/alpha_old") == {f"{PURELIB}/alpha_old/deep": ("directory", 0o755, b"")}
    assert any("a mount point, left where it is" in note for note in world.notes)
