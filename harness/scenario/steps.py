"""Steps as scenarios write them: `install(*wheels)`, `image(install(wheel))`, `rerun(uninstall(wheel))`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.model import Step

if TYPE_CHECKING:
    from harness.model import Action, Wheel


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A step together with the wheels it names."""

    action: Action
    wheels: tuple[Wheel, ...]
    image: bool = False
    must: bool = False
    lifted: bool = False

    def step(self) -> Step:
        """The step of a case."""
        return Step(
            action=self.action,
            wheels=tuple(wheel.key for wheel in self.wheels),
            image=self.image,
            must=self.must,
            lifted=self.lifted,
        )


def warm(*wheels: Wheel) -> Ask:
    """Fill the cache, install nothing."""
    return Ask(action="warm", wheels=wheels)


def install(*wheels: Wheel) -> Ask:
    """Install wheels by one command."""
    return Ask(action="install", wheels=wheels)


def upgrade(*wheels: Wheel) -> Ask:
    """Install wheels of which other versions are there."""
    return Ask(action="upgrade", wheels=wheels)


def reinstall(*wheels: Wheel) -> Ask:
    """Install wheels again although they are there."""
    return Ask(action="reinstall", wheels=wheels)


def repair(*wheels: Wheel) -> Ask:
    """Make installed wheels whole again."""
    return Ask(action="repair", wheels=wheels)


def uninstall(*wheels: Wheel) -> Ask:
    """Remove distributions."""
    return Ask(action="uninstall", wheels=wheels)


def image(ask: Ask) -> Ask:
    """The step is done while the layout's image is made: what it does lies below later mounts."""
    return replace(ask, image=True)


def must(ask: Ask) -> Ask:
    """The step has to succeed, although the layout could refuse or a strict link mode be impossible."""
    return replace(ask, must=True)


def rerun(ask: Ask) -> Ask:
    """The same step once more, after the layout's obstacles were lifted. It may fail, but has to say so."""
    return replace(ask, image=False, must=False, lifted=True)
