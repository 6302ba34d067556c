"""Containers: environment and cache on overlayfs, on the upper layer or baked into lower ones."""

from __future__ import annotations

from hypothesis import given

from harness.model import Wheel
from harness.scenario import Lab, fewer, image, install, must, reinstall, repair, scenario, uninstall, upgrade, warm
from harness.strategies import wheel_sets

LOWER = ["overlay-environment-in-lower", "overlay-two-lowers"]
OLD = wheel_sets(version="1.0", max_size=2, sharing=["identical", "different-size"])
NEW = wheel_sets(version="2.0", max_size=2, sharing=["identical", "different-size"])


@scenario(layouts=LOWER, actions=["install", "upgrade"])
@fewer(4)
@given(old=OLD, new=NEW)
def test_an_upgrade_over_a_lower_layer_leaves_one_version(
    lab: Lab, old: tuple[Wheel, ...], new: tuple[Wheel, ...]
) -> None:
    # pip#6943, conda#6711: renaming a directory of a lower layer gives EXDEV.
    lab.run(image(install(*old)), must(upgrade(*new)))


@scenario(layouts=LOWER, actions=["install", "uninstall"], link_modes=["hardlink", "copy"])
@fewer(4)
@given(wheels=OLD)
def test_an_uninstall_from_a_lower_layer_leaves_nothing(lab: Lab, wheels: tuple[Wheel, ...]) -> None:
    lab.run(image(install(*wheels)), must(uninstall(*wheels)))


@scenario(layouts=LOWER, actions=["install", "uninstall"], link_modes=["hardlink", "copy"])
@fewer(4)
@given(wheels=wheel_sets())
def test_a_file_shared_across_two_layers_survives_one_owner(lab: Lab, wheels: tuple[Wheel, ...]) -> None:
    first, *others = wheels
    lab.run(image(install(first)), image(install(*others)), must(uninstall(first)))


@scenario(layouts=LOWER, actions=["install", "reinstall", "repair"])
@fewer(4)
@given(wheels=OLD)
def test_a_reinstall_over_a_lower_layer_keeps_record_true(lab: Lab, wheels: tuple[Wheel, ...]) -> None:
    lab.run(image(install(*wheels)), must(reinstall(*wheels)), must(repair(*wheels)))


@scenario(layouts=["overlay-cache-in-lower", *LOWER], actions=["warm", "install"])
@fewer(4)
@given(wheels=wheel_sets())
def test_a_cache_baked_into_a_layer_is_good(lab: Lab, wheels: tuple[Wheel, ...]) -> None:
    # OpenShell#1467: EXDEV between two directories of one cache.
    first, *others = wheels
    lab.run(image(warm(first)), must(install(first, *others)))


@scenario(layouts=["overlay-fresh", "docker-volume"], actions=["install", "upgrade", "uninstall"])
@fewer(4)
@given(old=OLD, new=NEW)
def test_a_running_container_installs_upgrades_and_uninstalls(
    lab: Lab, old: tuple[Wheel, ...], new: tuple[Wheel, ...]
) -> None:
    lab.run(must(install(*old)), must(upgrade(*new)), must(uninstall(*new)))
