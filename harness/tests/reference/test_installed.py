"""What says that a distribution is installed, and what wheels are installed at all."""

from __future__ import annotations

import errno
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import OperationRefused, WheelRefused
from harness.model import LINK_MODES
from harness.model import operation as op
from harness.reference import install, warm
from harness.tests.reference.memory import File
from harness.tests.reference.world import ENVIRONMENT, PURELIB, REPLACING, SHARED, World, alpha, archive, beta, refusing
from harness.wheels import bad
from harness.wheels import wheel as make_wheel

if TYPE_CHECKING:
    from harness.drivers import Perform
    from harness.model import LinkMode

every_mode = pytest.mark.parametrize("mode", LINK_MODES)


def test_dist_info_appears_in_the_last_operation_on_the_environment() -> None:
    world = World()
    world.run(warm(archive(alpha()), world.settings))
    done: list[op.Operation] = []

    def keeping(perform: Perform) -> Perform:
        def performing(operation: op.Operation) -> Any:  # noqa: ANN401 - as `perform`
            done.append(operation)
            return perform(operation)

        return performing

    world.run(install(archive(alpha()), world.settings), keeping)
    last = [one for one in done if not isinstance(one, op.READS)][-1]
    assert isinstance(last, op.Rename)
    assert last.path == f"{PURELIB}/alpha-1.0.dist-info"


@every_mode
def test_an_upgrade_that_fails_leaves_the_old_version_working(mode: LinkMode) -> None:
    world = World(link_mode=mode)
    world.install(alpha(), beta())
    before = world.environment()
    with pytest.raises(OperationRefused):
        world.run(
            install(archive(alpha("2.0")), world.settings), refusing(op.Mkdir, errno.ENOSPC, f"{PURELIB}/alpha_new")
        )
    assert world.environment() == before
    assert world.installed() == {"alpha-1.0": [], "beta-1.0": []}


def test_the_same_version_whole_is_not_touched_and_with_holes_is_made_whole() -> None:
    world = World()
    world.install(alpha())
    before = world.environment()
    answer = world.run(install(archive(alpha()), world.settings))
    assert (answer.changed, world.environment()) == (False, before)
    world.memory.perform(op.Unlink(f"{PURELIB}/space/alpha.py"))
    answer = world.run(install(archive(alpha()), world.settings))
    assert (answer.changed, world.environment()) == (True, before)


def test_an_install_over_equal_sized_content_of_another_brings_its_own() -> None:
    first = make_wheel("first", "1.0", {"space/__init__.py": b"# first \n"})
    other = make_wheel("other", "1.0", {"space/__init__.py": b"# other \n"})
    world = World(first, other)
    world.install(first, other)
    world.uninstall("other")
    answer = world.run(install(archive(first), world.settings))
    assert answer.changed
    assert world.content(SHARED) == b"# first \n"


def test_a_distribution_is_found_once_through_a_linked_platlib() -> None:
    world = World()
    world.memory.make(PURELIB)
    world.memory.perform(op.Symlink(f"{ENVIRONMENT}/lib", f"{ENVIRONMENT}/lib64"))
    platlib = PURELIB.replace("/lib/", "/lib64/")
    world.install(alpha(), platlib=platlib)
    answer = world.run(install(archive(alpha()), replace(world.settings, platlib=platlib)))
    assert not answer.changed
    world.uninstall("alpha", platlib=platlib)
    assert world.installed() == {}


@every_mode
def test_reinstalling_leaves_no_second_names(mode: LinkMode) -> None:
    world = World(link_mode=mode)
    world.install(alpha())
    before = world.environment()
    world.run(install(archive(alpha()), world.settings, again=True))
    assert world.environment() == before
    assert world.debris() == []


def test_messages_name_path_second_path_operation_and_errno_in_that_order() -> None:
    world = World()
    world.install(alpha())
    with pytest.raises(OperationRefused) as caught:
        world.run(install(archive(alpha()), world.settings, again=True), refusing(REPLACING, errno.EIO, SHARED))
    message = str(caught.value)
    places = [message.index(part) for part in (SHARED, f"(from {PURELIB}/space/.exdev-", "rename", "EIO")]
    assert places == sorted(places)


@pytest.mark.parametrize("name", bad.MUST_REFUSE)
def test_a_bad_wheel_is_refused_and_nothing_is_written(name: str) -> None:
    wheel = bad.BAD[name]()
    world = World(wheel)
    with pytest.raises(WheelRefused):
        world.install(wheel)
    assert world.environment() == {}
    assert world.memory.tree("/tmp") == {}  # noqa: S108 - in memory


@every_mode
@pytest.mark.parametrize("name", bad.MUST_INSTALL)
def test_an_odd_but_legal_wheel_is_installed(name: str, mode: LinkMode) -> None:
    wheel = bad.BAD[name]()
    world = World(wheel, link_mode=mode)
    world.install(wheel)
    assert world.installed() == {wheel.stem: []}
    world.uninstall(wheel.name)
    assert world.memory.tree(PURELIB) == {}


def test_console_scripts_are_made_executable_and_name_the_interpreter() -> None:
    world = World()
    world.install(alpha())
    script = world.memory.inode(f"{ENVIRONMENT}/bin/go")
    assert isinstance(script, File)
    assert script.mode == 0o755
    assert script.content.startswith(b"#!/env/bin/python3\n")
    assert b"from space.alpha import main" in script.content
    assert world.content(f"{ENVIRONMENT}/bin/run") == b"#!/env/bin/python3\nrun\n"


@every_mode
def test_platlib_and_data_may_lie_on_mounts_of_their_own(mode: LinkMode) -> None:
    files = {"native-1.0.data/purelib/pure.py": b"p", "native.so": b"n", "native-1.0.data/headers/n.h": b"h"}
    native = make_wheel("native", "1.0", files, root_is_purelib=False)
    world = World(native, link_mode=mode)
    world.memory.mount("/platlib")
    world.memory.mount("/headers")
    world.install(native, platlib="/platlib", headers="/headers")
    assert world.content("/platlib/native.so") == b"n"
    assert world.content("/headers/native/n.h") == b"h"
    assert world.content(f"{PURELIB}/pure.py") == b"p"
    world.uninstall("native", platlib="/platlib", headers="/headers")
    assert world.memory.tree("/platlib") == {}
    assert world.memory.tree("/headers") == {}
    assert world.memory.tree(PURELIB) == {}


@pytest.mark.parametrize("path", ["native-1.0.data/purelib/pure.py", "native-1.0.data/purelib/native-1.0.dist-info/X"])
def test_data_that_brings_a_file_twice_or_into_dist_info_is_refused(path: str) -> None:
    native = make_wheel("native", "1.0", {"pure.py": b"one", path: b"two"})
    world = World(native)
    with pytest.raises(WheelRefused, match=r"\.data"):
        world.install(native)
    assert world.environment() == {}
