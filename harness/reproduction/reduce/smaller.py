"""What a case can do without, kind by kind; pure.

Each kind of part says how many of them a case has, and makes the case without some. What only concerned a part goes
with it: a wheel's place in the steps, its paths in the order of creation, what a layout promises about a mount.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from harness.reproduction.reduce.records import emptied, without_files
from harness.wheels.make import directories

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from typing import TypeAlias, TypeVar

    from harness.model import Case, Fact, Layout, Mount, Plan, Wheel

    Part = TypeVar("Part")
    Choices: TypeAlias = tuple[int, ...] | None

_NEEDED: Final = ("METADATA", "WHEEL", "RECORD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A case on the way to a smaller one.

    Attributes:
        case: as it is now.
        steps: for each of its steps, which one it was at first; so a violation is known by its step whatever went.
    """

    case: Case
    steps: tuple[int, ...]

    @classmethod
    def of(cls, case: Case) -> Candidate:
        """A case as it is at first."""
        return cls(case=case, steps=tuple(range(len(case.steps))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of part.

    Attributes:
        name: in the plural: `wheels`; empty: it is not spoken of.
        count: how many a case has.
        without: the case without those of these numbers; None: there is no such case.
    """

    name: str
    count: Callable[[Case], int]
    without: Callable[[Candidate, Collection[int]], Candidate | None]


def _rest(parts: Sequence[Part], gone: Collection[int]) -> tuple[Part, ...]:
    return tuple(part for index, part in enumerate(parts) if index not in gone)


def _without_steps(candidate: Candidate, gone: Collection[int]) -> Candidate | None:
    kept = _rest(candidate.case.steps, gone)
    if not kept:
        return None
    return Candidate(case=replace(candidate.case, steps=kept), steps=_rest(candidate.steps, gone))


def _without_wheels(candidate: Candidate, gone: Collection[int]) -> Candidate | None:
    case = candidate.case
    wheels = _rest(case.wheels, gone)
    known = {wheel.key for wheel in wheels}
    if not wheels:
        return None
    asked = [tuple(key for key in step.wheels if key in known) for step in case.steps]
    steps = tuple(replace(step, wheels=keys) for step, keys in zip(case.steps, asked, strict=True))
    idle = [index for index, step in enumerate(case.steps) if step.wheels and not asked[index]]
    made = _without_steps(replace(candidate, case=replace(case, wheels=wheels, steps=steps)), idle)
    return made and replace(made, case=_tidy(made.case))


def _without_requests(candidate: Candidate, gone: Collection[int]) -> Candidate | None:
    """Without asking for some wheel in some step; a step that asks for nothing is left to the kind of its own."""
    case = candidate.case
    chosen = {_requests(case)[number] for number in gone}
    asked = [
        tuple(key for index, key in enumerate(step.wheels) if (number, index) not in chosen)
        for number, step in enumerate(case.steps)
    ]
    if any(step.wheels and not keys for step, keys in zip(case.steps, asked, strict=True)):
        return None
    steps = tuple(replace(step, wheels=keys) for step, keys in zip(case.steps, asked, strict=True))
    return replace(candidate, case=replace(case, steps=steps))


def _requests(case: Case) -> list[tuple[int, int]]:
    """Each mention of a wheel together with others in a step: step, place."""
    return [
        (number, index)
        for number, step in enumerate(case.steps)
        if len(step.wheels) > 1
        for index in range(len(step.wheels))
    ]


def _with_joined_steps(candidate: Candidate, gone: Collection[int]) -> Candidate:
    """With a step and the one before it as one, which counts as the later."""
    case = candidate.case
    joined = {_joints(case)[number] for number in gone}
    steps, numbers = [case.steps[0]], [candidate.steps[0]]
    for index, step in enumerate(case.steps[1:], start=1):
        if index in joined:
            asked = dict.fromkeys((*steps.pop().wheels, *step.wheels))
            numbers.pop()
            steps.append(replace(step, wheels=tuple(asked)))
        else:
            steps.append(step)
        numbers.append(candidate.steps[index])
    return Candidate(case=replace(case, steps=tuple(steps)), steps=tuple(numbers))


def _joints(case: Case) -> list[int]:
    """The steps that differ from the one before them in their wheels alone."""
    alike = (replace(one, wheels=other.wheels) == other for one, other in pairwise(case.steps))
    return [index for index, joins in enumerate(alike, start=1) if joins]


def _without_meddlings(candidate: Candidate, gone: Collection[int]) -> Candidate:
    case = candidate.case
    chosen = {_meddlings(case)[number] for number in gone}
    steps = tuple(
        replace(step, meddled=tuple(one for index, one in enumerate(step.meddled) if (number, index) not in chosen))
        for number, step in enumerate(case.steps)
    )
    return replace(candidate, case=replace(case, steps=steps))


def _meddlings(case: Case) -> list[tuple[int, int]]:
    return [(number, index) for number, step in enumerate(case.steps) for index in range(len(step.meddled))]


def _without_releases(candidate: Candidate, gone: Collection[int]) -> Candidate:
    """With the case's own installer for steps that another release does."""
    case = candidate.case
    chosen = {_releases(case)[number] for number in gone}
    steps = tuple(replace(step, installer="") if number in chosen else step for number, step in enumerate(case.steps))
    return replace(candidate, case=replace(case, steps=steps))


def _releases(case: Case) -> list[int]:
    return [number for number, step in enumerate(case.steps) if step.installer]


def _without_entries(candidate: Candidate, gone: Collection[int]) -> Candidate:
    return _with_wheels(candidate, _files(candidate.case), gone, without_files)


def _without_contents(candidate: Candidate, gone: Collection[int]) -> Candidate:
    return _with_wheels(candidate, _contents(candidate.case), gone, emptied)


def _with_wheels(
    candidate: Candidate,
    parts: Sequence[tuple[int, int]],
    gone: Collection[int],
    change: Callable[[Wheel, Collection[int]], Wheel],
) -> Candidate:
    chosen: dict[int, set[int]] = {}
    for number in gone:
        place, entry = parts[number]
        chosen.setdefault(place, set()).add(entry)
    case = candidate.case
    wheels = tuple(
        change(wheel, chosen[place]) if place in chosen else wheel for place, wheel in enumerate(case.wheels)
    )
    return replace(candidate, case=_tidy(replace(case, wheels=wheels)))


def _files(case: Case) -> list[tuple[int, int]]:
    """Each entry that a wheel can be without: wheel, place in its archive. A directory that is listed is one."""
    return [
        (place, index)
        for place, wheel in enumerate(case.wheels)
        for index, entry in enumerate(wheel.entries)
        if entry.path not in {f"{wheel.dist_info}/{name}" for name in _NEEDED}
    ]


def _contents(case: Case) -> list[tuple[int, int]]:
    """Each file that has content that could be nothing."""
    entries = ((place, index, case.wheels[place].entries[index]) for place, index in _files(case))
    return [
        (place, index)
        for place, index, entry in entries
        if entry.kind == "file" and entry.content and ".dist-info/" not in entry.path
    ]


def _tidy(case: Case) -> Case:
    """Without the names in the order of creation that no wheel has any more."""
    if not case.plan.creation:
        return case
    known = {entry.path for wheel in case.wheels for entry in wheel.entries}
    known.update(path for wheel in case.wheels for path in directories(wheel))
    return replace(case, plan=replace(case.plan, creation=tuple(one for one in case.plan.creation if one in known)))


def _without_mounts(candidate: Candidate, gone: Collection[int]) -> Candidate:
    layout = candidate.case.layout
    facts = tuple(fact for fact in layout.facts if not _concerned(fact, layout).intersection(gone))
    return _with_layout(candidate, replace(layout, mounts=_rest(layout.mounts, gone), facts=facts))


def _without_symlinks(candidate: Candidate, gone: Collection[int]) -> Candidate:
    layout = candidate.case.layout
    return _with_layout(candidate, replace(layout, symlinks=_rest(layout.symlinks, gone)))


def _without_placed_files(candidate: Candidate, gone: Collection[int]) -> Candidate:
    layout = candidate.case.layout
    return _with_layout(candidate, replace(layout, files=_rest(layout.files, gone)))


def _without_placed_directories(candidate: Candidate, gone: Collection[int]) -> Candidate:
    layout = candidate.case.layout
    return _with_layout(candidate, replace(layout, directories=_rest(layout.directories, gone)))


def _without_permissions(candidate: Candidate, gone: Collection[int]) -> Candidate:
    layout = candidate.case.layout
    return _with_layout(candidate, replace(layout, permissions=_rest(layout.permissions, gone)))


def _with_layout(candidate: Candidate, layout: Layout) -> Candidate:
    """Without what the machine has to be able to for what is gone alone."""
    before = candidate.case.layout
    idle = {name for name, needs in _NEEDS.items() if needs(before) and not needs(layout)}
    requires = tuple(name for name in layout.requires if name not in idle)
    return replace(candidate, case=replace(candidate.case, layout=replace(layout, requires=requires)))


def _any(holds: Callable[[Mount], object]) -> Callable[[Layout], bool]:
    return lambda layout: any(holds(mount) for mount in layout.mounts)


_NEEDS: Final[Mapping[str, Callable[[Layout], bool]]] = {
    "tmpfs": _any(lambda mount: mount.type == "tmpfs"),
    "tmpfs-size-limit": _any(lambda mount: mount.size),
    "tmpfs-inode-limit": _any(lambda mount: mount.inodes),
    "bind": _any(lambda mount: mount.type == "bind"),
    "bind-file": _any(lambda mount: mount.file),
    "remount-read-only": _any(lambda mount: "ro" in mount.flags),
    "noexec": _any(lambda mount: "noexec" in mount.flags),
    "overlay": _any(lambda mount: mount.type == "overlay"),
    "overlay-two-lowers": _any(lambda mount: mount.lowers > 1),
    "symlink": lambda layout: bool(layout.symlinks),
    "chown": lambda layout: any((one.owner, one.group) != (None, None) for one in layout.permissions),
}


def _concerned(fact: Fact, layout: Layout) -> set[int]:
    """The mounts that a promise is about: those that its paths lie on, and those below them."""
    places = [_place(mount.at, layout) for mount in layout.mounts]
    found: set[int] = set()
    for template in filter(None, (fact.source, fact.to)):
        path = _place(template, layout)
        found.update(index for index, place in enumerate(places) if _below(place, path))
        above = [index for index, place in enumerate(places) if _below(path, place)]
        # Of several at one place, the last covers the others.
        found.update(sorted(above, key=lambda index: (len(places[index]), index))[-1:])
    return found


def _place(template: str, layout: Layout) -> str:
    try:
        return posixpath.normpath(layout.roles.resolve(template))
    except (KeyError, RecursionError):
        return template


def _below(path: str, place: str) -> bool:
    return f"{path.rstrip('/')}/".startswith(f"{place.rstrip('/')}/")


def _without_creation(candidate: Candidate, gone: Collection[int]) -> Candidate:
    plan = candidate.case.plan
    return replace(candidate, case=replace(candidate.case, plan=replace(plan, creation=_rest(plan.creation, gone))))


def _choices(name: str, of: Callable[[Plan], Choices], put: Callable[[Plan, Choices], Plan]) -> Kind:
    """The choices of one kind; one part more than there are choices: that anything is chosen at all."""

    def count(case: Case) -> int:
        chosen = of(case.plan)
        return 0 if chosen is None else len(chosen) + 1

    def without(candidate: Candidate, gone: Collection[int]) -> Candidate:
        case = candidate.case
        chosen = of(case.plan) or ()
        kept = None if len(chosen) in gone else _rest(chosen, gone)
        return replace(candidate, case=replace(case, plan=put(case.plan, kept)))

    return Kind(name=name, count=count, without=without)


# The biggest first: what goes with a step or a wheel needs no attempts of its own.
KINDS: Final = (
    Kind(name="steps", count=lambda case: len(case.steps), without=_without_steps),
    Kind(name="", count=lambda case: len(_joints(case)), without=_with_joined_steps),
    Kind(name="wheels", count=lambda case: len(case.wheels), without=_without_wheels),
    Kind(name="mounts", count=lambda case: len(case.layout.mounts), without=_without_mounts),
    Kind(name="symlinks", count=lambda case: len(case.layout.symlinks), without=_without_symlinks),
    Kind(name="placed files", count=lambda case: len(case.layout.files), without=_without_placed_files),
    Kind(
        name="placed directories",
        count=lambda case: len(case.layout.directories),
        without=_without_placed_directories,
    ),
    Kind(name="permissions", count=lambda case: len(case.layout.permissions), without=_without_permissions),
    Kind(name="meddlings", count=lambda case: len(_meddlings(case)), without=_without_meddlings),
    Kind(name="other releases", count=lambda case: len(_releases(case)), without=_without_releases),
    Kind(name="joint requests", count=lambda case: len(_requests(case)), without=_without_requests),
    Kind(name="files", count=lambda case: len(_files(case)), without=_without_entries),
    Kind(name="creation entries", count=lambda case: len(case.plan.creation), without=_without_creation),
    _choices("listing choices", lambda plan: plan.listing, lambda plan, kept: replace(plan, listing=kept)),
    _choices("turns", lambda plan: plan.schedule, lambda plan, kept: replace(plan, schedule=kept)),
    Kind(name="contents", count=lambda case: len(_contents(case)), without=_without_contents),
)
