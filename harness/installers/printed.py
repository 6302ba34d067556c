"""What an installer printed, read: the part that says what went wrong, warnings, paths of the site, errnos; pure."""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.model.errnos import errnos_in

if TYPE_CHECKING:
    from collections.abc import Iterator

# Colours and the like, which some print although they write to no terminal (ECMA-48 control sequences).
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
# What ends a path in a message: blanks, quotes, brackets, and punctuation before a blank.
_PATH = r"(?:[^\s'\"`<>()\[\]{},:;]|[,:;](?!\s|$))*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How an installer marks what it says.

    Attributes:
        error: matches where the account of a failure begins, at the start of a line.
        warning: matches the start of a warning's first line; indented lines after it belong to it.
    """

    error: re.Pattern[str]
    warning: re.Pattern[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """See the attributes of `harness.model.Outcome` of the same names."""

    message: str
    notes: tuple[str, ...]
    paths: tuple[str, ...]
    errnos: tuple[str, ...]
    printed: str


def read(output: str, errors: str, *, failed: bool, style: Style, root: str) -> Said:
    """Read what was printed.

    Args:
        output: standard output.
        errors: standard error.
        failed: it said so by its exit status; otherwise there is no message.
        style: how it marks what it says.
        root: the site's real root, below which paths are looked for.
    """
    printed = _CONTROL.sub("", f"{output}{errors}")
    message = _account(printed, _CONTROL.sub("", errors), style) if failed else ""
    return Said(
        message=message,
        notes=tuple(_warnings(printed, style)),
        paths=paths_in(message, root),
        errnos=errno_names_in(message),
        printed=printed,
    )


def paths_in(message: str, root: str) -> tuple[str, ...]:
    """The paths below a site's root that a message names, each once, in order."""
    return tuple(dict.fromkeys(re.findall(re.escape(root) + "/" + _PATH, message)))


def errno_names_in(message: str) -> tuple[str, ...]:
    """The names of the errnos that a message names, however it does, sorted."""
    return tuple(sorted(errno.errorcode[number] for number in errnos_in(message) if number in errno.errorcode))


def _account(printed: str, errors: str, style: Style) -> str:
    """From where the failure's account begins; everything, where nothing is marked: nothing may be lost."""
    for text in (errors, printed):
        if found := style.error.search(text):
            return text[found.start() :].strip()
    return errors.strip() or printed.strip()


def _warnings(printed: str, style: Style) -> Iterator[str]:
    kept: list[str] = []
    for line in printed.splitlines():
        if kept and line.startswith((" ", "\t")):
            kept.append(line)
            continue
        if kept:
            yield "\n".join(kept)
        kept = [line] if style.warning.match(line) else []
    if kept:
        yield "\n".join(kept)
