"""Which layouts, link modes and installers the scenarios of one pytest run are about."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import pytest

from harness import installers, layouts
from harness.errors import UnknownName
from harness.installers.protocol import REMOVING
from harness.matrix import DRAWN
from harness.model import LINK_MODES, Layout, LinkMode
from harness.wheels import published

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from harness.scenario.marker import Requirements


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One instance of a scenario.

    Attributes:
        layouts, link_modes: what it is about: one each, but for a scenario that draws them.
        installer: who is tested.
        drawn: the scenario draws them.
    """

    layouts: tuple[Layout, ...]
    link_modes: tuple[LinkMode, ...]
    installer: str
    drawn: bool = False

    @property
    def layout_name(self) -> str:
        """What it is about, for people."""
        return DRAWN if self.drawn else self.layouts[0].name

    @property
    def link_mode_name(self) -> str:
        """How files get into the environment, for people."""
        return DRAWN if self.drawn else self.link_modes[0]

    def is_of(self, shard: frozenset[str]) -> bool:
        """Whether a shard (names of layouts; none: everything) has it: what draws its layout is of every one."""
        return self.drawn or not shard or self.layout_name in shard

    @property
    def id(self) -> str:
        """How pytest shows it."""
        where = DRAWN if self.drawn else f"{self.layout_name}-{self.link_mode_name}"
        return f"{where}-{self.installer}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a user asked for.

    Attributes:
        layouts: of the catalogue or the user's own.
        own: names of layouts that are the user's own, whose names no scenario can know.
        link_modes: in the order asked for.
        installers: likewise.
        published: files of published wheels; none unless they were asked for.
        shard: names of those of the layouts that this run is about, others being about the rest; none: all.
        names_layouts, names_link_modes: the user has named them; otherwise they are all there are.
    """

    layouts: tuple[Layout, ...]
    own: frozenset[str]
    link_modes: tuple[LinkMode, ...]
    installers: tuple[str, ...]
    published: tuple[Path, ...] = ()
    shard: frozenset[str] = frozenset()
    names_layouts: bool = False
    names_link_modes: bool = False

    @classmethod
    def of(
        cls,
        *,
        layout: Sequence[str],
        link_mode: Sequence[str],
        installer: Sequence[str],
        shard: Sequence[str] = (),
        real_wheels: bool = False,
    ) -> Selection:
        """From the options' values; empty ones mean everything, for installers the reference core.

        Raises:
            UnknownName: a name is not known.
            FileInvalid: a user's own layout is not usable, or two layouts have one name.
            WheelUnavailable: the published wheels are not there and cannot be downloaded.
        """
        chosen = layouts.load_all(layout or layouts.names())
        return cls(
            layouts=chosen,
            own=frozenset(layouts.load(name).name for name in layout if name not in layouts.names()),
            link_modes=tuple(_link_mode(name) for name in link_mode) or LINK_MODES,
            installers=tuple(installers.find(name).name for name in installer) or ("reference",),
            published=published.fetch() if real_wheels else (),
            shard=frozenset(_of_shard(name, chosen) for name in shard),
            names_layouts=bool(layout),
            names_link_modes=bool(link_mode),
        )

    def instances(self, requirements: Requirements) -> Iterator[Instance]:
        """The instances of a scenario, layout by layout."""
        if requirements.real_wheels and not self.published:
            return
        wanted = [one for one in self.layouts if requirements.wants(one) or self._own(one, requirements)]
        modes = [mode for mode in self.link_modes if mode in requirements.link_modes]
        if requirements.drawn:
            if not wanted or not modes:
                return
            for installer in self.installers:
                able = tuple(mode for mode in modes if mode in installers.find(installer).abilities.link_modes)
                yield Instance(layouts=tuple(wanted), link_modes=able or tuple(modes), installer=installer, drawn=True)
            return
        for layout, mode, installer in product(wanted, modes, self.installers):
            yield Instance(layouts=(layout,), link_modes=(mode,), installer=installer)

    def exclusions(self, requirements: Requirements) -> Iterator[tuple[str, str]]:
        """What was named and a scenario has no instance for, with the reason, as what the scenario is."""
        if requirements.real_wheels and not self.published:
            yield "--wheels skeleton", "with --wheels real only"
            return
        for layout in self.layouts if self.names_layouts else ():
            reason = requirements.exclusion(layout)
            if reason and not self._own(layout, requirements):
                yield layout.name, reason
        for mode in self.link_modes if self.names_link_modes else ():
            if mode not in requirements.link_modes:
                yield f"link mode {mode}", f"about {', '.join(requirements.link_modes)} only"

    def _own(self, layout: Layout, requirements: Requirements) -> bool:
        return layout.name in self.own and requirements.anywhere and not layout.refusals


# Where a run keeps what it was asked for.
SELECTION: pytest.StashKey[Selection] = pytest.StashKey()


def not_applicable(requirements: Requirements, instance: Instance) -> tuple[str, ...]:
    """What the installer cannot do that the scenario needs; none: nothing."""
    abilities = installers.find(instance.installer).abilities
    if not set(instance.link_modes) & abilities.link_modes:
        # Whatever else is lacking too: this one is the same for the whole column of a matrix.
        return (f"link mode {' or '.join(instance.link_modes)}",)
    lacking = [f"action {action}" for action in requirements.actions if action not in abilities.actions]
    flags = ("strict", "interleaved", "listings", "data")
    if not instance.drawn:
        removal = not REMOVING.isdisjoint(requirements.actions)
        lacking += abilities.untold(instance.layouts[0], headers=requirements.data, removal=removal)
    lacking += (name for name in flags if getattr(requirements, name) and not getattr(abilities, name))
    return tuple(lacking)


def _of_shard(name: str, chosen: Sequence[Layout]) -> str:
    """The name of a layout that was chosen, given as it was there: by name or path."""
    found, known = layouts.load(name).name, tuple(one.name for one in chosen)
    if found in known:
        return found
    raise UnknownName(kind="layout of this run", name=name, known=known, nearest=None)


def _link_mode(name: str) -> LinkMode:
    for mode in LINK_MODES:
        if mode == name:
            return mode
    nearest = difflib.get_close_matches(name, LINK_MODES, n=1)
    raise UnknownName(kind="link mode", name=name, known=LINK_MODES, nearest=nearest[0] if nearest else None)
