"""Cases: whole runs, everything in them drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from harness.model import Case, Layout, LinkMode, Plan, Step, Wheel
from harness.strategies.layouts import layouts, link_modes
from harness.strategies.orders import directory_orders
from harness.strategies.plans import listings, schedules
from harness.strategies.wheels import wheel_sets

if TYPE_CHECKING:
    from collections.abc import Callable


@st.composite
def cases(  # noqa: PLR0913 - one strategy for each part of a case; all have defaults
    draw: Callable[[st.SearchStrategy[Any]], Any],
    *,
    layouts: st.SearchStrategy[Layout] = layouts(),  # noqa: B008 - strategies are immutable
    wheels: st.SearchStrategy[tuple[Wheel, ...]] = wheel_sets(),  # noqa: B008 - as above
    link_modes: st.SearchStrategy[LinkMode] = link_modes(),  # noqa: B008 - as above
    listings: st.SearchStrategy[tuple[int, ...] | None] = st.none() | listings(),  # noqa: B008 - as above
    schedules: st.SearchStrategy[tuple[int, ...] | None] = st.none() | schedules(),  # noqa: B008 - as above
    installer: str = "reference",
) -> Case:
    """Installations of a wheel set somewhere, in some order. Shrinks part by part, as the strategies given do.

    Args:
        draw: given by Hypothesis.
        layouts: where.
        wheels: what; each is installed by one step, in order.
        link_modes: how files get into the environment.
        listings: the plan's listing choices (the creation order is always drawn).
        schedules: the plan's schedule choices.
        installer: who.
    """
    chosen = draw(wheels)
    plan = Plan(creation=draw(directory_orders(chosen)), listing=draw(listings), schedule=draw(schedules))
    step = Step(action="install", wheels=tuple(wheel.key for wheel in chosen))
    return Case(
        layout=draw(layouts),
        wheels=chosen,
        steps=(step,),
        plan=plan,
        installer=installer,
        link_mode=draw(link_modes),
    )
