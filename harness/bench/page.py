"""The matrix' page with 20,000 cells, opened in a real browser, beside an empty page opened the same way."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from harness.bench.browser import chromium
from harness.bench.figure import Figure, beside
from harness.matrix import Matrix, Result, Shown
from harness.matrix.html import html
from harness.model import LINK_MODES

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory
    from harness.matrix.cells import State

    Browser: TypeAlias = Any  # playwright's, see chromium()

_INSTALLERS: Final = 50
_LAYOUTS: Final = 100
_EMPTY: Final = '<!doctype html><html lang="en" data-ready><title>empty</title><p aria-busy="false">nothing'
# Twice, so that what the first of them draws is on the screen.
_PAINTED: Final = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def measure(_: Laboratory, *, quick: bool) -> list[Figure]:
    """From asking for the file until the first screen is drawn and usable, and until every row is in the page.

    Rows beyond the first screen follow by and by, so that nothing waits for them. The driver's own time is in both.
    """
    rounds = 3 if quick else 15
    with tempfile.TemporaryDirectory() as directory, chromium() as browser:
        page, empty = Path(directory, "page.html"), Path(directory, "empty.html")
        page.write_text(html(large()), encoding="utf-8")
        empty.write_text(_EMPTY, encoding="utf-8")
        _milliseconds(browser, page)
        turns = [(_milliseconds(browser, page), _milliseconds(browser, empty)) for _ in range(rounds)]
        cells, size = _INSTALLERS * _LAYOUTS * len(LINK_MODES), page.stat().st_size / 1e6
        name, against = f"page with {cells} cells ({size:.1f} MB)", "an empty page"
        usable = [(one[0], other[0]) for one, other in turns]
        whole = [(one[1], other[1]) for one, other in turns]
        return [
            beside(f"{name} usable", usable, "ms", against=against, aim="< 1000 ms"),
            beside(f"{name} every row", whole, "ms", against=against),
        ]


def large() -> Matrix:
    """Three results in each of 20,000 cells, every tenth of which is a violation with a story of 3 kB."""
    layouts = [f"layout-{number:03}" for number in range(_LAYOUTS)]
    places = (
        (f"uv=={number // 10}.{number % 10}.0", layout, mode)
        for number in range(_INSTALLERS)
        for layout in layouts
        for mode in LINK_MODES
    )
    results = tuple(_result(3 * number + which, *place) for number, place in enumerate(places) for which in range(3))
    shown = {layout: Shown(about=f"About {layout}", picture="/  tmpfs  cache, environment\n" * 4) for layout in layouts}
    return Matrix(results=results, about={"exdev": "measured"}, layouts=shown)


def _result(number: int, installer: str, layout: str, mode: str) -> Result:
    red = number % 30 == 0
    state: State = "violation" if red else "pass"
    story = f"story {number % 1000} of {layout}\n" + "{purelib}/nvidia/__init__.py   expected a file\n" * 60
    return Result(
        scenario=f"test_{number % 3}",
        layout=layout,
        link_mode=mode,
        installer=installer,
        state=state,
        why=("complete", "honest-exit") if red else (),
        instance=f"scenarios/test_x.py::test_{number % 3}",
        seconds=0.1,
        message=f"error: failed to link file {number % 1000}" if red else "",
        story=story if red else "",
        replay=f"exdev replay .exdev/failures/{number:012x}.toml --installer {installer}" if red else "",
    )


def _milliseconds(browser: Browser, path: Path) -> tuple[float, float]:
    context = browser.new_context()
    try:
        page = context.new_page()
        start = time.perf_counter()
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready]")
        page.evaluate(_PAINTED)
        usable = time.perf_counter() - start
        page.wait_for_selector('[aria-busy="false"]')
        return usable * 1e3, (time.perf_counter() - start) * 1e3
    finally:
        context.close()
