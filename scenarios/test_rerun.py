"""The same command once more, after the obstacle is gone: space freed, mount undone, writing permitted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.model import Plan, Wheel
from harness.scenario import Lab, fewer, image, install, must, reinstall, rerun, scenario, uninstall, upgrade
from harness.strategies import bulky_wheels, directory_orders, wheel_sets
from harness.wheels import wheel

IN_THE_WAY = ["nested-mount", "file-mount", "read-only"]
SMALL = wheel("bulky", "0.1", {"bulky/__init__.py": b"old = True\n"})
BULKY = bulky_wheels(max_files=60, max_size=1 << 13)
OLD = wheel_sets(version="1.0", max_size=2, sharing=["identical", "none"])
NEW = wheel_sets(version="2.0", max_size=2, sharing=["identical", "none"])


@scenario(tags=["limited"], actions=["install"])
@fewer(5)
@given(bulky=BULKY)
def test_an_install_without_room_is_repaired_once_there_is_room(lab: Lab, bulky: Wheel) -> None:
    # uv#19958, Comfy#954: .dist-info is there, the payload is not, and the next run says "installed".
    lab.run(install(bulky), rerun(install(bulky)))


@scenario(tags=IN_THE_WAY)
@fewer(5)
@given(data=st.data(), wheels=wheel_sets())
def test_a_refused_install_is_repaired_once_nothing_is_in_the_way(
    lab: Lab, data: st.DataObject, wheels: tuple[Wheel, ...]
) -> None:
    # How far it got depends on what it came to first.
    order = data.draw(directory_orders(wheels))
    lab.run(install(*wheels), rerun(install(*wheels)), plan=Plan(creation=order))


@scenario(tags=["limited"], actions=["install", "upgrade"])
@fewer(10)
@given(bulky=BULKY)
def test_an_upgrade_without_room_keeps_the_old_version_until_there_is_room(lab: Lab, bulky: Wheel) -> None:
    lab.run(must(install(SMALL)), upgrade(bulky), rerun(upgrade(bulky)))


@scenario(tags=IN_THE_WAY, actions=["install", "upgrade"])
@fewer(10)
@given(old=OLD, new=NEW)
def test_a_refused_upgrade_keeps_the_old_version_and_is_done_by_a_rerun(
    lab: Lab, old: tuple[Wheel, ...], new: tuple[Wheel, ...]
) -> None:
    lab.run(image(install(*old)), upgrade(*new), rerun(upgrade(*new)))


@scenario(tags=IN_THE_WAY, actions=["install", "uninstall"], link_modes=["hardlink", "copy"])
@fewer(10)
@given(wheels=OLD)
def test_a_refused_uninstall_is_done_by_a_rerun(lab: Lab, wheels: tuple[Wheel, ...]) -> None:
    # pip#11849: what was half removed has neither a RECORD nor an owner.
    lab.run(image(install(*wheels)), uninstall(*wheels), rerun(uninstall(*wheels)))


@scenario(tags=[*IN_THE_WAY, "limited"], actions=["install", "reinstall"])
@fewer(10)
@given(wheels=OLD)
def test_a_refused_reinstall_is_done_by_a_rerun(lab: Lab, wheels: tuple[Wheel, ...]) -> None:
    lab.run(image(install(*wheels)), reinstall(*wheels), rerun(reinstall(*wheels)))


@scenario(
    tags=IN_THE_WAY,
    actions=["install", "upgrade", "reinstall", "uninstall"],
    link_modes=["hardlink", "copy"],
)
@fewer(10)
@given(data=st.data(), old=OLD, new=NEW)
def test_whatever_was_refused_in_whatever_order_is_done_by_a_rerun(
    lab: Lab, data: st.DataObject, old: tuple[Wheel, ...], new: tuple[Wheel, ...]
) -> None:
    # Both at once: a file that another wheel claims is another matter (uv#19430).
    steps = st.sampled_from((install(*old), upgrade(*new), reinstall(old[0]), upgrade(new[1]), uninstall(*old)))
    before = data.draw(st.lists(steps, min_size=1, max_size=3))
    after = data.draw(st.lists(steps, max_size=2))
    lab.run(*before, rerun(before[-1]), *after)
