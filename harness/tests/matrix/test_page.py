"""The page in a real Chromium: what a person sees, clicks and types, on a desk and on a phone, in light and in dark."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from harness.bench.browser import chromium
from harness.bench.page import large
from harness.errors import BrowserMissing
from harness.matrix.cells import DRAWN, SEVERITY
from harness.matrix.html import html
from harness.model import LINK_MODES
from harness.tests.matrix.made import HOSTILE, hostile, matrix, result

playwright = pytest.importorskip("playwright.sync_api", reason="the extra `browser` is not installed")

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from harness.matrix import Matrix

    # Playwright has no types where it is not installed.
    Browser: TypeAlias = Any
    Page: TypeAlias = Any
    # A page with these results, and options of the browser's context.
    Opened: TypeAlias = Callable[..., Page]

STORY = "uv breaks `complete`\n    /cache  tmpfs  cache\n    step 1  install a-1.0   exit 2"
SMALL = matrix(
    result(),
    result("violation", "complete", layout="docker-volume", mode="hardlink", story=STORY, scenario="test_shared"),
    result("pass", layout="docker-volume", mode="hardlink"),
    result("known", "uv#1 <https://example.org>", layout="nested-tmpfs"),
    result("not applicable", "link mode hardlink", mode="hardlink", installer="pip==26.3"),
    result(installer="pip==26.3"),
    result("flaky", "pass in a.json", layout="nested-tmpfs", installer="pip==26.3"),
    result(layout="drawn", mode="drawn", drawn=True),
)
# Rows in the order of the page, as installer and layout.
ROWS = [
    "uv==0.13.9 plain",
    "uv==0.13.9 docker-volume",
    "uv==0.13.9 drawn",
    "uv==0.13.9 nested-tmpfs",
    "pip==26.3 plain",
    "pip==26.3 nested-tmpfs",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        with chromium() as opened:
            yield opened
    except BrowserMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    contexts: list[Any] = []
    complaints: list[str] = []

    def open_page(one: Matrix, before: Matrix | None = None, **options: object) -> Page:
        path = tmp_path / "page.html"
        path.write_text(html(one, before), encoding="utf-8")
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.extend([request.url] * (request.url != path.as_uri())))
        page.goto(path.as_uri())
        page.wait_for_selector('#matrix[aria-busy="false"]')
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def _rows(page: Page) -> list[str]:
    names = page.locator("#matrix .rows .row").evaluate_all(
        "rows => rows.map(row => [...row.querySelectorAll('.name')].map(name => name.textContent).join(' '))"
    )
    return [*names]


def _cell(page: Page, row: str, mode: str) -> Page:
    modes = page.locator(".head button").all_inner_texts()
    index = next(number for number, name in enumerate(modes) if name.split()[0] == mode)
    cell = page.locator("#matrix .rows .row").nth(_rows(page).index(row)).locator(":scope > *").nth(index)
    # The browser leaves out what is not in view yet (content-visibility), and says then that there is no text.
    playwright.expect(cell).to_have_text(re.compile(r"\S"), use_inner_text=True)
    return cell


def _focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent"))


def test_every_cell_says_its_state_in_words(opened: Opened) -> None:
    page = opened(SMALL)
    assert _rows(page) == ROWS
    assert page.inner_text("#summary") == "1 violation, 1 flaky, 1 known, 4 pass, 1 not applicable"
    assert _cell(page, ROWS[1], "hardlink").inner_text() == "violation 1/2"
    assert _cell(page, ROWS[0], "copy").inner_text() == "pass 1"
    assert _cell(page, ROWS[4], "hardlink").inner_text() == "not applicable"
    assert _cell(page, ROWS[5], "copy").inner_text() == "flaky 1/1"
    assert _cell(page, ROWS[2], "drawn").inner_text() == "pass 1"
    mark = "cell => getComputedStyle(cell, '::before').content"
    assert "\N{MULTIPLICATION X}" in _cell(page, ROWS[1], "hardlink").evaluate(mark)


@pytest.mark.parametrize(
    ("field", "value", "left"),
    [
        ("installer", "pip==26.3", ROWS[4:]),
        ("layout", "nested-tmpfs", [ROWS[3], ROWS[5]]),
        ("mode", "hardlink", [ROWS[1], ROWS[4]]),
        ("text", "COMPLETE", [ROWS[1]]),
        ("text", "test_shared", [ROWS[1]]),
        ("text", "step 1  install", [ROWS[1]]),
        ("text", "uv#1", [ROWS[3]]),
        ("text", "pip", ROWS[4:]),
        ("text", "nowhere", []),
    ],
)
def test_a_filter_leaves_what_is_like_that(opened: Opened, field: str, value: str, left: list[str]) -> None:
    page = opened(SMALL)
    if field == "text":
        page.fill("#text", value)
    else:
        page.select_option(f"#{field}", value)
    assert _rows(page) == left
    assert page.inner_text("#status").endswith(f" in {len(left)} rows")
    assert ("Nothing is like that" in page.inner_text("#matrix")) == (left == [])
    page.click("text=Show all")
    # By a selector: waiting for an expression evaluates text in the page, which its policy forbids.
    page.wait_for_selector(f".rows .row >> nth={len(ROWS) - 1}")


def test_states_are_filters_that_add_up(opened: Opened) -> None:
    page = opened(SMALL)
    violation, known = page.locator("#states button", has_text="violation"), page.get_by_role("button", name="known 1")
    violation.click()
    assert _rows(page) == [ROWS[1]]
    assert violation.get_attribute("aria-pressed") == "true"
    known.click()
    assert _rows(page) == [ROWS[1], ROWS[3]]
    violation.click()
    assert _rows(page) == [ROWS[3]]


def test_filters_narrow_each_other(opened: Opened) -> None:
    page = opened(SMALL)
    page.select_option("#installer", "uv==0.13.9")
    page.locator("#states button", has_text="pass").click()
    # The row of the violation has a pass in the same cell.
    assert _rows(page) == ROWS[:3]
    page.fill("#text", "drawn")
    assert _rows(page) == [ROWS[2]]


def test_columns_sort_both_ways(opened: Opened) -> None:
    page = opened(SMALL)
    head = page.locator('.head [role="columnheader"]')
    head.nth(0).locator("button").click()
    assert _rows(page) == ROWS[4:] + ROWS[:4]
    assert head.nth(0).get_attribute("aria-sort") == "ascending"
    head.nth(0).locator("button").click()
    assert _rows(page) == ROWS
    assert head.nth(0).get_attribute("aria-sort") == "descending"
    head.nth(2).locator("button").click()
    assert head.nth(0).get_attribute("aria-sort") == "none"
    assert _rows(page)[0] == ROWS[1], "the worst comes first"


def test_a_cell_opens_its_evidence(opened: Opened) -> None:
    page = opened(SMALL)
    assert not page.is_visible("dialog")
    _cell(page, ROWS[1], "hardlink").click()
    assert page.inner_text("#title") == "uv==0.13.9, docker-volume, hardlink"
    text = page.inner_text("#evidence")
    for part in ("violation 1/2", "test_shared", "complete", "error: no", "exdev replay 1.toml", STORY, "pass 1"):
        assert part in text
    page.click("#close")
    assert not page.is_visible("dialog")
    _cell(page, ROWS[0], "copy").click()
    assert "All on one filesystem" in page.inner_text("#evidence")
    assert "/  tmpfs  cache" in page.inner_text("#evidence")
    page.get_by_text("pass 1", exact=True).last.click()
    assert "scenarios/test_x.py::test_a 0.5 s" in page.inner_text("#evidence")


def test_the_replay_command_is_copied(opened: Opened) -> None:
    page = opened(SMALL, permissions=["clipboard-read", "clipboard-write"])
    _cell(page, ROWS[1], "hardlink").click()
    page.locator("dialog").get_by_text("Copy", exact=True).click()
    page.locator("dialog").get_by_text("Copied", exact=True).wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "exdev replay 1.toml"


def test_a_cell_in_which_nothing_was_asked_opens_nothing(opened: Opened) -> None:
    page = opened(SMALL)
    _cell(page, ROWS[3], "hardlink").click()
    assert not page.is_visible("dialog")


def test_everything_is_reached_by_keyboard(opened: Opened) -> None:
    page = opened(SMALL)
    assert page.locator('#matrix [role="gridcell"][tabindex="0"]').count() == 1
    page.locator(".head button").last.focus()
    page.keyboard.press("Tab")
    assert _focused(page) == "-"  # the first cell: plain, hardlink
    page.keyboard.press("ArrowRight")
    assert _focused(page) == "pass 1"
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    assert _focused(page) == "violation 1/2"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    assert page.is_visible("dialog")
    assert page.evaluate("document.activeElement.id") == "title"
    page.keyboard.press("Escape")
    assert not page.is_visible("dialog")
    assert _focused(page) == "violation 1/2"
    page.keyboard.press("Control+End")
    assert page.locator('#matrix [role="gridcell"][tabindex="0"]').count() == 1
    page.keyboard.press("ArrowLeft")
    assert _focused(page) == "flaky 1/1"
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    assert _focused(page) == "pass 1"


def test_the_grid_tells_its_shape_to_those_who_do_not_see_it(opened: Opened) -> None:
    page = opened(SMALL)
    grid = page.locator("#matrix")
    assert [grid.get_attribute(f"aria-{name}") for name in ("rowcount", "colcount")] == ["7", "5"]
    found = page.locator("#matrix .row").evaluate_all("rows => rows.map(row => row.getAttribute('aria-rowindex'))")
    assert found == [str(number) for number in range(1, 8)]
    assert page.get_by_role("grid").count() == 1
    assert page.get_by_role("row").count() == 7
    assert page.get_by_role("columnheader").count() == 5
    assert page.get_by_role("gridcell", name="violation 1/2").count() == 1


def test_two_releases_stand_side_by_side(opened: Opened) -> None:
    before = matrix(
        result("violation", "complete", installer="uv==0.1.2", story="old story"),
        result(layout="same", installer="uv==0.1.2"),
        result(layout="gone", installer="uv==0.1.2"),
    )
    page = opened(matrix(result(), result(layout="same")), before)
    names = [f"uv==0.13.9 (was uv==0.1.2) {layout}" for layout in ("plain", "gone", "same")]
    assert _rows(page) == names
    shown = [_cell(page, name, "copy").inner_text().splitlines() for name in names]
    assert shown == [
        ["pass 1", "\N{NOT EQUAL TO} was \N{MULTIPLICATION X} violation 1/1"],
        ["-", "\N{NOT EQUAL TO} was \N{CHECK MARK} pass 1"],
        ["pass 1", "was \N{CHECK MARK} pass 1"],
    ]
    page.check("#changed")
    assert _rows(page) == names[:2]
    page.fill("#text", "old story")
    assert _rows(page) == names[:1]
    _cell(page, names[0], "copy").click()
    assert "before: uv==0.1.2" in page.inner_text("#evidence")
    assert "old story" in page.inner_text("#evidence")
    assert "complete (now: pass)" in page.inner_text("#evidence")
    page.keyboard.press("Escape")
    page.fill("#text", "")
    _cell(page, names[1], "copy").click()
    assert "Nothing was asked there." in page.inner_text("#evidence")
    page.get_by_text("pass 1", exact=True).last.click()
    assert "(now: not there)" in page.inner_text("#evidence")


def test_what_two_new_releases_lack_is_told_of_each(opened: Opened) -> None:
    before = matrix(result(installer="uv==1.0"), result(layout="gone", installer="uv==1.0"))
    page = opened(matrix(result(installer="uv==2.0"), result(installer="uv==3.0")), before)
    for new in ("uv==2.0", "uv==3.0"):
        said = [_cell(page, f"{new} (was uv==1.0) {layout}", "copy").inner_text() for layout in ("plain", "gone")]
        assert said == ["pass 1\nwas \N{CHECK MARK} pass 1", "-\n\N{NOT EQUAL TO} was \N{CHECK MARK} pass 1"]


def test_a_drawn_scenario_meets_its_counterpart_wherever_that_stands(opened: Opened) -> None:
    before = matrix(result(layout="drawn", mode="drawn", drawn=True), result(scenario="test_b"))
    red = result("violation", "complete", drawn=True, story="red")
    page = opened(matrix(red, result("violation", "no-debris", scenario="test_b")), before)
    plain, drawn = _cell(page, "uv==0.13.9 plain", "copy"), _cell(page, "uv==0.13.9 drawn", "drawn")
    assert plain.inner_text() == "violation 2/2\n\N{NOT EQUAL TO} was \N{CHECK MARK} pass 1"
    assert drawn.inner_text() == "elsewhere\n\N{NOT EQUAL TO} was \N{CHECK MARK} pass 1"
    plain.click()
    assert "test_a: complete (before: pass in drawn, drawn)" in page.inner_text("#evidence")
    assert "not there" not in page.inner_text("#evidence")
    page.keyboard.press("Escape")
    drawn.click()
    assert "What was drawn stands elsewhere: plain, copy." in page.inner_text("#evidence")
    page.get_by_text("pass 1", exact=True).last.click()
    assert "0.5 s (now: violation complete in plain, copy)" in page.inner_text("#evidence")


def test_a_drawn_scenario_that_fails_as_before_has_not_changed(opened: Opened) -> None:
    old, new = (result("violation", "complete", drawn=True, layout=name, story=name) for name in ("plain", "x"))
    page = opened(matrix(new), matrix(old))
    page.check("#changed")
    assert _rows(page) == []
    page.uncheck("#changed")
    assert _cell(page, "uv==0.13.9 x", "copy").inner_text() == "violation 1/1\nwas elsewhere"
    _cell(page, "uv==0.13.9 x", "copy").click()
    assert "(before: violation complete in plain, copy)" in page.inner_text("#evidence")


def test_what_has_no_counterpart_is_named_on_the_page(opened: Opened) -> None:
    page = opened(matrix(result(), result(installer="pip==24")), matrix(result(installer="uv==0.1.2")))
    said = "pip==24 has no counterpart in the earlier results: not compared"
    assert page.inner_text("#remarks") == said
    page = opened(matrix(result()), matrix())
    assert page.inner_text("#remarks").startswith("nothing was compared")
    assert opened(matrix(result())).inner_text("#remarks") == ""


def test_hostile_text_is_shown_and_does_nothing(opened: Opened) -> None:
    page = opened(hostile(), hostile())
    assert page.title() == "exdev matrix"
    for number in range(len(HOSTILE)):
        page.locator(".rows .row").nth(number).locator(".cell").first.click()
        assert "violation" in page.inner_text("#evidence")
        page.keyboard.press("Escape")
    assert page.locator("img, b, a, iframe, script:not([id]) ~ script").count() == 0
    assert page.title() == "exdev matrix"
    assert page.locator(".name").nth(2).inner_text() in HOSTILE


URL = "https://github.com/astral-sh/uv/issues/1"


@pytest.mark.parametrize("story", ["", STORY])
def test_a_report_is_a_link_for_mouse_and_keyboard(opened: Opened, story: str) -> None:
    page = opened(matrix(result("known", f"uv#1 <{URL}>", "complete", story=story)))
    _cell(page, "uv==0.13.9 plain", "copy").click()
    if not story:
        page.locator("dialog summary").click()
    link = page.get_by_role("link")
    assert link.all_inner_texts() == ["uv#1"]
    assert link.get_attribute("href") == URL
    assert link.get_attribute("rel") == "noreferrer noopener"
    assert link.is_visible()
    page.focus("#title")
    for _ in range(4):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.localName") == "a":
            break
    assert _focused(page) == "uv#1"


@pytest.mark.parametrize(
    "why",
    [
        "uv#1 <javascript:alert(1)>",
        "uv#1 <http://example.org/>",
        'uv#1 <https://example.org/" onclick="alert(1)>',
        "uv#1 <https://example.org/> more",
        "uv#1 <https://user:password@example.org/>",
        "https://example.org/",
    ],
)
def test_what_is_no_report_with_a_plain_address_is_no_link(opened: Opened, why: str) -> None:
    page = opened(matrix(result("known", why, f"b#2 <{URL}>")))
    _cell(page, "uv==0.13.9 plain", "copy").click()
    page.locator("dialog summary").click()
    assert page.get_by_role("link").all_inner_texts() == ["b#2"]
    assert why in page.inner_text("#evidence")


def test_the_policy_allows_the_page_nothing_but_its_own_script(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    # What a flaw in the page would let in: each of these the browser itself has to refuse.
    path.write_text(html(SMALL).replace("</body>", "<script>window.inline = 1</script></body>"), encoding="utf-8")
    page = browser.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]")
    assert page.evaluate("window.inline") is None
    assert (
        page.evaluate("try { document.body.innerHTML = '<b>x</b>'; 'made' } catch (error) { error.name }")
        == "TypeError"
    )
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('img'), { src: 'https://example.org/x.png' }))"
    )
    page.wait_for_timeout(100)
    page.close()
    assert len(refused) == 3
    assert all("Content Security Policy" in one or "TrustedHTML" in one for one in refused)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_states_are_legible_in_light_and_dark(opened: Opened, scheme: str) -> None:
    page = opened(SMALL, color_scheme=scheme)
    seen = page.evaluate(
        "() => [document.body, ...document.querySelectorAll('.cell, .name, button, #keys, #status')].map(one =>"
        " [getComputedStyle(one).color, getComputedStyle(one).backgroundColor])"
    )
    paper = seen[0][1]
    assert (_light(paper) > 0.5) == (scheme == "light")
    assert [(ink, ground) for ink, ground in seen if _contrast(ink, ground, paper) < 4.5] == []


# Every state, and both sides of a comparison, in as many columns as there are.
BUSY = matrix(
    *(result(state, "why", mode=mode) for mode, state in zip((*LINK_MODES, DRAWN), SEVERITY, strict=False)),
    *(result("not applicable", "why", layout="x", mode=mode) for mode in LINK_MODES),
    *(result("violation", "why", layout="y", scenario=f"test_{number}") for number in range(12)),
    result("not run", "why", layout="y", mode="clone"),
    result("violation", "why", layout="nested-tmpfs", drawn=True, story=STORY),
)


@pytest.mark.parametrize("width", [320, 360, 390, 704])
def test_no_word_is_broken_on_a_phone(opened: Opened, width: int) -> None:
    drawn = result(layout=DRAWN, mode=DRAWN, drawn=True)
    page = opened(BUSY, matrix(*BUSY.results[:-1], drawn), viewport={"width": width, "height": 844})
    page.locator(".head button").nth(2).click()  # its arrow takes room
    words = (
        "() => { const broken = []; const all = document.createTreeWalker(document.getElementById('matrix'), 4);"
        " for (let text = all.nextNode(); text; text = all.nextNode())"
        " for (const word of text.data.matchAll(/[^\\s-]+/g)) { const range = new Range();"
        " range.setStart(text, word.index); range.setEnd(text, word.index + word[0].length);"
        " if (range.getClientRects().length > 1) broken.push(word[0]); }"
        " return broken; }"
    )
    assert page.evaluate(words) == []
    wide = "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.textContent)"
    assert page.locator(".cell, .head button").evaluate_all(wide) == []


def test_a_phone_sorts_by_installer_and_layout_too(opened: Opened) -> None:
    page = opened(SMALL, viewport={"width": 390, "height": 844})
    page.get_by_role("button", name="Installer").click()
    assert _rows(page) == ROWS[4:] + ROWS[:4]
    page.get_by_role("button", name="Layout").click()
    assert _rows(page)[:2] == [ROWS[1], ROWS[2]]
    edges = "cells => cells.map(cell => Math.round(cell.getBoundingClientRect().left))"
    heads = page.locator(".head [role=columnheader]").evaluate_all(edges)
    assert heads[2:] == page.locator(".rows .row").first.locator(".cell").evaluate_all(edges)


def test_what_a_phone_abbreviates_is_whole_for_those_who_listen(opened: Opened) -> None:
    page = opened(SMALL, viewport={"width": 390, "height": 844})
    assert page.get_by_role("gridcell", name="not applicable").count() == 1


@pytest.mark.parametrize("width", [320, 360, 768])
def test_nothing_is_cut_off_on_a_phone(opened: Opened, width: int) -> None:
    page = opened(SMALL, viewport={"width": width, "height": 640})
    cut = (
        "() => [...document.querySelectorAll('.cell, .name, button, summary, #title')]"
        ".filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.textContent)"
    )
    assert page.evaluate(cut) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    _cell(page, ROWS[1], "hardlink").click()
    assert page.evaluate(cut) == []
    box = page.locator("dialog").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


def test_many_cells_are_all_there_and_found(opened: Opened) -> None:
    page = opened(large())
    assert page.inner_text("#status") == "20000 of 20000 cells in 5000 rows"
    assert page.locator(".rows .row").count() == 5000
    page.select_option("#installer", "uv==4.9.0")
    page.fill("#text", "layout-099")
    assert _rows(page) == ["uv==4.9.0 layout-099"]
    page.click("text=Show all")
    # The rows are drawn anew once the fields are empty: a cell that has the focus before that loses it.
    page.wait_for_selector(".rows .row >> nth=1")
    page.locator(".cell").first.focus()
    page.keyboard.press("Control+End")
    assert page.evaluate("document.activeElement.parentElement.textContent").startswith("uv==4.9.0layout-099")


def _light(color: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    channels = [int(value) / 255 for value in re.findall(r"\d+", color)[:3]]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(ink: str, ground: str, paper: str) -> float:
    ground = paper if ground == "rgba(0, 0, 0, 0)" else ground
    bright, dark = sorted((_light(ink), _light(ground)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)
