"""What is removed, and what is not: shared files, strangers' files, hostile RECORDs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.errors import NotInstalled, OperationRefused, WheelRefused
from harness.model import LINK_MODES
from harness.model import operation as op
from harness.reference import install
from harness.tests.reference.memory import File
from harness.tests.reference.world import ENVIRONMENT, PURELIB, SHARED, World, alpha, archive, beta, refusing
from harness.wheels import wheel

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model import LinkMode

every_mode = pytest.mark.parametrize("mode", LINK_MODES)


@every_mode
def test_shared_files_stay_until_the_last_claimant_is_uninstalled(mode: LinkMode) -> None:
    world = World(link_mode=mode)
    world.install(alpha(), beta())
    world.uninstall("alpha")
    assert world.installed() == {"beta-1.0": []}
    assert world.content(SHARED) == b"# shared\n"
    world.uninstall("beta")
    assert world.memory.tree(f"{PURELIB}") == {}


def test_uninstalling_removes_bytecode_and_empty_directories_but_no_roots() -> None:
    world = World()
    world.install(alpha())
    world.memory.make(f"{PURELIB}/space/__pycache__")
    for name in ("alpha.cpython-311.pyc", "alpha.cpython-311.opt-2.pyc", "__init__.cpython-312.pyc"):
        world.memory.perform(op.Create(f"{PURELIB}/space/__pycache__/{name}", b"", 0o644))
    world.uninstall("Alpha")
    assert set(world.environment()) == {f"{ENVIRONMENT}/lib", PURELIB, f"{ENVIRONMENT}/bin"}


def test_uninstalling_leaves_what_is_not_its_own() -> None:
    world = World()
    world.install(alpha())
    world.memory.perform(op.Create(f"{PURELIB}/space/mine.py", b"mine", 0o644))
    world.uninstall("alpha")
    assert world.content(f"{PURELIB}/space/mine.py") == b"mine"


def test_uninstalling_what_is_not_installed_says_so() -> None:
    with pytest.raises(NotInstalled, match="gamma"):
        World().uninstall("gamma")


@pytest.mark.parametrize("row", ["/outside/victim", "../../../outside/victim", "space/../../../../outside/victim"])
@pytest.mark.parametrize("deed", ["uninstall", "upgrade", "repair"])
def test_a_hostile_record_never_reaches_outside(row: str, deed: str) -> None:
    world = World()
    world.memory.make("/outside")
    world.memory.perform(op.Create("/outside/victim", b"precious", 0o644))
    world.install(alpha())
    record = f"{PURELIB}/alpha-1.0.dist-info/RECORD"
    world.memory.perform(op.Write(record, (world.content(record) or b"") + f"{row},,\n".encode()))
    deeds: dict[str, Callable[[], None]] = {
        "uninstall": lambda: world.uninstall("alpha"),
        "upgrade": lambda: world.install(alpha("2.0")),
        "repair": lambda: world.repair(alpha()),
    }
    deeds[deed]()
    assert world.content("/outside/victim") == b"precious"
    assert any("outside of the environment" in note for note in world.notes)


def test_a_record_that_names_a_directory_does_not_take_it_away() -> None:
    world = World()
    world.install(alpha(), beta())
    record = f"{PURELIB}/alpha-1.0.dist-info/RECORD"
    world.memory.perform(op.Write(record, (world.content(record) or b"") + b"space,,\n"))
    world.uninstall("alpha")
    assert world.installed() == {"beta-1.0": []}


def test_an_unreadable_record_of_another_keeps_shared_files_safe() -> None:
    world = World()
    world.install(alpha(), beta())
    before = world.environment()
    world.memory.perform(op.Write(f"{PURELIB}/beta-1.0.dist-info/RECORD", b"\xff\xff"))
    with pytest.raises(WheelRefused, match="RECORD is not readable"):
        world.uninstall("alpha")
    assert set(world.environment()) == set(before)


@every_mode
def test_an_upgrade_where_lib64_leads_to_lib_removes_what_is_stale_and_nothing_else(mode: LinkMode) -> None:
    old, new = (
        wheel("native", version, {"native/core.so": version.encode(), f"native/{own}.py": b""}, root_is_purelib=False)
        for version, own in (("1.0", "old"), ("2.0", "new"))
    )
    world = World(old, new, link_mode=mode)
    world.memory.make(PURELIB)
    world.memory.perform(op.Symlink("lib", f"{ENVIRONMENT}/lib64"))
    for one in (old, new):
        world.install(one, platlib=f"{ENVIRONMENT}/lib64/site-packages")
    assert world.installed() == {"native-2.0": []}
    assert world.content(f"{PURELIB}/native/core.so") == b"2.0"
    assert world.content(f"{PURELIB}/native/old.py") is None
    world.uninstall("native", platlib=f"{ENVIRONMENT}/lib64/site-packages")
    assert world.memory.tree(PURELIB) == {}


def test_a_file_stays_that_another_claims_by_way_of_a_link() -> None:
    one = wheel("one", "1.0", {"one-1.0.data/data/share/common.txt": b"common"})
    two = wheel("two", "1.0", {"two-1.0.data/data/lib/share/common.txt": b"common"})
    for first, last in (("one", "two"), ("two", "one")):
        world = World(one, two)
        world.memory.make(f"{ENVIRONMENT}/lib/share")
        world.memory.perform(op.Symlink("lib/share", f"{ENVIRONMENT}/share"))
        world.install(one, two)
        world.uninstall(first)
        assert world.content(f"{ENVIRONMENT}/lib/share/common.txt") == b"common"
        world.uninstall(last)
        assert world.content(f"{ENVIRONMENT}/lib/share/common.txt") is None


def test_upwards_in_a_record_leads_from_where_the_library_really_is() -> None:
    world = World()
    world.memory.make("/elsewhere/libraries")
    world.memory.make(f"{ENVIRONMENT}/lib")
    world.memory.perform(op.Symlink("/elsewhere/libraries", PURELIB))
    world.install(alpha())
    record = world.memory.inode("/elsewhere/libraries/alpha-1.0.dist-info/RECORD")
    assert isinstance(record, File)
    # As some tools write it: by its text it is a file of the environment, which nobody can have meant.
    record.content += b"../mine.txt,,\n"
    for place in (f"{ENVIRONMENT}/lib/mine.txt", "/elsewhere/mine.txt"):
        world.memory.perform(op.Create(place, b"mine", 0o644))
    world.uninstall("alpha")
    assert world.content(f"{ENVIRONMENT}/lib/mine.txt") == b"mine"
    assert world.content("/elsewhere/mine.txt") == b"mine"
    assert any("/elsewhere/mine.txt: named in RECORD but outside" in note for note in world.notes)


def test_only_directories_in_which_something_was_installed_go() -> None:
    world = World()
    world.memory.make(f"{PURELIB}/space")
    for empty in ("nothing", "alpha_old/mine"):
        world.memory.make(f"{PURELIB}/{empty}")
    world.install(alpha())
    world.uninstall("alpha")
    # `space` was there before, too: who made it no RECORD can say, and files of alpha lay in it.
    assert set(world.memory.tree(PURELIB)) == {
        f"{PURELIB}/{path}" for path in ("nothing", "alpha_old", "alpha_old/mine")
    }


def test_a_failed_step_removes_no_directory_that_was_there() -> None:
    world = World()
    world.memory.make(f"{PURELIB}/space")
    world.memory.make(f"{PURELIB}/alpha_old/deep")
    before = world.environment()
    with pytest.raises(OperationRefused):
        world.run(install(archive(alpha()), world.settings), refusing(op.Rename, 5, f"{PURELIB}/alpha-1.0"))
    assert world.environment() == before
