"""Judging: questions run on real mounts, each twice and once on plain storage, and what comes of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from harness import reports
from harness.checking.questions import questions
from harness.errors import NotApplicable
from harness.layouts import load
from harness.reproduction.sameness import told

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from harness.checking.questions import Question
    from harness.model import Layout, LinkMode, Violation
    from harness.model.report import Report
    from harness.run import Runner, Verdict

# `safe`: as on plain storage. `refused`: it says that it cannot, and breaks nothing. `broken`: a promise is broken that
# is kept on plain storage. `differs`: two runs came to two of these. `unwritable`: safe where it was tried, but nothing
# can be written there on the machine itself, with an errno that no layout gives.
State: TypeAlias = Literal["safe", "unwritable", "refused", "broken", "differs", "not applicable"]
_Signature: TypeAlias = tuple[str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one question.

    Attributes:
        question: what was asked.
        state: in one word.
        verdict: of the first run; None where the installer does not do this.
        broken: the promises that are broken here and not on plain storage.
        everywhere: those that are broken there as well: no fault of the storage.
        known: the reports that explain some of what is broken here.
        known_everywhere: those that explain some of the rest.
    """

    question: Question
    state: State
    verdict: Verdict | None = None
    broken: tuple[Violation, ...] = ()
    everywhere: tuple[Violation, ...] = ()
    known: tuple[Report, ...] = ()
    known_everywhere: tuple[Report, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What came of all questions for one layout and link mode."""

    layout: Layout
    link_mode: LinkMode
    answers: tuple[Answer, ...]

    @property
    def state(self) -> State:
        """The worst of all answers; never safe where the machine refuses to write."""
        found = {answer.state for answer in self.answers}
        order: tuple[State, ...] = ("differs", "broken", "refused", "safe")
        worst: State = next((state for state in order if state in found), "not applicable")
        return "unwritable" if worst == "safe" and self.layout.unwritable else worst


def judge(
    layout: Layout, *, installer: str, link_mode: LinkMode, runner: Runner, progress: Callable[[str], object]
) -> Judgement:
    """Ask everything.

    Args:
        layout: where.
        installer: who is asked.
        link_mode: how files are to be placed.
        runner: runs cases in an open laboratory.
        progress: is told what is being asked.

    Raises:
        MountFailed, LayoutUntrue, FileInvalid: the layout cannot be had here, or is not what it says it is.
    """
    answers = []
    for question in questions(layout, installer=installer, link_mode=link_mode):
        progress(f"link mode {link_mode}: {question.words}")
        answers.append(answer(question, runner))
    return Judgement(layout=layout, link_mode=link_mode, answers=tuple(answers))


def answer(question: Question, runner: Runner) -> Answer:
    """Ask one question.

    Raises:
        MountFailed, LayoutUntrue, FileInvalid: as `judge`.
    """
    case = question.case
    try:
        first, second = runner.run(case), runner.run(case)
    except NotApplicable:
        return Answer(question=question, state="not applicable")
    control = runner.run(replace(case, layout=load("plain"), plan=case.plan))
    usual = {_signature(one) for one in control.violations}
    broken, everywhere = _parted(first, usual)
    states = {_state(verdict, control, usual) for verdict in (first, second)}
    return Answer(
        question=question,
        state=states.pop() if len(states) == 1 else "differs",
        verdict=first,
        broken=broken,
        everywhere=everywhere,
        known=reports.known(broken, first.evidence),
        known_everywhere=reports.known(everywhere, control.evidence) or reports.known(everywhere, first.evidence),
    )


def _state(verdict: Verdict, control: Verdict, usual: AbstractSet[_Signature]) -> State:
    broken, _ = _parted(verdict, usual)
    return "broken" if broken else "refused" if _refuses(verdict, control) else "safe"


def _parted(verdict: Verdict, usual: AbstractSet[_Signature]) -> tuple[tuple[Violation, ...], tuple[Violation, ...]]:
    """The promises that are broken on this storage alone, and those that are broken everywhere."""
    here = tuple(one for one in verdict.violations if _signature(one) not in usual)
    return here, tuple(one for one in verdict.violations if one not in here)


def _signature(violation: Violation) -> _Signature:
    """What is wrong, and where: what was found there instead may be another thing on each storage."""
    return violation.contract, told(replace(violation, expected="", found="")), violation.step


def _exits(verdict: Verdict) -> tuple[bool, ...]:
    return tuple(step.outcome.exit == 0 for step in verdict.evidence.steps)


def _refuses(verdict: Verdict, control: Verdict) -> bool:
    """Whether a step fails here that does not on plain storage."""
    return any(there and not here for here, there in zip(_exits(verdict), _exits(control), strict=True))
