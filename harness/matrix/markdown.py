"""The matrix as Markdown for the summary of a CI step: tables, what is wrong, what changed, as much as fits; pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from harness.matrix.cells import DRAWN, FAILING, SYMBOLS, merge
from harness.matrix.links import link
from harness.matrix.matrix import INCOMPLETE
from harness.matrix.printable import line, shown
from harness.model import LINK_MODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from harness.matrix.cells import Cell, Result, State
    from harness.matrix.comparing import Comparison, Pair
    from harness.matrix.matrix import Matrix

# GitHub refuses a step's summary that is larger than 1 MiB (its documentation of workflow commands).
LIMIT: Final = 1024 * 1024 - 4096
# Bytes for saying what is left out, in two sentences.
_NOTES: Final = 160
# Of alike failures: how many stories are shown.
_STORIES: Final = 2


def markdown(matrix: Matrix, comparison: Comparison | None = None, *, limit: int = LIMIT) -> str:
    """GitHub's Markdown, with a final newline.

    Args:
        matrix: the results.
        comparison: with an earlier matrix; None: there is none.
        limit: bytes of UTF-8 that it may have; what does not fit is left out, stories and changes first, and told.
    """
    results = tuple(map(shown, matrix.results))
    parts = [
        (one, one)
        for one in (f"## {_summary(results)}\n", *_cut_short(matrix), *_compared(comparison), *_tables(results))
    ]
    parts += _reasons(results)
    room = _Room(limit - _NOTES)
    # All of them without their stories come before the story of any; one that does not fit stops none after it.
    kept = [(whole, short) for whole, short in parts if room.take(_size(short))]
    more = sum(_size(whole) - _size(short) for whole, short in kept)
    # Many changes leave half of what is left to the stories, and many stories half of it to the changes.
    table = _changed(comparison.changes if comparison else (), _Room(max(room.left // 2, room.left - more)))
    room.take(sum(map(_size, table)))
    told = [whole if room.take(_size(whole) - _size(short)) else short for whole, short in kept]
    return "\n".join([*told, *table, *_left_out(len(kept), len(parts), "parts")])


class _Room:
    """Bytes that are left."""

    def __init__(self, size: int) -> None:
        self.left = size

    def take(self, size: int) -> bool:
        """Whether there are that many; if so they are taken."""
        fits = size <= self.left
        self.left -= size if fits else 0
        return fits


def _size(text: str) -> int:
    return len(text.encode()) + 1


def _left_out(kept: int, every: int, what: str) -> Iterator[str]:
    if kept < every:
        yield f"**Left out, as there is no room here: {every - kept} of {every} {what}.**\n"


def _summary(results: Sequence[Result]) -> str:
    counts = {state: sum(result.state == state for result in results) for state in SYMBOLS}
    return ", ".join(f"{SYMBOLS[state]} {count} {state}" for state, count in counts.items() if count) or "no results"


def _cut_short(matrix: Matrix) -> Iterator[str]:
    if why := matrix.about.get(INCOMPLETE):
        yield f"**Incomplete: {_plain(why)}**\n"


def _compared(comparison: Comparison | None) -> Iterator[str]:
    if comparison is None:
        return
    if comparison.partners:
        yield f"**{len(comparison.changes)} changed**\n"
    yield from (f"{_plain(remark)}\n" for remark in comparison.remarks)


def _changed(changes: Sequence[Pair], room: _Room) -> list[str]:
    """A table of as many as fit."""
    head = "### Changes\n\n| scenario | layout | link mode | before | after |\n| --- | --- | --- | --- | --- |"
    fits = room.take(_size(head) + 1)
    rows = [row for row in map(_row, changes) if fits and room.take(_size(row))]
    table = ["\n".join([head, *rows]) + "\n"] if rows else []
    return [*table, *_left_out(len(rows), len(changes), "changes")]


def _row(pair: Pair) -> str:
    place = f"| {_plain(pair.result.instance)} | {_plain(pair.result.layout)} | {pair.result.link_mode} |"
    return f"{place} {_side(pair.before)} | {_side(pair.after, pair.installer)} |"


def _side(result: Result | None, installer: str = "") -> str:
    if result is None:
        return f"{_plain(installer)}: absent" if installer else "absent"
    return f"{SYMBOLS[result.state]} {_plain(result.installer)}: {result.state} {_plain(', '.join(result.why))}"


def _tables(results: Iterable[Result]) -> Iterator[str]:
    cells = merge(results)
    for installer in dict.fromkeys(name for name, _, _ in cells):
        mine = {(layout, mode): cell for (name, layout, mode), cell in cells.items() if name == installer}
        modes = [mode for mode in (*LINK_MODES, DRAWN) if any(mode == other for _, other in mine)]
        rows = [f"| {_plain(installer)} | {' | '.join(modes)} |", "| --- |" + " --- |" * len(modes)]
        for layout in sorted({layout for layout, _ in mine}, key=lambda name: (name != "plain", name)):
            said = " | ".join(_said(mine.get((layout, mode))) for mode in modes)
            rows.append(f"| {_plain(layout)} | {said} |")
        yield "\n".join(rows) + "\n"


def _said(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    if cell.state == "pass":
        return f"{SYMBOLS[cell.state]} {cell.passed}"
    if cell.count:
        return f"{SYMBOLS[cell.state]} {cell.state} {cell.count}/{cell.ran}"
    return f"{SYMBOLS[cell.state]} {cell.state}"


def _reasons(results: Iterable[Result]) -> Iterator[tuple[str, str]]:
    """Failures first, then what is known; alike ones together, folded away: with some of their stories, and without."""
    alike: dict[tuple[State, tuple[str, ...], str], list[Result]] = {}
    for result in results:
        if result.state in FAILING or result.state == "known":
            alike.setdefault((result.state, result.why, result.installer), []).append(result)
    for (state, why, installer), several in sorted(alike.items(), key=lambda item: item[0][0] == "known"):
        title = f"{SYMBOLS[state]} {_plain(installer)}: {state}: {_linked(why)} ({len(several)})"
        where = "\n".join(f"- {_plain(one.layout)}, {one.link_mode}: {_plain(one.instance)}" for one in several)
        stories = "\n".join(_fenced(one.story) for one in several[:_STORIES] if one.story)
        head = f"<details><summary>{title}</summary>\n\n{where}\n"
        yield f"{head}\n{stories}\n</details>\n", f"{head}\nThere is no room here for what happened.\n\n</details>\n"


def _fenced(text: str) -> str:
    """A code block that nothing in it ends."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}\n"


def _linked(why: Iterable[str]) -> str:
    """Reports as links, everything else as plain text."""
    found = ((one, link(one)) for one in why)
    return ", ".join(
        f'<a href="{report[1]}">{_plain(report[0])}</a>' if report else _plain(one) for one, report in found
    )


def _plain(text: str) -> str:
    """Nothing in it means anything to Markdown or HTML."""
    return "".join(one if one.isalnum() or one in " .,-=/" else f"&#{ord(one)};" for one in line(text))
