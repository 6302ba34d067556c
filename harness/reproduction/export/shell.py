"""Text as words, comments and here-documents of a POSIX shell: paths of a run become variables, the rest stays text."""

from __future__ import annotations

import re
import shlex
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from harness import printable as everywhere
from harness.installers.environment import PYTHON

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_WIDTH: Final = 104
_WORD_ESCAPES: Final = '\\"$`'
_DOCUMENT_ESCAPES: Final = "\\$`"
# The interpreter's name inside a path, as in lib/python3.11: the script finds out its own.
_INTERPRETER: Final = rf"(?<=/){re.escape(PYTHON)}(?![\w.-])"


@dataclass(frozen=True, kw_only=True)
class Names:
    """The variables that stand for paths.

    Attributes:
        variables: a path of the recorded run -> the name of the script's variable.
        substitutions: other text -> what the script writes for it, as it is (`$(digest ...)`).
    """

    variables: Mapping[str, str]
    substitutions: Mapping[str, str] = field(default_factory=dict)

    def word(self, text: str) -> str:
        """One word of a command, quoted where it has to be."""
        found = self._expanded(text, _WORD_ESCAPES)
        return shlex.quote(text) if found == _escaped(text, _WORD_ESCAPES) else f'"{found}"'

    def assignment(self, name: str, text: str) -> str:
        """`NAME=value`."""
        return f"{name}={self.word(text)}"

    def document(self, text: str) -> str:
        """A here-document's lines, from `<<` to its last line, with the variables expanded by the shell."""
        return here(self._expanded(text, _DOCUMENT_ESCAPES), expanded=True)

    def _expanded(self, text: str, escapes: str) -> str:
        paths = sorted(self.variables, key=lambda path: -len(path))
        ways = [rf"{re.escape(path)}(?![\w.-])" for path in paths]
        pattern = "|".join((*map(re.escape, self.substitutions), *ways, _INTERPRETER))
        parts, end = [], 0
        for match in re.finditer(pattern, text):
            parts += [_escaped(text[end : match.start()], escapes), self._named(match[0])]
            end = match.end()
        return "".join((*parts, _escaped(text[end:], escapes)))

    def _named(self, text: str) -> str:
        if text in self.substitutions:
            return self.substitutions[text]
        return f"${self.variables[text]}" if text in self.variables else "$py"


def here(text: str, *, expanded: bool = False) -> str:
    """A here-document that its own text cannot end, whatever it says; see `Names.document`."""
    lines = text.splitlines()
    # dash loses a byte beyond ASCII behind what a line has in common with the beginning of the mark.
    begun = {line[:1] for line in lines if not line.isascii()}
    mark = next((one for one in ("EOF", *string.ascii_uppercase) if one[0] not in begun), "EOF")
    while mark in lines:
        mark += "_"
    body = text if text.endswith("\n") else f"{text}\n"
    quoted = mark if expanded else f"'{mark}'"
    return f"<<{quoted}\n{body}{mark}"


def filled(words: Iterable[str]) -> str:
    """Words of one command, in as many lines as they need."""
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + len(word) < _WIDTH:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return " \\\n        ".join(lines)


def comment(text: str) -> str:
    """A comment of one line, whatever the text says."""
    return f"# {printable(text)}".rstrip()


def printable(text: str) -> str:
    """Text without line ends, terminal sequences and other control characters."""
    return everywhere.printable(text, instead="?")


def _escaped(text: str, escapes: str) -> str:
    return "".join(f"\\{character}" if character in escapes else character for character in text)
