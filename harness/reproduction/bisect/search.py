"""Which release to probe next, given what is known; pure. Releases are numbered from the oldest, 0, to the newest.

Both ends come first, then a few in between, so that what comes and goes has a chance to be seen; then every gap between
two neighbours that differ, one of them bad, is halved until nothing lies in it. As long as nothing is bad, so is each
gap where another defect comes, goes, or gives way to a third: what was there for a few releases only lies beside such a
change more often than elsewhere. What cannot be run decides nothing: it is stepped over, and a stretch of it is closed
in from both sides rather than walked through: what lies between two that cannot be run is taken not to run either.
"""

from __future__ import annotations

import math
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

# `bad`: the violation that is looked for. `good`: every contract is kept. `other`: something else is violated.
# `cannot`: it does not run here, or does not do what the case asks for. `uncontrolled`: two runs of it differ.
Label: TypeAlias = Literal["bad", "good", "other", "cannot", "uncontrolled"]
# Which other defect each `other` release has, in words that are the same for the same one.
Others: TypeAlias = "Mapping[int, str]"
NONE: Final[Others] = MappingProxyType({})

# Beside both ends. Each costs a download of some 15 MB the first time; bad islands inside fewer series are rare.
SPREAD: Final = 6


def spread(series: Sequence[Hashable], *, seed: int | None = None, every: bool = False) -> tuple[int, ...]:
    """The releases that are probed in any case, in the order of probing: the newest, the oldest, then some between.

    Args:
        series: what each release is one of (its minor version), from the oldest on.
        seed: one that is thought to be bad.
        every: all of them.
    """
    last = len(series) - 1
    if every:
        return tuple(range(last, -1, -1))
    ends = [last, 0] if seed is None else [last, 0, seed]
    between = [index for index in range(1, last) if series[index] != series[index + 1]]
    if len(between) > SPREAD:
        between = [between[(2 * place + 1) * len(between) // (2 * SPREAD)] for place in range(SPREAD)]
    return tuple(dict.fromkeys((*ends, *reversed(between))))


def following(
    first: Sequence[int], known: Mapping[int, Label], others: Others = NONE, *, every: bool = False
) -> int | None:
    """The release to probe next; None: nothing is left to find out.

    Args:
        first: those that are probed in any case, in this order; both ends among them.
        known: what each release is that was probed.
        others: see `Others`.
        every: probe all of the first ones, also between two that cannot be run.
    """
    for index in first:
        if index not in known and (every or not _hopeless(index, known)):
            return index
    low, high = max(_open(known, others), key=lambda gap: gap[1] - gap[0], default=(0, 0))
    return (low + high) // 2 if high else None


def _hopeless(index: int, known: Mapping[int, Label]) -> bool:
    """Whether it lies between two that cannot be run: old releases, and each would be built from its sources."""
    before = max((other for other in known if other < index), default=None)
    after = min((other for other in known if other > index), default=None)
    return before is not None and after is not None and {known[before], known[after]} == {"cannot"}


def remaining(first: Sequence[int], known: Mapping[int, Label], others: Others = NONE) -> int:
    """About how many more probes there will be."""
    planned = sorted({*first, *known})
    undecided = [index for index in first if index not in known and not _hopeless(index, known)]
    if not undecided:
        return sum(_halvings(high - low) for low, high in _open(known, others))
    widest = max((high - low for low, high in pairwise(planned)), default=1)
    return len(undecided) + _halvings(widest)


def _halvings(width: int) -> int:
    """How many probes close a gap between two numbers so far apart."""
    return math.ceil(math.log2(width))


def _open(known: Mapping[int, Label], others: Others) -> Iterator[tuple[int, int]]:
    """The gaps to look into: between neighbours that differ, on the way from one stretch to the next."""
    probed = sorted(known)
    for start, end in _stretches(probed, known, others):
        inside = [index for index in probed if start <= index <= end]
        for low, high in pairwise(inside):
            if high - low > 1 and _differ(low, high, known, others):
                yield low, high


def _stretches(probed: Sequence[int], known: Mapping[int, Label], others: Others) -> Iterator[tuple[int, int]]:
    """From each bad one to its neighbour that decides otherwise; to the end, where none that lies there runs.

    Where none is bad: from each one with another defect to its neighbour that is good or has a third; and the reverse.
    """
    deciding = [index for index in probed if known[index] != "cannot"]
    if not deciding:
        return
    seen = any(known[index] == "bad" for index in deciding)
    for low, high in pairwise(deciding):
        labels = {known[low], known[high]}
        wanted = "bad" in labels if seen else labels <= {"other", "good"}
        if wanted and _differ(low, high, known, others):
            yield low, high
    if known[deciding[0]] == "bad":
        yield probed[0], deciding[0]
    if known[deciding[-1]] == "bad":
        yield deciding[-1], probed[-1]


def _differ(one: int, two: int, known: Mapping[int, Label], others: Others) -> bool:
    return (known[one], others.get(one)) != (known[two], others.get(two))
