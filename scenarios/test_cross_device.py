"""The cache lies on another mount than the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from harness.model import Plan, Wheel
from harness.scenario import Lab, install, scenario
from harness.strategies import directory_orders, wheel_sets

if TYPE_CHECKING:
    from harness.scenario import Lab


@scenario(tags=["cross-device"], link_modes=["clone", "hardlink", "symlink"])
@given(data=st.data(), wheels=wheel_sets())
def test_a_shared_file_visited_first_is_not_lost(lab: Lab, data: st.DataObject, wheels: tuple[Wheel, ...]) -> None:
    order = data.draw(directory_orders(wheels))
    lab.run(install(*wheels), plan=Plan(creation=order))
