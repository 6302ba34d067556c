"""The specimens have the defects of the releases they are named after, and no others.

Every outcome stated here, the files left behind included, was measured with the releases themselves (uv 0.1.2 and uv
0.13.9) on the same mounts: 30 and 30 pairs of creation order and layout, of which these are the ones that differ.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from harness.errors import OperationRefused
from harness.specimens import install_later_refusal_fatal, install_uv_0_1_2
from harness.tests.reference.world import PURELIB, World, archive
from harness.wheels import reordered
from harness.wheels import wheel as make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model import Wheel
    from harness.model import operation as op
    from harness.reference import Settings

    Install = Callable[[str, Settings], op.Program[None]]

A = make_wheel("nvidia-a", "1.0", {"nvidia/__init__.py": b"", "nvidia/a/__init__.py": b"a"})
B = make_wheel("nvidia-b", "1.0", {"nvidia/__init__.py": b"", "nvidia/b/__init__.py": b"b"})
# tmpfs, and the filesystem in memory, list the newest name first: what is created last is visited first.
SHARED_FIRST = (
    *(f"{wheel.dist_info}" for wheel in (A, B)),
    *(entry.path for wheel in (A, B) for entry in wheel.entries if ".dist-info/" in entry.path),
    "nvidia",
    "nvidia/a",
    "nvidia/b",
    "nvidia/a/__init__.py",
    "nvidia/b/__init__.py",
    "nvidia/__init__.py",
)
SHARED_LAST = ("nvidia", "nvidia/__init__.py", "nvidia/a", "nvidia/b")


def installed(install: Install, order: tuple[str, ...], *mounts: str, mode: str = "hardlink") -> World:
    """Both wheels installed one after the other, with the mounts given."""
    wheels: list[Wheel] = [reordered(wheel, order) for wheel in (A, B)]
    world = World(*wheels, link_mode="clone" if mode == "clone" else "hardlink", clones=False)
    for path in mounts:
        world.memory.mount(path)
    for wheel in wheels:
        world.run(install(archive(wheel), world.settings))
    return world


@pytest.mark.parametrize("install", [install_uv_0_1_2, install_later_refusal_fatal])
@pytest.mark.parametrize("order", [(), SHARED_FIRST, SHARED_LAST], ids=["own", "shared-first", "shared-last"])
def test_specimens_install_whole_trees_where_nothing_is_mounted(install: Install, order: tuple[str, ...]) -> None:
    assert installed(install, order).installed() == {"nvidia_a-1.0": [], "nvidia_b-1.0": []}


@pytest.mark.parametrize("order", [(), SHARED_LAST], ids=["own", "shared-last"])
def test_uv_0_1_2_passes_across_mounts_when_the_shared_file_is_not_first(order: tuple[str, ...]) -> None:
    assert installed(install_uv_0_1_2, order, "/cache").installed() == {"nvidia_a-1.0": [], "nvidia_b-1.0": []}


def test_uv_0_1_2_renames_what_it_never_made_when_the_shared_file_is_first() -> None:
    message = re.escape(f"{PURELIB}/nvidia/__init__.py (from {PURELIB}/.tmp0-1/__init__.py): rename: ENOENT")
    with pytest.raises(OperationRefused, match=message):
        installed(install_uv_0_1_2, SHARED_FIRST, "/cache")


def test_uv_0_1_2_renames_across_mounts_when_the_namespace_is_one() -> None:
    message = re.escape(f"{PURELIB}/nvidia/__init__.py (from {PURELIB}/.tmp0-1/__init__.py): rename: EXDEV")
    with pytest.raises(OperationRefused, match=message):
        installed(install_uv_0_1_2, SHARED_FIRST, "/cache", f"{PURELIB}/nvidia")


@pytest.mark.parametrize("install", [install_uv_0_1_2, install_later_refusal_fatal])
@pytest.mark.parametrize("order", [(), SHARED_LAST], ids=["own", "shared-last"])
def test_one_link_that_worked_makes_a_mount_in_the_way_fatal(install: Install, order: tuple[str, ...]) -> None:
    with pytest.raises(OperationRefused, match="link: EXDEV"):
        installed(install, order, f"{PURELIB}/nvidia")


@pytest.mark.parametrize("order", [(), SHARED_FIRST, SHARED_LAST], ids=["own", "shared-first", "shared-last"])
@pytest.mark.parametrize("mode", ["hardlink", "clone"])
def test_uv_0_13_9_installs_whole_trees_across_mounts(order: tuple[str, ...], mode: str) -> None:
    world = installed(install_later_refusal_fatal, order, "/cache", mode=mode)
    assert world.installed() == {"nvidia_a-1.0": [], "nvidia_b-1.0": []}


def test_uv_0_13_9_copies_everything_when_the_mount_is_visited_first() -> None:
    world = installed(install_later_refusal_fatal, SHARED_FIRST, f"{PURELIB}/nvidia")
    assert world.installed() == {"nvidia_a-1.0": [], "nvidia_b-1.0": []}


def test_uv_0_13_9_leaves_a_dist_info_over_a_payload_with_holes() -> None:
    first, second = (reordered(wheel, SHARED_LAST) for wheel in (A, B))
    world = World(first, second)
    world.memory.mount(f"{PURELIB}/nvidia")
    with pytest.raises(OperationRefused, match="link: EXDEV"):
        world.run(install_later_refusal_fatal(archive(first), world.settings))
    assert world.content(f"{PURELIB}/{A.dist_info}/METADATA") is not None
    assert world.content(f"{PURELIB}/nvidia/a/__init__.py") is None


def test_uv_0_13_9_drops_its_temporary_name_when_a_mounted_file_is_in_the_way() -> None:
    world = World(A, B)
    world.run(install_later_refusal_fatal(archive(A), world.settings))
    shared = f"{PURELIB}/nvidia/__init__.py"
    world.memory.mount(shared, world.memory.inode(shared))
    with pytest.raises(OperationRefused, match="rename: EBUSY"):
        world.run(install_later_refusal_fatal(archive(B), world.settings))
    assert not [path for path, _ in world.memory.walk(PURELIB) if "/.tmp" in path]
