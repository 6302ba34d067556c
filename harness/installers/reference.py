"""The reference core as an installer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness import reference
from harness.installers.programs import ProgramInstaller
from harness.installers.protocol import Abilities
from harness.model import LINK_MODES

if TYPE_CHECKING:
    from harness.model import Wheel
    from harness.model import operation as op
    from harness.reference import Settings


def _warm(_: Wheel, archive: str, settings: Settings) -> op.Program[Any]:
    return reference.warm(archive, settings)


def _install(_: Wheel, archive: str, settings: Settings) -> op.Program[Any]:
    return reference.install(archive, settings)


def _reinstall(_: Wheel, archive: str, settings: Settings) -> op.Program[Any]:
    return reference.install(archive, settings, again=True)


def _repair(_: Wheel, archive: str, settings: Settings) -> op.Program[Any]:
    return reference.repair(archive, settings)


def _uninstall(wheel: Wheel, _: str, settings: Settings) -> op.Program[Any]:
    return reference.uninstall(wheel.name, settings)


REFERENCE = ProgramInstaller(
    name="reference",
    abilities=Abilities(
        actions=frozenset({"warm", "install", "upgrade", "reinstall", "repair", "uninstall"}),
        link_modes=frozenset(LINK_MODES),
        strict=True,
        interleaved=True,
        headers=True,
    ),
    makers={
        "warm": _warm,
        "install": _install,
        "upgrade": _install,
        "reinstall": _reinstall,
        "repair": _repair,
        "uninstall": _uninstall,
    },
)
