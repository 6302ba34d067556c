"""The matrix as Markdown for the summary of a CI step: tables, then what is wrong, as much as fits; pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from harness.matrix.cells import DRAWN, FAILING, SYMBOLS, merge
from harness.matrix.printable import line, shown
from harness.model import LINK_MODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from harness.matrix.cells import Cell, Result, State
    from harness.matrix.comparing import Comparison
    from harness.matrix.matrix import Matrix

# GitHub refuses a step's summary that is larger than 1 MiB (its documentation of workflow commands).
LIMIT: Final = 1024 * 1024 - 4096
# Of alike failures: how many stories are shown.
_STORIES: Final = 2
_LINK: Final = re.compile(r"(\S+) <(https://[\w./#-]+)>")


def markdown(matrix: Matrix, comparison: Comparison | None = None, *, limit: int = LIMIT) -> str:
    """GitHub's Markdown, with a final newline.

    Args:
        matrix: the results.
        comparison: with an earlier matrix; None: there is none.
        limit: bytes of UTF-8 that it may have; what does not fit is left out, stories first, and said to be.
    """
    results = tuple(map(shown, matrix.results))
    parts = [(one, one) for one in (f"## {_summary(results)}\n", *_changed(comparison), *_tables(results))]
    parts += _reasons(results)
    # All of them without their stories come before the story of any.
    short = sum(_size(part) for _, part in parts)
    kept, size = list[str](), 0
    for number, (whole, part) in enumerate(parts):
        short -= _size(part)
        chosen = whole if size + _size(whole) + short <= limit else part
        size += _size(chosen)
        if size > limit:
            return "\n".join([*kept, f"**{len(parts) - number} parts more are left out: there is no room here.**\n"])
        kept.append(chosen)
    return "\n".join(kept)


def _size(text: str) -> int:
    return len(text.encode()) + 1


def _summary(results: Sequence[Result]) -> str:
    counts = {state: sum(result.state == state for result in results) for state in SYMBOLS}
    return ", ".join(f"{SYMBOLS[state]} {count} {state}" for state, count in counts.items() if count) or "no results"


def _changed(comparison: Comparison | None) -> Iterator[str]:
    if comparison is None:
        return
    if comparison.partners:
        yield f"**{len(comparison.changes)} changed**\n"
    yield from (f"{_plain(remark)}\n" for remark in comparison.remarks)
    rows = (
        f"| {_plain(one.result.instance)} | {_plain(one.result.layout)} | {one.result.link_mode} |"
        f" {_side(one.before)} | {_side(one.after, one.installer)} |"
        for one in comparison.changes
    )
    if comparison.changes:
        yield "| scenario | layout | link mode | before | after |\n| --- | --- | --- | --- | --- |\n" + "\n".join(rows)
        yield ""


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
    found = ((one, _LINK.fullmatch(one)) for one in why)
    return ", ".join(f'<a href="{link[2]}">{_plain(link[1])}</a>' if link else _plain(one) for one, link in found)


def _plain(text: str) -> str:
    """Nothing in it means anything to Markdown or HTML."""
    return "".join(one if one.isalnum() or one in " .,-=/" else f"&#{ord(one)};" for one in line(text))
