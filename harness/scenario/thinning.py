"""A broad run with a slow installer: which instances stand for the others; pure."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# From this effort on (see Abilities) a step takes a third of a second: a thousand instances take half an hour.
SLOW: Final = 100
# Fewer instances than that are all run, however long one takes: somebody has chosen them.
BROAD: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One instance, as far as thinning looks at it.

    Attributes:
        scenario, layout, link_mode, installer: what it is.
        variant: the values of the scenario's own parameters, for one that has any.
        everywhere: the scenario is about every layout.
    """

    scenario: str
    layout: str
    link_mode: str
    installer: str
    variant: str
    everywhere: bool


def thinned(choices: Sequence[Choice], efforts: dict[str, int]) -> tuple[bool, ...]:
    """For each instance whether it is run.

    Of a slow installer's instances, where there are many: one link mode for each scenario and layout, in turn; of
    scenarios that are about some layouts, every second pair of scenario and layout; of variants, every third. Every
    layout, every scenario and every link mode keeps some, and every layout the scenario that is about all of them.

    Args:
        choices: all instances.
        efforts: of each installer.
    """
    counts: dict[str, int] = {}
    for one in choices:
        counts[one.installer] = counts.get(one.installer, 0) + 1
    modes = _modes(choices)
    return tuple(
        efforts[one.installer] < SLOW or counts[one.installer] <= BROAD or _stands(one, modes[_pair(one)])
        for one in choices
    )


def _stands(one: Choice, modes: Sequence[str]) -> bool:
    pair = _number(one.scenario, one.layout)
    if one.link_mode != modes[pair % len(modes)]:
        return False
    if one.variant:
        return _number(one.variant, one.layout) % 3 == 0
    return one.everywhere or pair // len(modes) % 2 == 0


def _modes(choices: Iterable[Choice]) -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = {}
    for one in choices:
        known = found.setdefault(_pair(one), [])
        if one.link_mode not in known:
            known.append(one.link_mode)
    return found


def _pair(one: Choice) -> tuple[str, ...]:
    return (one.installer, one.scenario, one.layout, one.variant)


def _number(*texts: str) -> int:
    """The same in every run and on every machine, as `hash` is not."""
    return zlib.crc32("\0".join(texts).encode())
