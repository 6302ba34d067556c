"""The matrix as an SVG image for a README: layouts down, link modes of each installer across; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from harness.matrix.cells import FAILING, SEVERITY, SYMBOLS, merge
from harness.matrix.printable import shown
from harness.model import LINK_MODES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.matrix.cells import Cell, State
    from harness.matrix.matrix import Matrix

    Column = tuple[str, str]

_NAMES: Final = 236  # widths and heights are pixels at full size
_CELL: Final = 66
_GAP: Final = 10
_LINE: Final = 24
_TOP: Final = 62
_MARGIN: Final = 16
_STYLE: Final = """\
text{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#1d232b}
.paper{fill:#fff;stroke:#d4d9df}.soft{fill:#59636e}.strong{font-weight:600}.middle{text-anchor:middle}
rect.pass{fill:#e3f4e6}text.pass{fill:#14532d}rect.known{fill:#fdf2cf}text.known{fill:#6b4a00}
rect.bad{fill:#fde3e1}text.bad{fill:#8c1913;font-weight:600}rect.none{fill:#f4f6f8}text.none{fill:#59636e}
@media(prefers-color-scheme:dark){
text{fill:#e4e8ec}.paper{fill:#12161b;stroke:#343c46}.soft{fill:#a0abb6}
rect.pass{fill:#16341f}text.pass{fill:#a6e3b4}rect.known{fill:#3b2f0b}text.known{fill:#f3d77f}
rect.bad{fill:#4a1b19}text.bad{fill:#ffb9b2}rect.none{fill:#1c222a}text.none{fill:#a0abb6}}"""


def picture(matrix: Matrix) -> str:
    """An SVG document with a final newline, readable in light and dark.

    Link modes that an installer does not have, and scenarios that draw their layout, are not in it.
    """
    cells = merge(map(shown, matrix.results))
    columns = _columns(cells)
    layouts = sorted({layout for name, layout, mode in cells if (name, mode) in columns}, key=_control_first)
    places = _places(columns)
    width = (max(places.values(), default=_NAMES) if columns else _NAMES) + _CELL + _MARGIN
    legend = [state for state in SEVERITY if any(result.state == state for result in matrix.results)]
    height = _TOP + len(layouts) * _LINE + _LINE + 2 * _MARGIN
    parts = [
        f'<rect class="paper" x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="8"/>',
        *_heads(columns, places),
        *(part for row, layout in enumerate(layouts) for part in _row(row, layout, columns, places, cells)),
        _text(_MARGIN, height - _MARGIN, "\N{EM SPACE}".join(f"{SYMBOLS[state]} {state}" for state in legend), "soft"),
    ]
    about = f"{', '.join(dict.fromkeys(name for name, _ in columns))}: {len(layouts)} layouts"
    root = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">'
    lines = [root, f"<title>{escape(about)}</title>", f"<style>{_STYLE}</style>", *parts, "</svg>"]
    return "\n".join(lines) + "\n"


def _control_first(layout: str) -> tuple[bool, str]:
    return layout != "plain", layout


def _columns(cells: Mapping[tuple[str, str, str], Cell]) -> list[Column]:
    """Installers and their link modes, but for modes in which nothing was applicable."""
    told = {(name, mode) for (name, _, mode), cell in cells.items() if cell.state != "not applicable"}
    installers = dict.fromkeys(name for name, _, _ in cells)
    return [(name, mode) for name in installers for mode in LINK_MODES if (name, mode) in told]


def _places(columns: Sequence[Column]) -> Mapping[Column, int]:
    """The left edge of each, with a gap between installers."""
    groups = list(dict.fromkeys(name for name, _ in columns))
    return {one: _NAMES + number * _CELL + groups.index(one[0]) * _GAP for number, one in enumerate(columns)}


def _heads(columns: Sequence[Column], places: Mapping[Column, int]) -> Iterator[str]:
    for installer in dict.fromkeys(name for name, _ in columns):
        mine = [places[one] for one in columns if one[0] == installer]
        middle = (mine[0] + mine[-1] + _CELL) // 2
        name, _, version = installer.partition("==")
        room = len(mine) > 1
        yield _text(middle, 24, f"{name} {version}".strip() if room else name, "strong middle")
        if version and not room:
            yield _text(middle, 40, version, "strong middle")
    for one in columns:
        yield _text(places[one] + _CELL // 2, _TOP - 6, one[1], "soft middle")


def _row(
    row: int,
    layout: str,
    columns: Sequence[Column],
    places: Mapping[Column, int],
    cells: Mapping[tuple[str, str, str], Cell],
) -> Iterator[str]:
    top = _TOP + row * _LINE
    yield _text(_MARGIN, top + 16, layout, "")
    for name, mode in columns:
        left = places[name, mode]
        cell = cells.get((name, layout, mode))
        look = _look(cell.state) if cell else "none"
        yield f'<rect class="{look}" x="{left + 1}" y="{top + 1}" width="{_CELL - 2}" height="{_LINE - 2}" rx="4"/>'
        yield _text(left + _CELL // 2, top + 16, _said(cell), f"{look} middle")


def _look(state: State) -> str:
    return "bad" if state in FAILING else {"pass": "pass", "known": "known"}.get(state, "none")


def _said(cell: Cell | None) -> str:
    """Its symbol, with how many scenarios it is about: never colour alone."""
    if cell is None:
        return "-"
    counted = {"pass": f" {cell.passed}"}.get(cell.state, f" {cell.count}/{cell.ran}" if cell.count else "")
    return f"{SYMBOLS[cell.state]}{counted}"


def _text(left: int, base: int, text: str, look: str) -> str:
    kind = f' class="{look}"' if look else ""
    return f'<text x="{left}" y="{base}"{kind}>{escape(text)}</text>'
