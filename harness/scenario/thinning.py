"""A broad run with a slow installer: which instances stand for the others; pure."""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# From this effort on (see Abilities) a step takes a third of a second: a thousand instances take half an hour.
SLOW: Final = 100
# Fewer instances than that are all run, however long one takes: somebody has chosen them.
BROAD: Final = 100
_SHARE: Final = 25


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


def thinned(choices: Sequence[Choice], efforts: Mapping[str, int]) -> tuple[bool, ...]:
    """For each instance whether it is run.

    Of a slow installer's instances, where there are many: one link mode for each scenario, layout and variant, in turn;
    and of these, for scenarios that are about some layouts, one in four, or in eight if it is twice as slow, at least
    one of each scenario. Every layout keeps the scenario that is about all of them.

    Args:
        choices: all instances.
        efforts: of each installer.
    """
    counts = Counter(one.installer for one in choices)
    kept = set[Choice]()
    for installer, count in counts.items():
        mine = [one for one in choices if one.installer == installer]
        kept.update(mine if efforts[installer] < SLOW or count <= BROAD else _few(mine, efforts[installer] // _SHARE))
    return tuple(one in kept for one in choices)


def _few(choices: Sequence[Choice], times: int) -> Iterator[Choice]:
    places: dict[tuple[str, ...], list[Choice]] = {}
    for one in choices:
        places.setdefault((one.scenario, one.layout, one.variant), []).append(one)
    scenarios: dict[str, list[Choice]] = {}
    for place, modes in places.items():
        scenarios.setdefault(place[0], []).append(modes[_number(*place) % len(modes)])
    for several in scenarios.values():
        share = len(several) if several[0].everywhere else -(-len(several) // times)
        yield from sorted(several, key=lambda one: _number(one.layout, one.variant, one.scenario))[:share]


def _number(*texts: str) -> int:
    """The same in every run and on every machine, as `hash` is not."""
    return zlib.crc32("\0".join(texts).encode())
