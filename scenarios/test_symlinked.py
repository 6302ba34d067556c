"""Symbolic links in the way: the user's own choice of a place, or a way out of the environment."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.model import Plan, Wheel
from harness.scenario import Lab, fewer, install, must, reinstall, scenario, uninstall, upgrade
from harness.strategies import directory_orders, wheel_sets
from harness.wheels import wheel

OLD = wheel_sets(version="1.0", max_size=2)
NEW = wheel_sets(version="2.0", max_size=2)


@scenario(layouts=["symlinked-site-packages", "symlinked-lib"], actions=["install", "upgrade", "uninstall"])
@fewer(4)
@given(old=OLD, new=NEW)
def test_an_environment_behind_a_link_works(lab: Lab, old: tuple[Wheel, ...], new: tuple[Wheel, ...]) -> None:
    lab.run(must(install(*old)), must(upgrade(*new)), must(uninstall(*new)))


@scenario(layouts=["symlinked-lib", "symlinked-site-packages"], actions=["install", "reinstall", "uninstall"])
@fewer(4)
@given(pure=st.booleans(), order=st.permutations(["nvidia_any", "nvidia_linux"]))
def test_purelib_and_platlib_share_one_namespace(lab: Lab, pure: bool, order: list[str]) -> None:
    # Two paths, one directory: a file may be reached by both, and is one file.
    pure_wheel = wheel("nvidia-any", files=["nvidia/__init__.py", "nvidia/any.py"])
    other = wheel("nvidia-linux", files=["nvidia/__init__.py", "nvidia/linux.so"], root_is_purelib=pure)
    plan = Plan(creation=tuple(order))
    lab.run(must(install(pure_wheel, other)), must(reinstall(pure_wheel)), must(uninstall(pure_wheel)), plan=plan)


@scenario(layouts=["symlinked-namespace-directory"])
@fewer(2)
@given(data=st.data(), wheels=wheel_sets(sharing=["identical", "none"]))
def test_nothing_is_written_through_a_link_outwards(lab: Lab, data: st.DataObject, wheels: tuple[Wheel, ...]) -> None:
    order = data.draw(directory_orders(wheels))
    lab.run(install(*wheels), plan=Plan(creation=order))


@scenario(
    layouts=["symlinked-namespace-directory"], link_modes=["hardlink", "symlink"], actions=["install", "uninstall"]
)
@fewer(4)
@given(wheels=wheel_sets(max_size=2))
def test_a_refused_namespace_harms_no_other_package(lab: Lab, wheels: tuple[Wheel, ...]) -> None:
    other = wheel("six", "1.16.0", {"six.py": b"PY3 = True\n"})
    lab.run(must(install(other)), install(*wheels), must(uninstall(other)))
