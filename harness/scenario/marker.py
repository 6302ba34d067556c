"""`@scenario`: what a scenario requires, as data; its body never skips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import pytest

from harness.model import LINK_MODES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from harness.model import Action, Layout, LinkMode

Test = TypeVar("Test", bound="Callable[..., object]")
_INSTALL: tuple[Action, ...] = ("install",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """What a scenario declares.

    Attributes:
        layouts: names of layouts it is about; it runs on `plain` as well, its control.
        tags: groups of layouts it is about. Neither names nor tags: all.
        but: layouts it cannot be about, by name or tag.
        link_modes: that make a difference to it.
        actions: steps that the installer has to know.
        strict: the installer has to be able to fail instead of falling back.
        interleaved: its programs have to be runnable one operation at a time.
        listings: it has to list directories in the order that a plan draws.
        data: the installer has to know `.data` directories.
        real_wheels: it installs the published wheels themselves, and runs with `--wheels real` only.
        anywhere: it is about a user's own layout too, unless that allows refusals. Otherwise only where tags agree.
        drawn: it draws its own layout and link mode, of those that were asked for: one instance stands for all.
    """

    layouts: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    but: tuple[str, ...] = ()
    link_modes: tuple[LinkMode, ...] = LINK_MODES
    actions: tuple[Action, ...] = ("install",)
    strict: bool = False
    interleaved: bool = False
    listings: bool = False
    data: bool = False
    real_wheels: bool = False
    anywhere: bool = True
    drawn: bool = False

    def wants(self, layout: Layout) -> bool:
        """Whether a layout is one that the scenario runs on."""
        return not self.exclusion(layout)

    def exclusion(self, layout: Layout) -> str:
        """Why the scenario does not run on a layout, as what it is: `about read-only only`; empty: it does."""
        names = {layout.name, *layout.tags}
        if excluded := [name for name in self.but if name in names]:
            return f"that exclude {', '.join(excluded)}"
        if layout.name == "plain" or not (self.layouts or self.tags) or names & {*self.layouts, *self.tags}:
            return ""
        return f"about {', '.join((*self.layouts, *self.tags))} only"


def scenario(  # noqa: PLR0913 - the requirements, see there; all have defaults
    *,
    layouts: Collection[str] = (),
    tags: Collection[str] = (),
    but: Collection[str] = (),
    link_modes: Collection[LinkMode] = LINK_MODES,
    actions: Collection[Action] = _INSTALL,
    strict: bool = False,
    interleaved: bool = False,
    listings: bool = False,
    data: bool = False,
    real_wheels: bool = False,
    anywhere: bool = True,
    drawn: bool = False,
) -> Callable[[Test], Test]:
    """Declare a test a scenario: it gets a `lab` for each layout, link mode and installer it is about.

    Args: see `Requirements`.
    """
    requirements = Requirements(
        layouts=tuple(layouts),
        tags=tuple(tags),
        but=tuple(but),
        link_modes=tuple(link_modes),
        actions=tuple(actions),
        strict=strict,
        interleaved=interleaved,
        listings=listings,
        data=data,
        real_wheels=real_wheels,
        anywhere=anywhere,
        drawn=drawn,
    )

    def declare(test: Test) -> Test:
        marked: Test = pytest.mark.scenario(requirements)(test)
        return marked

    return declare
