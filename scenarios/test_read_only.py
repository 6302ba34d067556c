"""Parts of the storage can be read and not written: a cache shared by many, a base image, one package's directory."""

from __future__ import annotations

from hypothesis import given

from harness.model import Wheel
from harness.scenario import Lab, fewer, image, install, must, scenario, uninstall, upgrade, warm
from harness.strategies import wheel_sets

OLD = wheel_sets(version="1.0", max_size=2, sharing=["identical", "none"])
NEW = wheel_sets(version="2.0", max_size=2, sharing=["identical", "none"])
READ_ONLY = ["read-only-site-packages", "read-only-package-directory"]


@scenario(layouts=["read-only-cache"], actions=["warm", "install"])
@fewer(4)
@given(wheels=wheel_sets())
def test_a_warm_read_only_cache_is_enough(lab: Lab, wheels: tuple[Wheel, ...]) -> None:
    # uv#15934, uv#12650: everything is there, nothing has to be written.
    lab.run(image(warm(*wheels)), must(install(*wheels)))


@scenario(layouts=["read-only-cache"])
@fewer(4)
@given(wheels=wheel_sets())
def test_a_cold_read_only_cache_is_gone_around(lab: Lab, wheels: tuple[Wheel, ...]) -> None:
    lab.run(must(install(*wheels)))


@scenario(layouts=["read-only-cache"], actions=["warm", "install"], link_modes=["hardlink", "symlink"])
@fewer(4)
@given(wheels=wheel_sets(min_size=2))
def test_a_half_warm_read_only_cache_is_enough(lab: Lab, wheels: tuple[Wheel, ...]) -> None:
    lab.run(image(warm(wheels[0])), must(install(*wheels)))


@scenario(layouts=READ_ONLY, actions=["install", "upgrade"])
@fewer(4)
@given(old=OLD, new=NEW)
def test_a_refused_upgrade_leaves_the_old_version(lab: Lab, old: tuple[Wheel, ...], new: tuple[Wheel, ...]) -> None:
    # uv#3838: nothing may be removed before it is known that all of it can be.
    lab.run(image(install(*old)), upgrade(*new))


@scenario(layouts=READ_ONLY, actions=["install", "uninstall"], link_modes=["hardlink", "copy"])
@fewer(4)
@given(wheels=OLD)
def test_a_refused_uninstall_leaves_everything(lab: Lab, wheels: tuple[Wheel, ...]) -> None:
    lab.run(image(install(*wheels)), uninstall(*wheels))


@scenario(layouts=["read-only-package-directory"], actions=["install", "uninstall"])
@fewer(4)
@given(wheels=OLD)
def test_a_neighbour_of_a_read_only_package_installs(lab: Lab, wheels: tuple[Wheel, ...]) -> None:
    below, neighbour = wheels
    lab.run(image(install(below)), must(install(neighbour)), must(uninstall(neighbour)))
