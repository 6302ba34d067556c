"""Results made by hand for the tests of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from harness.matrix import Matrix, Result, Shown

if TYPE_CHECKING:
    from harness.matrix.cells import State

# All that somebody could try who names a file, or writes an installer's message.
HOSTILE = (
    "</script><script>document.title='broken'</script>",
    "<img src=x onerror=\"document.title='broken'\">",
    "\"'><b>`_*[x](javascript:alert(1))*_`|\\",
    "]]><!-- & &lt; &#60;",
    "\x1b[31mred\x07\x00\x7f\u2028\u2029\u202egnp.exe\ufffe",
    "\ud800lone\udfff",
    "constructor",
    "__proto__",
    "a\r\nb\tc\n```\n~~~\nd",
)


def result(  # noqa: PLR0913 - a value's fields, all with defaults
    state: State = "pass",
    *why: str,
    scenario: str = "test_a",
    layout: str = "plain",
    mode: str = "copy",
    installer: str = "uv==0.13.9",
    story: str = "",
    drawn: bool = False,
) -> Result:
    return Result(
        scenario=scenario,
        layout=layout,
        link_mode=mode,
        installer=installer,
        state=state,
        why=why,
        instance=f"scenarios/test_x.py::{scenario}",
        seconds=0.5,
        story=story,
        drawn=drawn,
        message="error: no" if story else "",
        replay="exdev replay 1.toml" if story else "",
    )


def matrix(*results: Result) -> Matrix:
    shown = {"plain": Shown(about="All on one filesystem", picture="/  tmpfs  cache")}
    return Matrix(results=results, about={"exdev": "1"}, layouts=shown)


def hostile() -> Matrix:
    """Every text of a matrix is one of those that mean harm."""
    results = tuple(
        Result(
            scenario=text,
            layout=text,
            link_mode="copy",
            installer=text,
            state="violation",
            why=(text,),
            saved=text,
            instance=text,
            message=text,
            story=text,
            replay=text,
        )
        for text in HOSTILE
    )
    layouts = {text: Shown(about=text, picture=text) for text in HOSTILE}
    return Matrix(results=results, about={text: text for text in HOSTILE}, layouts=layouts)


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - the room's own XML, which names no entity
