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


REASONS: tuple[Reason, ...] = ()


def reason_of(disagreement: Disagreement) -> Reason | None:
    """The reason that allows a disagreement, if one does."""
    return next((one for one in REASONS if one.holds(disagreement)), None)
