"""Whether a verdict shows the violation that somebody looks for, keeps every promise, or breaks others; pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from harness.reports.signs import missing
from harness.reproduction.sameness import without_drawn_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.model import Violation
    from harness.model.report import Report
    from harness.run import Verdict

Shown: TypeAlias = Literal["good", "bad", "other"]


class Place(NamedTuple):
    """Where a promise is broken: by whose contract, in which step of the evidence, at which path."""

    contract: str
    step: int
    path: str


class Refusal(NamedTuple):
    """A broken contract, whether the step that broke it failed, and an errno that it named; empty: it named none."""

    contract: str
    failed: bool
    errno: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """The violation that is looked for.

    Attributes:
        report: whose signs are to be seen; None: the recorded places count.
        places: where the recorded verdict breaks promises.
        ordered: the recorded installer gives each order its promise, so that its paths mean something.
        loudest: how the recorded steps failed; see `loudest`.
    """

    report: Report | None = None
    places: frozenset[Place] = frozenset()
    ordered: bool = True
    loudest: frozenset[Refusal] = frozenset()

    @property
    def digest(self) -> str:
        """The same for what is the same violation, also where it is left to chance at which wheel it shows."""
        said = (
            repr(self.report),
            sorted({*_told(self.places, exact=self.ordered)}),
            self.ordered,
            sorted(self.loudest),
        )
        return hashlib.sha256(repr(said).encode()).hexdigest()

    def shown(self, verdict: Verdict) -> Shown:
        """What a verdict is.

        Returns:
            `bad`: of a report, every contract that it names is broken, by one of its signs; of a recorded verdict, each
            of its contracts is broken at one at least of its places, and by a step that failed with one of its errnos,
            where one failed: two defects of one release may break the same contract, and only one of them be mended.
            `good`: every contract is kept. `other`: some are broken, but not so: another defect, or a part of this one.
        """
        if verdict.holds:
            return "good"
        if self.report is not None:
            return "other" if missing(self.report, verdict.violations, verdict.evidence) else "bad"
        # Which of two wheels is the one that is not whole may differ where there is no order: then what counts is the
        # scheme that the path lies in, and its last name.
        exact = self.ordered and verdict.evidence.ordered
        found, recorded = (frozenset(_told(one, exact=exact)) for one in (places(verdict.violations), self.places))
        as_loud = _contracts(self.loudest) == _contracts(self.loudest & refusals(verdict))
        return "bad" if as_loud and _contracts(recorded) == _contracts(recorded & found) else "other"


def recorded(verdict: Verdict) -> Sought:
    """What is looked for where a verdict is to be met again."""
    return Sought(
        places=places(verdict.violations), ordered=verdict.evidence.ordered, loudest=loudest(refusals(verdict))
    )


def refusals(verdict: Verdict) -> frozenset[Refusal]:
    """How the steps ended that broke promises."""
    steps = verdict.evidence.steps
    found = ((one.contract, steps[one.step].outcome) for one in verdict.violations if one.step < len(steps))
    return frozenset(
        Refusal(contract, outcome.exit != 0, name) for contract, outcome in found for name in (outcome.errnos or ("",))
    )


def loudest(found: frozenset[Refusal]) -> frozenset[Refusal]:
    """Those of steps that failed; all, where none did. Without them a case with two defects stands for either."""
    return frozenset(one for one in found if one.failed) or found


def places(violations: Iterable[Violation]) -> frozenset[Place]:
    """Where promises are broken; names that are drawn in every run are the same."""
    return frozenset(Place(one.contract, one.step, without_drawn_names(one.path)) for one in violations)


def broken(verdict: Verdict) -> tuple[str, ...]:
    """The contracts that it breaks, in the order of the steps."""
    return tuple(dict.fromkeys(violation.contract for violation in verdict.violations))


def _told(found: Iterable[Place], *, exact: bool) -> Iterable[Place]:
    return found if exact else (one._replace(path=_of_any_wheel(one.path)) for one in found)


def _of_any_wheel(path: str) -> str:
    name = path.rpartition("/")[2]
    return f"{path.partition('/')[0]}/{'*.dist-info' if name.endswith('.dist-info') else name}"


def _contracts(found: Iterable[Place | Refusal]) -> frozenset[str]:
    return frozenset(one.contract for one in found)
