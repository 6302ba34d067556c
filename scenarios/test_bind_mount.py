"""Bind mounts: the same device on both sides, equal st_dev, and link and rename give EXDEV or EBUSY all the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.model import Plan, Wheel
from harness.scenario import Lab, fewer, install, must, scenario, uninstall, upgrade
from harness.strategies import directory_orders, wheel_sets

OLD = wheel_sets(version="1.0", max_size=2, sharing=["identical", "equal-size", "different-size"])
NEW = wheel_sets(version="2.0", max_size=2, sharing=["identical", "equal-size", "different-size"])


@scenario(layouts=["bind-cache", "nested-bind"], link_modes=["clone", "hardlink"])
@fewer(2)
@given(data=st.data(), wheels=wheel_sets())
def test_equal_device_numbers_are_no_promise_of_links(lab: Lab, data: st.DataObject, wheels: tuple[Wheel, ...]) -> None:
    # pants#18757
    order = data.draw(directory_orders(wheels))
    lab.run(must(install(*wheels)), plan=Plan(creation=order))


@scenario(layouts=["file-bind"])
@fewer(4)
@given(wheels=wheel_sets(sharing=["identical", "equal-size", "different-size"]))
def test_a_file_that_is_a_mount_is_written_in_place(lab: Lab, wheels: tuple[Wheel, ...]) -> None:
    # pnpm#2720, berry#6826: it can be written, and not replaced.
    lab.run(must(install(*wheels)))


@scenario(layouts=["file-bind"], actions=["install", "upgrade", "uninstall"])
@fewer(4)
@given(old=OLD, new=NEW)
def test_a_file_that_is_a_mount_survives_its_owners(lab: Lab, old: tuple[Wheel, ...], new: tuple[Wheel, ...]) -> None:
    lab.run(must(install(*old)), must(upgrade(*new)), must(uninstall(*new)), must(install(*old)))
