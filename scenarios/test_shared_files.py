"""Several wheels bring the same path: the same file, another version of it, or a directory of that name."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.model import Entry, Plan, Wheel
from harness.scenario import Lab, fewer, install, must, scenario, uninstall
from harness.strategies import SHARING, directory_orders, wheel_sets
from harness.wheels import wheel

LAYOUTS = ["cross-device-cache", "overlay-fresh", "sticky-and-setgid"]
BOTH_BRING_IT = SHARING[1:4]


@scenario(layouts=LAYOUTS)
@fewer(3)
@given(data=st.data(), wheels=wheel_sets(sharing=BOTH_BRING_IT))
def test_a_shared_file_is_wholly_its_last_owners(lab: Lab, data: st.DataObject, wheels: tuple[Wheel, ...]) -> None:
    # uv#13435: "one namespace, one package, not a hybrid".
    order = data.draw(directory_orders(wheels))
    lab.run(must(install(*wheels)), plan=Plan(creation=order))


@scenario(layouts=[*LAYOUTS, "nested-bind", "symlinked-lib"], actions=["install", "uninstall"])
@fewer(4)
@given(wheels=wheel_sets(sharing=BOTH_BRING_IT), index=st.integers(0, 2))
def test_an_uninstall_keeps_what_others_still_claim(lab: Lab, wheels: tuple[Wheel, ...], index: int) -> None:
    # uv#19430, opencv-python#962
    lab.run(must(install(*wheels)), must(uninstall(wheels[index % len(wheels)])))


@scenario(layouts=["cross-device-cache", "overlay-fresh"])
@fewer(4)
@given(data=st.data(), wheels=wheel_sets(sharing=["directory-and-file"]), reverse=st.booleans())
def test_a_file_where_another_has_a_directory_is_refused(
    lab: Lab, data: st.DataObject, wheels: tuple[Wheel, ...], reverse: bool
) -> None:
    order = data.draw(directory_orders(wheels))
    lab.run(install(*(reversed(wheels) if reverse else wheels)), plan=Plan(creation=order))


@scenario(layouts=["cross-device-cache", "docker-volume"])
@fewer(4)
@given(bits=st.lists(st.sampled_from([0o644, 0o755, 0o600, 0o775]), min_size=2, max_size=2))
def test_executable_bits_are_equal_in_every_link_mode(lab: Lab, bits: list[int]) -> None:
    # uv#18181, pixi#662: a clone copies data and no mode.
    tools = [wheel(f"tool-{mode:o}", files=[Entry(f"tool_{mode:o}/run", b"#!/bin/sh\n", mode)]) for mode in {*bits}]
    lab.run(must(install(*tools)))
