"""The matrix as one HTML page that needs nothing else: its data, style and script are in it; pure but for reading them.

What installers said and files are called is hostile input. It comes to the page as JSON in a data block, in which `<`,
`>` and `&` are escaped, and the script shows it through textContent alone. The page's own policy (Content Security
Policy, Level 3) allows this one script and this one style by their hashes, no other source of anything, and no markup
made from text (Trusted Types).

The data: `texts`, each once, the first of them empty; numbers stand for them. `links` are those texts that name a
report: number, name and URL. What may be a link is decided here, not by the script. A row is an installer, a layout, a
cell for each link mode, and, where matrices are compared, the installer that it is compared with, its cells, and which
cells changed. A cell is its state's number, the count of what that state is about, how many ran, and the results; 0
where nothing was asked. A result is its state, instance, seconds, whys, message, story, replay, what the other side of
the comparison came to if that is something else, and in which cell if that is another one, without zeros at the end:
a scenario that draws its layout stands in the cell that a failure met, and otherwise in one of its own.
"""

from __future__ import annotations

import base64
import hashlib
import json
import string
from dataclasses import replace
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from harness.matrix.cells import DRAWN, SEVERITY, SYMBOLS, merge
from harness.matrix.comparing import compare
from harness.matrix.links import link
from harness.matrix.printable import line, printable, shown
from harness.model import LINK_MODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.matrix.cells import Cell, Result
    from harness.matrix.comparing import Comparison, Pair
    from harness.matrix.matrix import Matrix

    Cells = Mapping[tuple[str, str, str], Cell]
    # By the newer installer and the rest of the instance's identity.
    Pairs = Mapping[tuple[str, ...], Pair]

_NUMBERS: Final = {state: number for number, state in enumerate(SEVERITY)}


def html(matrix: Matrix, before: Matrix | None = None) -> str:
    """The page, with a final newline.

    Args:
        matrix: the results.
        before: earlier ones, which they are to be compared with.
    """
    style, script = _part("page.css"), _part("page.js")
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'"
    )
    data = json.dumps(_data(_fit(matrix), _fit(before) if before else None), separators=(",", ":"))
    # Escapes that JSON knows: nothing in the data ends its block, and `ensure_ascii` has escaped all beyond ASCII.
    for character in "<>&":
        data = data.replace(character, f"\\u{ord(character):04x}")
    page = string.Template(_part("page.html"))
    return page.substitute(policy=policy, style=style, script=script, data=data)


def _part(name: str) -> str:
    return resources.files("harness.matrix").joinpath("page", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """A source that allows exactly this text (CSP Level 3, hash-source)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _fit(matrix: Matrix) -> Matrix:
    return replace(matrix, results=tuple(map(shown, matrix.results)))


class _Texts:
    """Texts by number, each kept once."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {"": 0}

    def number(self, text: str) -> int:
        return self._numbers.setdefault(text, len(self._numbers))

    def every(self) -> list[str]:
        return list(self._numbers)


def _data(matrix: Matrix, before: Matrix | None) -> dict[str, Any]:
    texts = _Texts()
    comparison = compare(before, matrix) if before else None
    cells, old = merge(matrix.results), merge(before.results if before else ())
    layouts = {**(before.layouts if before else {}), **matrix.layouts}
    states = [result.state for result in matrix.results]
    counts = [states.count(state) for state in SEVERITY]
    return {
        "states": list(SEVERITY),
        "marks": [SYMBOLS[state] for state in SEVERITY],
        "modes": _modes(cells, old),
        "compared": before is not None,
        "remarks": comparison.remarks if comparison else (),
        "counts": counts,
        "summary": ", ".join(f"{count} {state}" for count, state in zip(counts, SEVERITY, strict=True) if count),
        "about": [[line(name), line(value)] for name, value in matrix.about.items()],
        "layouts": {
            line(name): [texts.number(line(one.about)), texts.number(printable(one.picture))]
            for name, one in layouts.items()
        },
        "rows": _rows(cells, old, comparison, texts),
        "texts": texts.every(),
        "links": [[number, *found] for number, text in enumerate(texts.every()) if (found := link(text))],
    }


def _modes(cells: Cells, old: Cells) -> list[str]:
    return [mode for mode in (*LINK_MODES, DRAWN) if any(mode == other for _, _, other in (*cells, *old))]


def _rows(cells: Cells, old: Cells, comparison: Comparison | None, texts: _Texts) -> list[list[Any]]:
    modes, partners = _modes(cells, old), comparison.partners if comparison else {}
    pairs = {(one.installer, *one.result.identity[1:]): one for one in (comparison.pairs if comparison else ())}
    places = dict.fromkeys((installer, layout) for installer, layout, _ in cells)
    had = dict.fromkeys((installer, layout) for installer, layout, _ in old)
    places |= dict.fromkeys(
        (name, layout) for name, partner in partners.items() for one, layout in had if one == partner
    )
    rows: list[list[Any]] = []
    for installer, layout in _sorted(places):
        now = [cells.get((installer, layout, mode)) for mode in modes]
        row: list[Any] = [installer, layout, [_cell(one, installer, pairs, texts) for one in now]]
        if partner := partners.get(installer):
            was = [old.get((partner, layout, mode)) for mode in modes]
            changed = [int(_changed((one, other), installer, pairs)) for one, other in zip(now, was, strict=True)]
            row += [partner, [_cell(one, installer, pairs, texts) for one in was], changed]
        rows.append(row)
    return rows


def _sorted(places: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Installers as they come; the control first, then the other layouts by name."""
    found = list(places)
    installers = {name: number for number, name in enumerate(dict.fromkeys(name for name, _ in found))}
    return sorted(found, key=lambda place: (installers[place[0]], place[1] != "plain", place[1]))


def _cell(cell: Cell | None, installer: str, pairs: Pairs, texts: _Texts) -> list[Any] | int:
    if cell is None:
        return 0
    ordered = sorted(cell.results, key=lambda result: _NUMBERS[result.state])
    results = [_result(result, pairs.get((installer, *result.identity[1:])), texts) for result in ordered]
    return [_NUMBERS[cell.state], cell.count, cell.ran, results]


def _result(result: Result, pair: Pair | None, texts: _Texts) -> list[Any]:
    why = [texts.number(one) for one in result.why]
    other = _otherwise(result, pair) if pair else ()
    told = [texts.number(one) for one in (result.message, result.story, result.replay, *other)]
    instance = texts.number(result.instance or result.scenario)
    row: list[Any] = [_NUMBERS[result.state], instance, round(result.seconds, 1), why, *told]
    while not row[-1] and len(row) > 3:  # noqa: PLR2004 - state, instance and seconds are always there
        row.pop()
    return row


def _otherwise(result: Result, pair: Pair) -> tuple[str, str]:
    """What the other side came to, and in which cell; empty where that is the same."""
    other = pair.before if result is pair.after else pair.after
    if other is None:
        return "not there", ""
    moved = (other.layout, other.link_mode) != (result.layout, result.link_mode)
    said = f"{other.state} {', '.join(other.why)}".strip() if pair.changed or moved else ""
    return said, f"{other.layout}, {other.link_mode}" if moved else ""


def _changed(cells: tuple[Cell | None, Cell | None], installer: str, pairs: Pairs) -> bool:
    """Whether any instance of two cells came to something else."""
    results = (result for cell in cells if cell for result in cell.results)
    return any(pairs[installer, *result.identity[1:]].changed for result in results)
