"""The search for a smaller case: what to try next, given whether the last attempt still failed; pure.

Greedy: for each kind of part, all of them at once, then halves, and so on down to single ones; over all kinds again,
until a whole round of single ones has found nothing. Then no single part can go any more.
Source: A. Zeller, R. Hildebrandt, "Simplifying and isolating failure-inducing input" (2002); this is a simple form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.reproduction.reduce.smaller import KINDS, Candidate

if TYPE_CHECKING:
    from collections.abc import Generator

    from harness.model import Case
    from harness.reproduction.reduce.smaller import Kind


def attempts(case: Case) -> Generator[Candidate, bool, None]:
    """Yields candidates, each smaller than the last one that was accepted.

    Receives: whether the candidate is accepted: whether it is a case, and still fails.
    """
    best = Candidate.of(case)
    refused: set[int] = set()
    coarse = True
    while True:
        before = best
        for kind in KINDS:
            best = yield from _of_kind(kind, best, refused, coarse=coarse)
        if best == before:
            return
        # What could go in large pieces has gone.
        coarse = False


def _of_kind(kind: Kind, best: Candidate, refused: set[int], *, coarse: bool) -> Generator[Candidate, bool, Candidate]:
    size = kind.count(best.case) if coarse else 1
    while size:
        # From the end: a later step, a later mount depends on the earlier ones, and not the other way round.
        end = kind.count(best.case)
        while end > 0:
            start = max(end - size, 0)
            candidate = kind.without(best, range(start, end))
            if candidate is not None and candidate != best and hash(candidate) not in refused:
                if (yield candidate):
                    best = candidate
                else:
                    refused.add(hash(candidate))
            # What went with it may have been of the same kind.
            end = min(start, kind.count(best.case))
        size //= 2
    return best
