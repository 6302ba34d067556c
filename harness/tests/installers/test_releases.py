"""What releases of uv, pip and pypa/installer can do by their version, and that it is so: what they did is seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from harness.installers.commands import CommandInstaller
from harness.installers.pip import pip
from harness.installers.pypa_installer import pypa_installer
from harness.model import LINK_MODES
from harness.tests.installers.conformance import Kit, disputing, found, sharing, single, step

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory


@pytest.mark.parametrize("release", ["uv==0.2.26", "uv==0.2.27"])
def test_uv_takes_the_link_modes_that_its_abilities_say(laboratory: Laboratory, release: str) -> None:
    installer = found(release)
    assert isinstance(installer, CommandInstaller)
    able = replace(installer, abilities=replace(installer.abilities, link_modes=frozenset(LINK_MODES)))
    took = set()
    for mode in LINK_MODES:
        (seen,) = Kit(able, laboratory).run([single()], step("install", single()), link_mode=mode).evidence.steps
        assert seen.outcome.exit == 0 or "invalid value" in seen.outcome.message
        took |= {mode} if seen.outcome.exit == 0 else set()
    assert took == installer.abilities.link_modes


@pytest.mark.parametrize(("version", "ordered"), [("20.2.4", True), ("20.3b1", False), ("26.3", False)])
def test_pip_orders_wheels_itself_since_its_resolver_of_20_3(version: str, ordered: bool) -> None:
    assert pip("pip", Path("library"), Version(version)).abilities.ordered is ordered


@pytest.mark.parametrize("release", ["pip==20.1", "pip==24.0"])
def test_pips_order_is_what_the_abilities_say(laboratory: Laboratory, release: str) -> None:
    kit = Kit(found(release), laboratory)
    first, second = disputing()
    asked_for_last = [kit.winner(first, second), kit.winner(second, first)] == ["second", "first"]
    assert asked_for_last is kit.installer.abilities.ordered


@pytest.mark.parametrize(("version", "able"), [("0.5.0", False), ("0.7.0", False), ("1.0.0", True), ("1.1.0", True)])
def test_pypa_installer_reinstalls_since_it_overwrites(version: str, able: bool) -> None:
    abilities = pypa_installer("installer", Path("library"), Version(version)).abilities
    assert abilities.actions == ({"install", "reinstall"} if able else {"install"})


def test_pypa_installer_refuses_the_second_wheel_of_a_namespace_before_it_could_overwrite(
    laboratory: Laboratory,
) -> None:
    verdict = Kit(found("installer==0.7.0"), laboratory).run(sharing(), step("install", *sharing()))
    (outcome,) = (one.outcome for one in verdict.evidence.steps)
    shared = f"{verdict.evidence.roots['purelib']}/nvidia/__init__.py"
    assert outcome.exit == 1
    assert outcome.message == f"FileExistsError: File already exists: {shared}"
    # The first of the two was a command of its own, and is there.
    assert "purelib/nvidia/cublas/__init__.py" in verdict.evidence.steps[0].after.environment
