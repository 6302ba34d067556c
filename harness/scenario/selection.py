"""Which layouts, link modes and installers the scenarios of one pytest run are about."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from harness import installers, layouts
from harness.errors import UnknownName
from harness.model import LINK_MODES, Layout, LinkMode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.scenario.marker import Requirements


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One instance of a scenario."""

    layout: Layout
    link_mode: LinkMode
    installer: str

    @property
    def id(self) -> str:
        """How pytest shows it."""
        return f"{self.layout.name}-{self.link_mode}-{self.installer}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a user asked for.

    Attributes:
        layouts: of the catalogue or the user's own.
        own: names of layouts that are the user's own: every scenario is about them.
        link_modes: in the order asked for.
        installers: likewise.
    """

    layouts: tuple[Layout, ...]
    own: frozenset[str]
    link_modes: tuple[LinkMode, ...]
    installers: tuple[str, ...]

    @classmethod
    def of(cls, *, layout: Sequence[str], link_mode: Sequence[str], installer: Sequence[str]) -> Selection:
        """From the options' values; empty ones mean everything, for installers the reference core.

        Raises:
            UnknownName: a name is not known.
            FileInvalid: a user's own layout is not usable.
        """
        chosen = tuple(layouts.load(name) for name in layout or layouts.names())
        return cls(
            layouts=chosen,
            own=frozenset(one.name for name, one in zip(layout, chosen, strict=False) if name not in layouts.names()),
            link_modes=tuple(_link_mode(name) for name in link_mode) or LINK_MODES,
            installers=tuple(installers.find(name).name for name in installer) or ("reference",),
        )

    def instances(self, requirements: Requirements) -> Iterator[Instance]:
        """The instances of a scenario, layout by layout."""
        wanted = [one for one in self.layouts if one.name in self.own or requirements.wants(one)]
        modes = [mode for mode in self.link_modes if mode in requirements.link_modes]
        for layout, mode, installer in product(wanted, modes, self.installers):
            yield Instance(layout=layout, link_mode=mode, installer=installer)


def not_applicable(requirements: Requirements, instance: Instance) -> str:
    """What the installer cannot do that the scenario needs; empty: nothing."""
    abilities = installers.find(instance.installer).abilities
    lacking = [f"action {action}" for action in requirements.actions if action not in abilities.actions]
    if instance.link_mode not in abilities.link_modes:
        lacking.append(f"link mode {instance.link_mode}")
    flags = ("strict", "interleaved", "data")
    lacking += (name for name in flags if getattr(requirements, name) and not getattr(abilities, name))
    return ", ".join(lacking)


def _link_mode(name: str) -> LinkMode:
    for mode in LINK_MODES:
        if mode == name:
            return mode
    nearest = difflib.get_close_matches(name, LINK_MODES, n=1)
    raise UnknownName(kind="link mode", name=name, known=LINK_MODES, nearest=nearest[0] if nearest else None)
