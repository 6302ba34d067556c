"""The specimens as installers, named `specimen:...`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness import reference, specimens
from harness.installers.programs import ProgramInstaller
from harness.installers.protocol import Abilities

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model import LinkMode, Wheel
    from harness.model import operation as op
    from harness.reference import Settings


def _warm(_: Wheel, archive: str, settings: Settings) -> op.Program[Any]:
    return reference.warm(archive, settings)


def _specimen(
    name: str, install: Callable[[str, Settings], op.Program[None]], *link_modes: LinkMode
) -> ProgramInstaller:
    def make(_: Wheel, archive: str, settings: Settings) -> op.Program[Any]:
        return install(archive, settings)

    return ProgramInstaller(
        name=f"specimen:{name}",
        abilities=Abilities(
            actions=frozenset({"warm", "install"}),
            link_modes=frozenset(link_modes),
            interleaved=True,
            data=False,
        ),
        makers={"warm": _warm, "install": make},
    )


SPECIMENS = (
    _specimen("uv-0.1.2", specimens.install_uv_0_1_2, "hardlink", "copy"),
    _specimen("later-refusal-fatal", specimens.install_later_refusal_fatal, "clone", "hardlink", "copy"),
)
