"""Text of unknown origin as one that steers no terminal; pure."""

from __future__ import annotations


def escaped(text: str, *, kept: str = "") -> str:
    r"""The same with what is not printable as Python writes it (`\n`, `\x1b`, `\udcff`).

    Args:
        text: anything: names of files, what is in them, what programs print.
        kept: characters that stay as they are.
    """
    return "".join(one if one.isprintable() or one in kept else ascii(one)[1:-1] for one in text)
