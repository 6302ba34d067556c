"""The comparison: a case judged by the contracts and by the second opinion, and where they disagree."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeVar

from harness import installers
from harness.errors import HarnessError, NotApplicable
from harness.layouts.validate import problems
from harness.model import Case, Entry, Layout, Mount, Plan, Roles, Step, Wheel
from harness.model.case import USUAL_UMASK
from harness.run import Runner, Verdict
from harness.tests.second_opinion.judge import Witness
from harness.wheels.make import record_content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.installers import Installer
    from harness.kernel.laboratory import Laboratory
    from harness.tests.second_opinion.judge import Complaint

Value = TypeVar("Value")
Made = TypeVar("Made", Mount, Roles, Plan)
Kind: TypeAlias = Literal["false alarm", "missed", "alone", "both", "error"]

# Promises of which a user who looks at an environment knows nothing: the other judge has no opinion about them.
WITHOUT_COUNTERPART: Final = frozenset(
    {
        "modes-equal",
        "cache-untouched",
        "outside-untouched",
        "failure-preserves",
        "message-names-path-and-errno",
        "link-mode-honoured",
        "bounded-time",
        "order-independent",
        "rerun-repairs",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One.

    Attributes:
        kind: `false alarm`: a contract is broken and there is nothing to complain about; `missed`: the reverse;
            `alone`: a contract without a counterpart is broken, and there is nothing else; `both`: both see something,
            which is no disagreement; `error`: the run did not come to its end.
        subject: the contract, the kind of complaint, or the type of the error.
        path: where.
        text: the violation or complaint in words.
        case: of what.
        step: in which step.
    """

    kind: Kind
    subject: str
    path: str
    text: str
    case: Case
    step: int = 0

    @property
    def cluster(self) -> tuple[str, ...]:
        """What makes it one of many."""
        return (self.kind, self.subject, shape(self.path))


def opinions(case: Case, laboratory: Laboratory) -> tuple[Verdict, tuple[tuple[Complaint, ...], ...]]:
    """The contracts' verdict, and the other judge's complaints step by step.

    Raises:
        HarnessError: as `Runner.run`.
    """
    witness = Witness(installer=installers.find(case.installer), case=case)

    def find(_: str) -> Installer:
        return witness

    verdict = Runner(laboratory, find=find).run(case)
    return verdict, tuple(witness.complaints)


def disagreements(case: Case, laboratory: Laboratory) -> tuple[Disagreement, ...]:
    """Those of the first step in which there are any; what comes later may follow from that.

    An error that is none of the harness' own is one as well: whatever is wrong is to be said before anything is done.
    """
    try:
        verdict, complaints = opinions(case, laboratory)
    except NotApplicable:
        return ()
    except HarnessError as refused:
        return (_error(type(refused).__name__, str(refused), case),)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        return (_error(f"raw {type(error).__name__}", repr(error), case),)
    old: set[tuple[str, str]] = set()
    for index, ours in enumerate(complaints):
        found = tuple(_of_step(index, ours, old, verdict))
        if found:
            return found
        old |= {(one.kind, one.path) for one in ours}
    return ()


def _error(subject: str, text: str, case: Case) -> Disagreement:
    return Disagreement(kind="error", subject=subject, path="", text=text, case=case)


def _of_step(
    index: int, complaints: tuple[Complaint, ...], old: set[tuple[str, str]], verdict: Verdict
) -> Iterator[Disagreement]:
    violations = [one for one in verdict.violations if one.step == index]
    judged = [one for one in violations if one.contract not in WITHOUT_COUNTERPART]
    new = [one for one in complaints if (one.kind, one.path) not in old]
    case = verdict.case
    for violation in {one.contract: one for one in reversed(violations)}.values():
        kind: Kind = "both" if complaints else ("false alarm" if violation in judged else "alone")
        yield Disagreement(
            kind=kind, subject=violation.contract, path=violation.path, text=str(violation), case=case, step=index
        )
    if not violations:
        for complaint in {one.kind: one for one in reversed(new)}.values():
            text = f"{complaint.kind}: {complaint.path}: {complaint.detail} (step {index + 1})"
            yield Disagreement(
                kind="missed", subject=complaint.kind, path=complaint.path, text=text, case=case, step=index
            )


_NAMES: Final = re.compile(r"\b(one|two[-_]b|[Tt]hree|four[._]dot)\b|(?<=[/_-])(one|two_b|three|four_dot)(?=[/_.-])")
_VERSION: Final = re.compile(r"\d+[._]\d+")


def shape(path: str) -> str:
    """A path without what differs from example to example."""
    return _VERSION.sub("V", _NAMES.sub("N", path))


