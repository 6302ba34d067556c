"""What was installed changes: upgraded, reinstalled, repaired, removed, in any sequence."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.model import Wheel
from harness.scenario import Lab, fewer, install, must, reinstall, repair, scenario, uninstall, upgrade
from harness.strategies import wheel_sets

LAYOUTS = ["nested-tmpfs", "package-directory-is-mount", "file-bind", "overlay-fresh", "cross-device-cache"]
OLD = wheel_sets(version="1.0", max_size=2, sharing=["identical", "equal-size", "different-size"])
NEW = wheel_sets(version="2.0", max_size=2, sharing=["identical", "equal-size", "different-size"])


@scenario(layouts=LAYOUTS, actions=["install", "upgrade", "reinstall", "uninstall"], link_modes=["hardlink", "copy"])
@fewer(4)
@given(data=st.data(), old=OLD, new=NEW)
def test_any_sequence_of_steps_keeps_records_true(
    lab: Lab, data: st.DataObject, old: tuple[Wheel, ...], new: tuple[Wheel, ...]
) -> None:
    steps = (install(*old), upgrade(*new), reinstall(old[0]), upgrade(new[1]), uninstall(old[0]), uninstall(new[1]))
    lab.run(*data.draw(st.lists(st.sampled_from(steps), min_size=2, max_size=5)))


@scenario(layouts=LAYOUTS, actions=["install", "repair"], link_modes=["hardlink", "copy"])
@fewer(4)
@given(wheels=OLD)
def test_a_repair_of_what_is_whole_changes_nothing(lab: Lab, wheels: tuple[Wheel, ...]) -> None:
    lab.run(must(install(*wheels)), must(repair(*wheels)), must(install(*wheels)))


@scenario(layouts=LAYOUTS, actions=["install", "uninstall"], link_modes=["hardlink", "symlink"])
@fewer(4)
@given(wheels=wheel_sets())
def test_the_last_uninstall_leaves_nothing_behind(lab: Lab, wheels: tuple[Wheel, ...]) -> None:
    lab.run(must(install(*wheels)), *(must(uninstall(one)) for one in wheels))


@scenario(layouts=LAYOUTS, actions=["install", "uninstall"], link_modes=["hardlink"])
@fewer(10)
@given(wheels=OLD)
def test_uninstalling_what_is_not_there_says_so(lab: Lab, wheels: tuple[Wheel, ...]) -> None:
    lab.run(must(install(wheels[0])), uninstall(wheels[1]))
