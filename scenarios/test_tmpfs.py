"""A tmpfs under one role: a temporary directory elsewhere, an environment that is full after a few pages or inodes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.model import Plan, Wheel
from harness.scenario import Lab, fewer, install, must, reinstall, scenario, uninstall, upgrade, warm
from harness.strategies import bulky_wheels, directory_orders, wheel_sets
from harness.wheels import wheel

SMALL = wheel("bulky", "0.1", {"bulky/__init__.py": b"old = True\n"})


@scenario(layouts=["temporary-elsewhere", "small-temporary"], actions=["install", "reinstall", "uninstall"])
@fewer(4)
@given(data=st.data(), wheels=wheel_sets())
def test_a_temporary_directory_elsewhere_is_no_obstacle(
    lab: Lab, data: st.DataObject, wheels: tuple[Wheel, ...]
) -> None:
    # uv#1444, pip#103: nothing can be renamed out of it.
    order = data.draw(directory_orders(wheels))
    lab.run(must(install(*wheels)), must(reinstall(*wheels)), must(uninstall(*wheels)), plan=Plan(creation=order))


@scenario(layouts=["small-temporary"], link_modes=["hardlink", "copy"])
@fewer(4)
@given(wheel=bulky_wheels())
def test_a_full_temporary_directory_is_not_needed(lab: Lab, wheel: Wheel) -> None:
    # pip#5816, vllm#7025: cache and environment have room enough.
    lab.run(must(install(wheel)))


@scenario(layouts=["small-environment"], actions=["install", "upgrade"])
@fewer(2)
@given(wheel=bulky_wheels())
def test_a_full_environment_is_said_and_left_as_it_was(lab: Lab, wheel: Wheel) -> None:
    lab.run(must(install(SMALL)), upgrade(wheel))


@scenario(layouts=["few-inodes"], actions=["install", "upgrade"])
@fewer(2)
@given(wheel=bulky_wheels(max_files=60, max_size=8))
def test_running_out_of_inodes_leaves_the_old_version(lab: Lab, wheel: Wheel) -> None:
    # OpenROAD#980: "mkdir EDQUOT" in the middle of moving files.
    lab.run(must(install(SMALL)), upgrade(wheel))


@scenario(layouts=["small-environment", "few-inodes"], actions=["warm", "install"])
@fewer(4)
@given(wheel=bulky_wheels(max_files=60, max_size=1 << 13))
def test_an_install_without_room_says_where_and_why(lab: Lab, wheel: Wheel) -> None:
    lab.run(warm(wheel), install(wheel))


@scenario(layouts=["environment-is-mount-point", "noexec-environment"], actions=["install", "upgrade", "uninstall"])
@fewer(4)
@given(old=wheel_sets(version="1.0", max_size=2), new=wheel_sets(version="2.0", max_size=2))
def test_an_environment_that_is_a_mount_works(lab: Lab, old: tuple[Wheel, ...], new: tuple[Wheel, ...]) -> None:
    lab.run(must(install(*old)), must(upgrade(*new)), must(uninstall(*new)))
