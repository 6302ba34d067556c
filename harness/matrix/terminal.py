"""The matrix as text for a terminal: layouts down, link modes across, one table for each installer; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.matrix.cells import Cell, merge
from harness.model import LINK_MODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from harness.matrix.cells import Result

_WIDTH = 16


def table(results: Iterable[Result]) -> str:
    """The whole matrix, with what is behind its cells that are no pass; empty without results."""
    cells = merge(results)
    installers = dict.fromkeys(installer for installer, _, _ in cells)
    return "\n\n".join("\n".join(_of_installer(installer, cells)) for installer in installers)


def _of_installer(installer: str, cells: Mapping[tuple[str, str, str], Cell]) -> Iterator[str]:
    mine = {(layout, mode): cell for (name, layout, mode), cell in cells.items() if name == installer}
    layouts = sorted({layout for layout, _ in mine}, key=lambda name: (name != "plain", name))
    modes = [mode for mode in LINK_MODES if any((layout, mode) in mine for layout in layouts)]
    first = max(map(len, (installer, *layouts))) + 2
    yield f"{installer:{first}}" + "".join(f"{mode:{_WIDTH}}" for mode in modes).rstrip()
    for layout in layouts:
        yield f"{layout:{first}}" + "".join(f"{_said(mine.get((layout, mode))):{_WIDTH}}" for mode in modes).rstrip()
    yield from _reasons(mine)


def _said(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    if cell.state == "pass":
        return f"pass {cell.passed}"
    if cell.state in {"violation", "error"}:
        return f"{cell.state.upper()} {cell.failed}/{cell.failed + cell.passed}"
    return cell.state


def _reasons(cells: Mapping[tuple[str, str], Cell]) -> Iterator[str]:
    """Each reason once, with the cells it holds for."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for (layout, mode), cell in cells.items():
        if cell.state != "pass":
            reasons.setdefault((cell.state, cell.why), []).append(f"{layout}/{mode}")
    for (state, why), where in reasons.items():
        shown = ", ".join(where[:4]) + (f" and {len(where) - 4} more" if len(where) > 4 else "")  # noqa: PLR2004 - a line's worth
        yield f"  {state}: {why} ({shown})"
