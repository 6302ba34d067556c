"""Text of unknown origin made fit to be shown: what installers print and files hold is hostile input; pure."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from harness import printable as everywhere

if TYPE_CHECKING:
    from harness.matrix.cells import Result

_KEPT: Final = "\n\t"


@lru_cache(maxsize=1 << 16)  # the same few thousand texts stand in a hundred thousand results
def printable(text: str) -> str:
    """The same with U+FFFD for all that steers a terminal, turns text around or is no character; lines stay lines."""
    if text.isprintable():
        return text
    return everywhere.printable(text, kept=_KEPT)


@lru_cache(maxsize=1 << 16)
def line(text: str) -> str:
    """The same in one line."""
    return " ".join(printable(text).split())


def shown(result: Result) -> Result:
    """A result with texts that can be shown: its story in lines, all others in one line each."""
    return replace(
        result,
        scenario=line(result.scenario),
        layout=line(result.layout),
        installer=line(result.installer),
        why=tuple(map(line, result.why)),
        saved=line(result.saved),
        instance=line(result.instance),
        message=line(result.message),
        story=printable(result.story),
        replay=line(result.replay),
    )
