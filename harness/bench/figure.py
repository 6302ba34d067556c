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
        baseline: the median of what it is compared with, in the same unit; None: nothing.
        against: what that is.
        aim: what the project wants of it, in words.
    """

    name: str
    value: float
    unit: str
    spread: tuple[float, float]
    baseline: float | None = None
    against: str = ""
    aim: str = ""

    @property
    def ratio(self) -> float | None:
        """Value over baseline."""
        return self.value / self.baseline if self.baseline else None

    def data(self) -> dict[str, Any]:
        """For machines."""
        return {**asdict(self), "ratio": self.ratio}


def figure(name: str, values: Sequence[float], unit: str, **more: Any) -> Figure:  # noqa: ANN401 - fields of Figure
    """The figure of repeated measurements."""
    return Figure(name=name, value=statistics.median(values), unit=unit, spread=(min(values), max(values)), **more)


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
    baseline = f"{_number(one.baseline)} ({one.against})" if one.baseline is not None else ""
    ratio = f"{one.ratio:.2f}" if one.ratio is not None else ""
    value = f"{_number(one.value)} {one.unit}"
    return one.name, value, f"{_number(low)}..{_number(high)}", baseline, ratio, one.aim


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits are what noise leaves
