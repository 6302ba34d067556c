"""A mount in the middle of site-packages: the first file links, and a later one crosses a mount."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.model import Plan, Wheel
from harness.scenario import Lab, fewer, install, must, reinstall, scenario, uninstall, upgrade
from harness.strategies import directory_orders, wheel_sets

NESTED = ["nested-tmpfs", "nested-bind", "package-directory-is-mount"]


@scenario(layouts=NESTED)
@fewer(2)
@given(data=st.data(), wheels=wheel_sets())
def test_a_later_refusal_to_link_is_survived(lab: Lab, data: st.DataObject, wheels: tuple[Wheel, ...]) -> None:
    order = data.draw(directory_orders(wheels))
    lab.run(must(install(*wheels)), plan=Plan(creation=order))


@scenario(layouts=NESTED, actions=["install", "upgrade", "uninstall"])
@fewer(4)
@given(old=wheel_sets(version="1.0", max_size=2), new=wheel_sets(version="2.0", max_size=2))
def test_a_mount_point_stays_when_its_package_goes(lab: Lab, old: tuple[Wheel, ...], new: tuple[Wheel, ...]) -> None:
    # npm#21007, npm#9863: it cannot be renamed or removed, only emptied.
    lab.run(must(install(*old)), must(upgrade(*new)), must(uninstall(*new)))


@scenario(layouts=NESTED, link_modes=["hardlink", "symlink"], actions=["install", "reinstall"], strict=True)
@fewer(4)
@given(wheels=wheel_sets())
def test_a_strict_link_mode_stops_at_the_mount(lab: Lab, wheels: tuple[Wheel, ...]) -> None:
    lab.run(install(*wheels), reinstall(*wheels), strict=True)
