"""Words for people: lines of a terminal or a comment, in which what machines and installers say can do no harm."""

from __future__ import annotations

import textwrap
from typing import Final

from harness.printable import escaped

WIDTH: Final = 118


def comment(text: str) -> str:
    """One line as lines of a TOML comment, each with its newline; long ones are wrapped."""
    wrapped = wrap(text, first="# ", later="#   ")
    return "".join(f"{line.rstrip()}\n" for line in wrapped or ["#"])


def wrap(text: str, *, first: str = "", later: str = "") -> list[str]:
    """A text in lines of at most WIDTH columns, but for words that are longer."""
    return textwrap.wrap(
        escaped(text),
        WIDTH,
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )
