"""Whether a smaller case fails as the first one did; pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.reproduction.recognise import Refusal, Sought, broken, loudest, recorded, refusals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.model import Case
    from harness.model.report import Report
    from harness.run import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How the first case failed.

    Attributes:
        sought: where, or by which signs.
        contracts: those that it broke: a smaller case breaks these, and no others.
        refusals: of each contract, whether the step that broke it failed, and an errno that it then named: a smaller
            case that breaks it for another reason shows another failure.
        loudest: those of steps that failed, or all, where none did: a smaller case has all of these. Without this a
            case with two defects would be reduced to the smaller of them, whichever it was saved for.
    """

    sought: Sought
    contracts: frozenset[str]
    refusals: frozenset[Refusal]
    loudest: frozenset[Refusal]

    @classmethod
    def of(cls, verdict: Verdict, report: Report | None = None) -> Likeness:
        """Of the first verdict; by the report's signs, if they are seen in it."""
        by_signs = Sought(report=report)
        shown = report is not None and by_signs.shown(verdict) == "bad"
        steps = range(len(verdict.case.steps))
        return cls(
            # How steps failed is compared here: the numbers of renumbered violations are not those of the evidence.
            sought=by_signs if shown else replace(recorded(_renumbered(verdict, steps)), loudest=frozenset()),
            contracts=frozenset(broken(verdict)),
            refusals=refusals(verdict),
            loudest=loudest(refusals(verdict)),
        )

    def holds(self, verdict: Verdict, steps: Sequence[int]) -> bool:
        """Whether a verdict is like the first.

        Args:
            verdict: of a smaller case.
            steps: for each of its steps, which one it was in the first case.
        """
        mine = verdict if self.sought.report else _renumbered(verdict, steps)
        return (
            frozenset(broken(verdict)) == self.contracts
            and self.loudest <= refusals(verdict) <= self.refusals
            and self.sought.shown(mine) == "bad"
        )


def _renumbered(verdict: Verdict, steps: Sequence[int]) -> Verdict:
    """With each violation in the step of the first case; evidence has the image steps first."""
    order = _order(verdict.case)
    violations = tuple(replace(one, step=steps[order[one.step]]) for one in verdict.violations)
    return replace(verdict, violations=violations)


def _order(case: Case) -> list[int]:
    return sorted(range(len(case.steps)), key=lambda index: not case.steps[index].image)
