"""The matrix as text for a terminal: layouts down, link modes across, one table for each installer; pure."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from harness.matrix.cells import DRAWN, FAILING, Cell, State, merge
from harness.matrix.printable import line, shown
from harness.model import LINK_MODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from harness.matrix.cells import Result
    from harness.matrix.comparing import Comparison

    Cells = Mapping[tuple[str, str], Cell]

_WIDTH = 18
_LINE = 118


def table(results: Iterable[Result]) -> str:
    """The whole matrix, with what is behind its cells that are no pass; empty without results."""
    cells = merge(map(shown, results))
    installers = dict.fromkeys(installer for installer, _, _ in cells)
    return "\n\n".join("\n".join(_of_installer(installer, cells)) for installer in installers)


def differences(comparison: Comparison) -> str:
    """What changed, alike changes together; says so where nothing did, and where nothing was compared."""
    found: dict[tuple[str, str, str], list[Result]] = {}
    for change in comparison.changes:
        before, after = _side(change.before), _side(change.after)
        found.setdefault((line(change.installer), before, after), []).append(shown(change.result))
    lines: list[str] = []
    for (installer, before, after), results in found.items():
        where = list(dict.fromkeys((result.layout, result.link_mode) for result in results))
        tests = ", ".join(dict.fromkeys(result.scenario for result in results))
        lines += textwrap.wrap(f"{installer}: {before} -> {after} ({'; '.join(_places(where, ()))})", _LINE)
        lines += textwrap.wrap(tests, _LINE, initial_indent=" " * 6, subsequent_indent=" " * 6)
    if comparison.partners and not lines:
        lines = ["nothing changed"]
    for remark in comparison.remarks:
        lines += textwrap.wrap(line(remark), _LINE, subsequent_indent=" " * 6)
    return "\n".join(lines)


def _side(result: Result | None) -> str:
    if result is None:
        return "absent"
    return f"{result.state} {', '.join(shown(result).why)}".strip()


def _of_installer(installer: str, cells: Mapping[tuple[str, str, str], Cell]) -> Iterator[str]:
    mine = {(layout, mode): cell for (name, layout, mode), cell in cells.items() if name == installer}
    drawn = mine.pop((DRAWN, DRAWN), None)
    layouts = sorted({layout for layout, _ in mine}, key=lambda name: (name != "plain", name))
    modes = [mode for mode in (*LINK_MODES, DRAWN) if any((layout, mode) in mine for layout in layouts)]
    first = max(map(len, (installer, *layouts))) + 2
    yield f"{installer:{first}}" + "".join(f"{mode:{_WIDTH}}" for mode in modes).rstrip()
    for layout in layouts:
        yield f"{layout:{first}}" + "".join(f"{_said(mine.get((layout, mode))):{_WIDTH}}" for mode in modes).rstrip()
    if drawn:
        yield f"{'layout and link mode drawn':{max(first, 28)}}{_said(drawn)}"
    yield from _reasons(mine if drawn is None else {**mine, (DRAWN, DRAWN): drawn}, layouts)


def _said(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    if cell.state == "pass":
        return f"pass {cell.passed}"
    if not cell.count:
        return cell.state
    return f"{cell.state.upper() if cell.state in FAILING else cell.state} {cell.count}/{cell.ran}"


def _reasons(cells: Cells, layouts: Sequence[str]) -> Iterator[str]:
    """Each reason once, with the cells it holds for, and a case to start with."""
    reasons: dict[tuple[State, tuple[str, ...]], list[tuple[str, str]]] = {}
    for where, cell in cells.items():
        if cell.state != "pass":
            reasons.setdefault((cell.state, cell.why), []).append(where)
    for (state, why), cells_of_it in sorted(reasons.items()):
        text = f"{state}: {', '.join(why)} ({'; '.join(_places(cells_of_it, layouts))})"
        yield from textwrap.wrap(text, _LINE, initial_indent="  ", subsequent_indent="      ")
        if saved := next(filter(None, (cells[where].saved for where in cells_of_it)), ""):
            yield f"      start with {saved}"


def _places(where: Sequence[tuple[str, str]], layouts: Sequence[str]) -> Iterator[str]:
    """`copy: plain, few-inodes`, link mode by link mode."""
    for mode in dict.fromkeys(mode for _, mode in where):
        mine = [layout for layout, other in where if other == mode]
        yield f"{mode}: {'every layout' if len(layouts) > 1 and {*mine} == {*layouts} else ', '.join(sorted(mine))}"
