"""Shards: layouts and installers divided among machines that take about equally long; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """What one machine runs: each of its installers on each of its layouts.

    Attributes:
        installers, layouts: as a command line names them; at least one each.
        seconds: how long its scenarios are expected to take, where none runs beside another.
    """

    installers: tuple[str, ...]
    layouts: tuple[str, ...]
    seconds: float


def divide(seconds: Mapping[tuple[str, str], float], count: int) -> tuple[Shard, ...]:
    """Every installer on every layout, exactly once, the longest shard as short as this simple rule makes it.

    Fewer shards than installers: each gets whole installers. Otherwise each is about one installer, and whoever has the
    longest shard is divided further. Both by "longest processing time first" (R. L. Graham, Bounds on Multiprocessing
    Timing Anomalies, 1969): the longest task goes to who has least to do.

    Args:
        seconds: of each installer and layout, none negative; a complete table.
        count: of shards, at least one. There are fewer where there is not that much to divide.

    Raises:
        ValueError: count is not positive.
    """
    if count < 1:
        message = f"expected at least one shard, not {count}"
        raise ValueError(message)
    installers = tuple(dict.fromkeys(installer for installer, _ in seconds))
    layouts = tuple(dict.fromkeys(layout for _, layout in seconds))
    if count < len(installers):
        totals = {one: sum(seconds[one, layout] for layout in layouts) for one in installers}
        groups = spread(totals, count)
        return tuple(_shard(seconds, group, layouts) for group in groups)
    parts = {one: _parts(seconds, one, layouts, 1) for one in installers}
    for _ in range(count - len(installers)):
        divisible = [one for one in installers if len(parts[one]) < len(layouts)]
        if not divisible:
            break
        longest = max(divisible, key=lambda one: max(shard.seconds for shard in parts[one]))
        parts[longest] = _parts(seconds, longest, layouts, len(parts[longest]) + 1)
    return tuple(shard for one in installers for shard in parts[one])


def spread(seconds: Mapping[str, float], count: int) -> tuple[tuple[str, ...], ...]:
    """Names in `count` groups, none of them empty, the longest first to who has least; each in the order given.

    No group is longer than `total / count + (1 - 1 / count) * longest`: Graham's bound for any such list.

    Args:
        seconds: of each name, at least as many as groups.
        count: of groups.
    """
    groups: list[list[str]] = [[] for _ in range(count)]
    for name in sorted(seconds, key=lambda name: -seconds[name]):
        # Among equals who has fewest: names that take no time still are to leave no group empty.
        min(groups, key=lambda group: (sum(seconds[one] for one in group), len(group))).append(name)
    order = list(seconds)
    return tuple(tuple(sorted(group, key=order.index)) for group in groups)


def _parts(
    seconds: Mapping[tuple[str, str], float], installer: str, layouts: Sequence[str], count: int
) -> tuple[Shard, ...]:
    groups = spread({layout: seconds[installer, layout] for layout in layouts}, count)
    return tuple(_shard(seconds, (installer,), group) for group in groups)


def _shard(seconds: Mapping[tuple[str, str], float], installers: tuple[str, ...], layouts: tuple[str, ...]) -> Shard:
    total = sum(seconds[installer, layout] for installer in installers for layout in layouts)
    return Shard(installers=installers, layouts=layouts, seconds=total)
