"""Several wheels are installed at once: which operation goes first is the scheduler's choice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.model import Plan, Wheel
from harness.scenario import Lab, fewer, install, reinstall, repair, scenario, uninstall, upgrade, warm
from harness.strategies import SHARING, directory_orders, schedules, wheel_sets

SHARED = SHARING[1:4]
LAYOUTS = ["cross-device-cache", "docker-volume", "nested-tmpfs", "file-bind"]


@scenario(layouts=LAYOUTS, interleaved=True)
@fewer(3)
@given(wheels=wheel_sets(sharing=SHARED), schedule=schedules())
def test_interleaved_installs_keep_shared_files_whole(
    lab: Lab, wheels: tuple[Wheel, ...], schedule: tuple[int, ...]
) -> None:
    # uv#925, poetry#9158: eleven wheels with one file, written by eleven workers.
    lab.run(install(*wheels), plan=Plan(schedule=schedule))


@scenario(
    layouts=["cross-device-cache"], interleaved=True, actions=["warm", "install"], link_modes=["hardlink", "copy"]
)
@fewer(2)
@given(data=st.data(), wheels=wheel_sets(max_own_files=1), schedule=schedules())
def test_interleaved_installs_from_a_warm_cache_agree(
    lab: Lab, data: st.DataObject, wheels: tuple[Wheel, ...], schedule: tuple[int, ...]
) -> None:
    order = data.draw(directory_orders(wheels))
    lab.run(warm(*wheels), install(*wheels), plan=Plan(creation=order, schedule=schedule))


@scenario(
    layouts=["overlay-fresh"], interleaved=True, actions=["install", "uninstall"], link_modes=["hardlink", "copy"]
)
@fewer(4)
@given(wheels=wheel_sets(), schedule=schedules())
def test_interleaved_uninstalls_leave_nothing_behind(
    lab: Lab, wheels: tuple[Wheel, ...], schedule: tuple[int, ...]
) -> None:
    lab.run(install(*wheels), uninstall(*wheels), plan=Plan(schedule=schedule))


@scenario(
    layouts=["cross-device-cache", "nested-tmpfs"],
    interleaved=True,
    actions=["install", "upgrade", "reinstall", "repair"],
    link_modes=["hardlink", "copy"],
)
@fewer(4)
@given(
    data=st.data(),
    old=wheel_sets(max_size=2, sharing=SHARED),
    new=wheel_sets(max_size=2, sharing=SHARED, version="2.0"),
    schedule=schedules(),
)
def test_interleaved_changes_lose_nothing_that_is_shared(
    lab: Lab, data: st.DataObject, old: tuple[Wheel, ...], new: tuple[Wheel, ...], schedule: tuple[int, ...]
) -> None:
    steps = (upgrade(*new), reinstall(*old), repair(*old), upgrade(*old))
    lab.run(
        install(*old),
        *data.draw(st.lists(st.sampled_from(steps), min_size=1, max_size=3)),
        plan=Plan(schedule=schedule),
    )
