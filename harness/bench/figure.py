"""Figures: what was measured, beside what it is to be compared with; as a table and as data; pure."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured quantity.

    Attributes:
        name: of what.
        value: its median.
        unit: `examples/s`, `us`, `ms`, `MB`.
        spread: the smallest and the largest value measured.
        baseline: the median of what it is compared with, in the same unit.
        against: what that is.
        aim: what the project wants of it, in words.
    """

    name: str
    value: float
    unit: str
    spread: tuple[float, float]
    baseline: float
    against: str
    aim: str = ""

    @property
    def ratio(self) -> float:
        """Value over baseline."""
        return self.value / self.baseline

    def data(self) -> dict[str, Any]:
        """For machines."""
        return {**asdict(self), "ratio": self.ratio}


def beside(name: str, pairs: Sequence[tuple[float, float]], unit: str, *, against: str, aim: str = "") -> Figure:
    """The figure of repeated measurements, each taken in turn with its baseline.

    Args:
        name: of what was measured.
        pairs: value and baseline of each turn.
        unit: of both.
        against: what the baseline is.
        aim: what the project wants of it.
    """
    values = [value for value, _ in pairs]
    return Figure(
        name=name,
        value=statistics.median(values),
        unit=unit,
        spread=(min(values), max(values)),
        baseline=statistics.median(baseline for _, baseline in pairs),
        against=against,
        aim=aim,
    )


def table(figures: Iterable[Figure]) -> str:
    """Figures as aligned text."""
    rows: list[tuple[str, ...]] = [("", "median", "min..max", "baseline", "ratio", "aim")]
    rows += (_row(one) for one in figures)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _row(one: Figure) -> tuple[str, ...]:
    low, high = one.spread
    baseline = f"{_number(one.baseline)} ({one.against})"
    value = f"{_number(one.value)} {one.unit}"
    return one.name, value, f"{_number(low)}..{_number(high)}", baseline, f"{one.ratio:.2f}", one.aim


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits are what noise leaves