def features(case: Case) -> tuple[str, ...]:
    """What there is about a case's layout."""
    layout = case.layout
    found = {f"link {one.at}" for one in layout.symlinks}
    found |= {f"{one.type} {one.at}" + (" (image)" if one.after == "image" else "") for one in layout.mounts}
    found |= {f"file {one.at}" for one in layout.files} | {f"directory {one.at}" for one in layout.directories}
    found |= {f"permission {one.at}" for one in layout.permissions}
    plain = type(layout.roles)()
    for one in dataclasses.fields(layout.roles):
        if getattr(layout.roles, one.name) != getattr(plain, one.name):
            found.add(f"{one.name} elsewhere")
    return tuple(sorted(found))


def smaller(case: Case, still: Callable[[Case], bool]) -> Case:
    """The case with all taken away that can go while something still holds."""
    progress = True
    while progress:
        progress = False
        for candidate in _candidates(case):
            if not problems(candidate.layout) and still(candidate):
                case, progress = candidate, True
                break
    return case


def _candidates(case: Case) -> Iterator[Case]:
    """The case with one part less, in all ways."""
    for steps in _with_one_less(case.steps):
        yield replace(case, steps=steps)
    named = {key for step in case.steps for key in step.wheels}
    if any(wheel.key not in named for wheel in case.wheels):
        yield replace(case, wheels=tuple(wheel for wheel in case.wheels if wheel.key in named))
    for index, step in enumerate(case.steps):
        for less in _smaller_steps(step):
            yield replace(case, steps=(*case.steps[:index], less, *case.steps[index + 1 :]))
    for layout in _smaller_layouts(case.layout):
        yield replace(case, layout=layout)
    for plan in _smaller_plans(case.plan):
        yield replace(case, plan=plan)
    for index, wheel in enumerate(case.wheels):
        for less_wheel in _smaller_wheels(wheel):
            yield replace(case, wheels=(*case.wheels[:index], less_wheel, *case.wheels[index + 1 :]))


def _smaller_steps(step: Step) -> Iterator[Step]:
    if len(step.wheels) > 1:
        for wheels in _with_one_less(step.wheels):
            yield replace(step, wheels=wheels)
    if step.image:
        yield replace(step, image=False)
    for changes in ({"lifted": False}, {"meddled": ()}, {"umask": USUAL_UMASK}):
        less: Step = replace(step, **changes)
        if less != step:
            yield less


def _smaller_plans(plan: Plan) -> Iterator[Plan]:
    yield from _with_one_default(plan)
    for name in ("creation", "listing", "schedule"):
        choices = getattr(plan, name) or ()
        for shorter in (choices[: len(choices) // 2], choices[:-1]) if choices else ():
            changes: dict[str, Any] = {name: shorter}
            yield replace(plan, **changes)
        if name != "creation":
            for index, choice in enumerate(choices):
                if choice:
                    yield replace(plan, **{name: (*choices[:index], 0, *choices[index + 1 :])})


def _smaller_layouts(layout: Layout) -> Iterator[Layout]:
    for mounts in _with_one_less(layout.mounts):
        yield replace(layout, mounts=mounts)
    for symlinks in _with_one_less(layout.symlinks):
        yield replace(layout, symlinks=symlinks)
    for files in _with_one_less(layout.files):
        yield replace(layout, files=files)
    for directories in _with_one_less(layout.directories):
        yield replace(layout, directories=directories)
    for permissions in _with_one_less(layout.permissions):
        yield replace(layout, permissions=permissions)
    for index, mount in enumerate(layout.mounts):
        for less in _with_one_default(mount):
            yield replace(layout, mounts=(*layout.mounts[:index], less, *layout.mounts[index + 1 :]))
    for roles in _with_one_default(layout.roles):
        yield replace(layout, roles=roles)


def _smaller_wheels(wheel: Wheel) -> Iterator[Wheel]:
    needed = {f"{wheel.dist_info}/{name}" for name in ("METADATA", "WHEEL", "RECORD")}
    record = f"{wheel.dist_info}/RECORD"
    for gone in wheel.entries:
        if gone.path not in needed:
            entries = [one for one in wheel.entries if one.path not in {gone.path, record}]
            yield replace(wheel, entries=(*entries, Entry(record, record_content(entries, record))))


def _with_one_less(values: tuple[Value, ...]) -> Iterator[tuple[Value, ...]]:
    for index in reversed(range(len(values))):
        yield values[:index] + values[index + 1 :]


def _with_one_default(value: Made) -> Iterator[Made]:
    for one in dataclasses.fields(value):
        if one.default is not dataclasses.MISSING and getattr(value, one.name) != one.default:
            changes: dict[str, Any] = {one.name: one.default}
            yield replace(value, **changes)
