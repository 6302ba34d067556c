"""Sequences as wide as the model allows: what the reference core is put through in memory.

Layouts and wheels are those of the second opinion, and the scenarios' own wheel sets in two versions; here they are put
together with everything else that a case can say, and with faults that no layout can have.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hypothesis import strategies as st

from harness import strategies
from harness.model import Case, Meddling, Plan, Step
from harness.tests.reference.sites import Fault
from harness.tests.second_opinion import strategies as composed
from harness.wheels import bad

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model import Action, Wheel

Draw: TypeAlias = "Callable[[st.SearchStrategy[Any]], Any]"

_ACTIONS: Final[tuple[Action, ...]] = ("install", "upgrade", "reinstall", "uninstall", "repair", "warm")
_BAD: Final = (bad.wrong_hash(), bad.missing_row(), bad.truncated(), bad.path_traversal(), bad.no_callable())
_UMASKS: Final = (0o022, 0o022, 0o022, 0o077, 0o002)
# What others remove between two steps: of the cache, and of the environment. No RECORD: whose files they are nobody can
# know then, and who removes another one's cannot be told from who keeps too much. No link of the layout: where files
# are to lie is decided once, by the links that were there from the start.
_MEDDLED: Final = (
    "{cache}/wheels/*",
    "{cache}/wheels/*/*/__init__.py",
    "{cache}/wheels/*/*.dist-info/METADATA",
    "{site_packages}/shared/__init__.py",
    "{site_packages}/nvidia",
    "{site_packages}/one",
)
_PLACES: Final = (
    "{environment}",
    "{site_packages}",
    "{site_packages}/shared",
    "{scripts}",
    "{data}/share",
    "{cache}",
    "{temporary}",
)
_MAKING: Final = ("mkdir", "create", "copyfile", "clone", "link", "symlink")
_RARE: Final = 7
_CHANGING: Final = (*_MAKING, "rename", "truncate", "write", "chmod")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A case to be run in memory.

    Attributes:
        case: the case.
        clones: files can be cloned there.
        fault: what is refused on top of what the layout refuses.
    """

    case: Case
    clones: bool = False
    fault: Fault | None = None


# Strategies are made once: to make one costs more than to draw from it.
_EIGHTHS: Final = st.integers(0, 7)
_RUNS: Final = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 12)), min_size=4, max_size=24).map(
    # Long runs of one program and quick changes both.
    lambda runs: tuple(choice for choice, length in runs for _ in range(length))
)
_SCHEDULES: Final = st.none() | strategies.schedules(max_choices=128) | _RUNS
_LISTINGS: Final = st.none() | strategies.listings()
_SPOILED: Final = st.sampled_from((*[()] * 7, *((one,) for one in _BAD)))
_COMPOSED: Final = composed.wheel_sets()
_VERSIONS: Final = st.tuples(
    *(strategies.wheel_sets(sharing=strategies.SHARING, version=version) for version in ("1.0", "2.0"))
).map(lambda both: (*both[0], *both[1]))
_ANY_STEP: Final[st.SearchStrategy[tuple[Any, ...]]] = st.tuples(
    st.sampled_from(_ACTIONS), st.sampled_from(_UMASKS), _EIGHTHS, _EIGHTHS, _EIGHTHS, st.integers(0, len(_MEDDLED) - 1)
)
_FIRST_ACTIONS: Final = st.sampled_from(("install", "install", "warm"))
# Two of the wheels, or three, or one; as many as there are are counted over.
_CHOSEN: Final = st.lists(st.integers(0, 11), min_size=1, max_size=3)
_LINKED: Final = st.builds(
    Fault,
    operations=st.just(("link", "clone")),
    errno=st.sampled_from((errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP)),
    at=st.sampled_from(_PLACES),
    after=st.integers(0, 15),
)
_FULL: Final = st.builds(
    Fault,
    operations=st.just(_MAKING),
    errno=st.sampled_from((errno.ENOSPC, errno.EDQUOT)),
    at=st.sampled_from(_PLACES),
    after=st.integers(0, 60),
)
_ONCE: Final = st.builds(
    Fault,
    # Who may not make a link is not refused by storage, and contracts know no reason to copy instead.
    operations=st.just(tuple(kind for kind in _CHANGING if kind != "symlink")),
    errno=st.sampled_from((errno.EIO, errno.EACCES, errno.EPERM, errno.ENOSPC)),
    at=st.sampled_from(_PLACES),
    after=st.integers(0, 60),
    once=st.just(value=True),
)
_FAULTS: Final = st.none() | st.one_of(_LINKED, _FULL, _ONCE)
_LAYOUTS: Final = composed.layouts(types=("tmpfs", "bind"), contents=False)
_LINK_MODES: Final = strategies.link_modes()
_COUNT: Final = st.integers(1, 6)


@st.composite
def sequences(draw: Draw, *, faults: bool = True) -> Sequence:
    """Sequences of one to six steps. Shrink towards one install of one small wheel on the plain layout.

    Args:
        draw: given by Hypothesis.
        faults: also what no layout can have: faults, clones.
    """
    wheels = (*draw(_VERSIONS if draw(_EIGHTHS) % 2 else _COMPOSED), *draw(_SPOILED))
    layout = draw(_LAYOUTS)
    linked = {symlink.at.replace("purelib", "site_packages") for symlink in layout.symlinks}
    removable = tuple(at for at in _MEDDLED if at not in linked)
    steps = [_step(draw, wheels, removable, first=index == 0) for index in range(draw(_COUNT))]
    fault = draw(_FAULTS) if faults else None
    if fault is not None:
        layout = replace(layout, refusals=(*composed.REFUSALS, errno.errorcode[fault.errno]))
    elif layout.symlinks:
        # One that leads out of the environment may be refused.
        layout = replace(layout, refusals=(*layout.refusals, "ELOOP"))
    order = draw(strategies.directory_orders(wheels)) if draw(_EIGHTHS) > 5 else ()
    case = Case(
        layout=layout,
        wheels=wheels,
        steps=_ordered(steps),
        plan=Plan(creation=order, listing=draw(_LISTINGS), schedule=draw(_SCHEDULES)),
        link_mode=draw(_LINK_MODES),
        strict=draw(_EIGHTHS) == _RARE,
    )
    return Sequence(case=case, clones=faults and draw(_EIGHTHS) % 2 == 1, fault=fault)


def _step(draw: Draw, wheels: tuple[Wheel, ...], removable: tuple[str, ...], *, first: bool) -> Step:
    action, umask, image, lifted, meddled, choice = draw(_ANY_STEP)
    if first:
        action = draw(_FIRST_ACTIONS)
    chosen = {one.name: one.key for one in (wheels[index % len(wheels)] for index in draw(_CHOSEN))}
    removal = Meddling(do="remove", at=removable[choice % len(removable)])
    return Step(
        action=action,
        wheels=tuple(chosen.values()),
        image=image == _RARE,
        lifted=not first and lifted == _RARE,
        meddled=(removal,) if not first and meddled == _RARE else (),
        umask=umask,
    )


def _ordered(steps: list[Step]) -> tuple[Step, ...]:
    """Image steps come first; in them nothing is lifted, and nobody else is at work."""
    images = 0
    while images < len(steps) and steps[images].image:
        images += 1
    return (
        *(replace(one, lifted=False, meddled=()) for one in steps[:images]),
        *(replace(one, image=False) for one in steps[images:]),
    )
