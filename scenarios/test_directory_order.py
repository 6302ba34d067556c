"""The order in which directories and files are created and listed is the filesystem's choice, and must not matter."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.model import Plan, Wheel
from harness.scenario import Lab, fewer, install, scenario
from harness.strategies import SHARING, cases, directory_orders, layouts, link_modes, listings, schedules, wheel_sets


@scenario()
@fewer(8)
@given(data=st.data(), wheels=wheel_sets())
def test_every_linear_order_installs_everywhere(lab: Lab, data: st.DataObject, wheels: tuple[Wheel, ...]) -> None:
    order = data.draw(directory_orders(wheels))
    lab.run(install(*wheels), plan=Plan(creation=order))


@scenario(layouts=["cross-device-cache", "nested-tmpfs", "overlay-fresh", "symlinked-site-packages"], listings=True)
@fewer(4)
@given(wheels=wheel_sets(sharing=SHARING[:4]), listing=listings())
def test_every_listing_order_installs_the_same(lab: Lab, wheels: tuple[Wheel, ...], listing: tuple[int, ...]) -> None:
    lab.run(install(*wheels), plan=Plan(listing=listing))


@scenario(drawn=True, interleaved=True)
@given(data=st.data())
def test_everything_drawn_at_once_keeps_every_promise(lab: Lab, data: st.DataObject) -> None:
    case = cases(
        layouts=layouts(among=lab.layouts),
        link_modes=link_modes(modes=lab.link_modes),
        wheels=wheel_sets(sharing=SHARING),
        listings=st.none() | listings(),
        schedules=st.none() | schedules(),
        installer=lab.installer,
    )
    lab.judge(data.draw(case))
