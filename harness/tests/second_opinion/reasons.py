"""Reasons: the disagreements between the contracts and the second opinion that are allowed, each with why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.tests.second_opinion.compare import Disagreement


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a disagreement is none.

    Attributes:
        name: how it is called.
        holds: whether a disagreement is of this kind.
        because: what makes both right.
    """

    name: str
    holds: Callable[[Disagreement], bool]
    because: str


def _refused_to_build(one: Disagreement) -> bool:
    if one.subject == "LayoutUntrue":
        return not _is_half_built(one)
    return one.kind == "error" and one.subject == "FileInvalid"


def _is_half_built(one: Disagreement) -> bool:
    return one.subject == "MountFailed" or (one.subject == "LayoutUntrue" and "cannot be built" in one.text)


def _has_inner_link(one: Disagreement) -> bool:
    """A link in the environment or its schemes: found nothing by its spelling, found by the kernel."""
    return bool(one.case.layout.symlinks) and one.kind in {"false alarm", "alone"}


def _has_two_schemes(one: Disagreement) -> bool:
    parts = ("data/bin/", "data/lib/", "data/include/")
    paths = [entry.path for wheel in one.case.wheels for entry in wheel.entries]
    return one.kind in {"false alarm", "alone"} and any(f".data/{part}" in path for path in paths for part in parts)


def _shares_a_script(one: Disagreement) -> bool:
    return one.kind == "false alarm" and one.path.startswith("scripts/common")


def _is_hidden(one: Disagreement) -> bool:
    if one.kind == "error":
        return one.subject == "raw FileNotFoundError"
    return any(mount.after == "image" for mount in one.case.layout.mounts) and one.kind != "missed"


def _lies_elsewhere(one: Disagreement) -> bool:
    return one.subject == "order-independent" and one.kind == "alone"


REASONS: tuple[Reason, ...] = (
    Reason(
        name="refused-with-a-name",
        holds=_refused_to_build,
        because="a layout that cannot be had is refused by a typed error, which blames nobody",
    ),
)

# Not reasons: known defects of the contracts and the runner at 09e7b0e. Each goes when it is mended; `--pending` lets
# the command line count them as well.
PENDING: tuple[Reason, ...] = (
    Reason(name="link-inside", holds=_has_inner_link, because="a link is judged by its spelling, not where it leads"),
    Reason(name="two-schemes", holds=_has_two_schemes, because="one path under two schemes is looked for under one"),
    Reason(name="shared-script", holds=_shares_a_script, because="a script of two distributions is no shared file"),
    Reason(name="hidden-by-layout", holds=_is_hidden, because="what a later mount hides counts as lost, or is opened"),
    Reason(name="half-built", holds=_is_half_built, because="a layout is refused only once part of it is mounted"),
    Reason(name="elsewhere", holds=_lies_elsewhere, because="order-independent compares files of different schemes"),
)


def reason_of(disagreement: Disagreement, reasons: tuple[Reason, ...] = REASONS) -> Reason | None:
    """The reason that allows a disagreement, if one does."""
    return next((one for one in reasons if one.holds(disagreement)), None)
