"""The cache lies on another mount than the environment: linking is impossible, and every file has to be copied."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.model import Plan, Wheel
from harness.scenario import Lab, fewer, install, must, reinstall, scenario, uninstall, warm
from harness.strategies import directory_orders, wheel_sets

CACHES = ["cross-device-cache", "docker-volume", "bind-cache", "overlay-cache-in-lower", "environment-is-mount-point"]


@scenario(tags=["cross-device"], link_modes=["clone", "hardlink"])
@given(data=st.data(), wheels=wheel_sets())
def test_a_shared_file_visited_first_is_not_lost(lab: Lab, data: st.DataObject, wheels: tuple[Wheel, ...]) -> None:
    # uv#1513: EEXIST of the first file hid that no file can be linked.
    order = data.draw(directory_orders(wheels))
    lab.run(install(*wheels), plan=Plan(creation=order))


@scenario(layouts=CACHES, link_modes=["hardlink"], strict=True)
@fewer(4)
@given(wheels=wheel_sets(sharing=["identical", "none"]))
def test_a_strict_hardlink_fails_rather_than_copies(lab: Lab, wheels: tuple[Wheel, ...]) -> None:
    # uv#18297, pixi#3149: who asks for links wants to know that there are none.
    lab.run(install(*wheels), strict=True)


@scenario(tags=["same-device"], link_modes=["hardlink", "symlink", "copy"], strict=True, anywhere=False)
@fewer(4)
@given(wheels=wheel_sets(sharing=["identical", "equal-size"]))
def test_a_strict_link_mode_works_where_it_can(lab: Lab, wheels: tuple[Wheel, ...]) -> None:
    lab.run(must(install(*wheels)), strict=True)


@scenario(layouts=CACHES, link_modes=["hardlink", "copy"], actions=["warm", "install", "reinstall", "uninstall"])
@fewer(4)
@given(wheels=wheel_sets())
def test_a_warm_cache_serves_again_and_again(lab: Lab, wheels: tuple[Wheel, ...]) -> None:
    lab.run(warm(*wheels), must(install(*wheels)), uninstall(*wheels), must(install(*wheels)), reinstall(wheels[0]))


@scenario(layouts=["cross-device-cache"], actions=["install", "reinstall"])
@fewer(4)
@given(wheels=wheel_sets(sharing=["equal-size", "different-size"], max_size=2))
def test_a_reinstalled_wheel_wins_its_shared_file_back(lab: Lab, wheels: tuple[Wheel, ...]) -> None:
    lab.run(install(*wheels), must(reinstall(wheels[0])))
