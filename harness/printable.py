"""Text of unknown origin as one that steers no terminal; pure."""

from __future__ import annotations


def printable(text: str, *, instead: str = "\N{REPLACEMENT CHARACTER}", kept: str = "") -> str:
    """The same with another character for each that steers a terminal, turns text around or is none.

    Args:
        text: as for `escaped`.
        instead: what stands for them.
        kept: as for `escaped`.
    """
    return "".join(one if one.isprintable() or one in kept else instead for one in text)


def escaped(text: str, *, kept: str = "") -> str:
    r"""The same with what is not printable as Python writes it (`\n`, `\x1b`, `\udcff`).

    Args:
        text: anything: names of files, what is in them, what programs print.
        kept: characters that stay as they are.
    """
    return "".join(one if one.isprintable() or one in kept else ascii(one)[1:-1] for one in text)
