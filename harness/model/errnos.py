"""Errnos in what an installer says: by name, by number, in the C library's words, or as one of Python's exceptions."""

from __future__ import annotations

import errno
import os
import re

_NAMES = re.compile(r"\b(" + "|".join(errno.errorcode.values()) + r")\b")
_NUMBERS = re.compile(r"(?:os error|[Ee]rrno) (\d+)")  # Rust's and Python's spelling
# Python's exceptions stand for one errno each, PermissionError for two (PEP 3151).
_EXCEPTIONS = {
    "FileExistsError": errno.EEXIST,
    "FileNotFoundError": errno.ENOENT,
    "IsADirectoryError": errno.EISDIR,
    "NotADirectoryError": errno.ENOTDIR,
    "PermissionError": errno.EACCES,
}
_WORDS = {os.strerror(number).lower(): number for number in errno.errorcode}
_TEXTS = "|".join(map(re.escape, sorted(map(os.strerror, errno.errorcode), key=len, reverse=True)))
# As the C library spells it anywhere; in small letters only where a cause stands in a message, after punctuation or at
# the start of a line: "x is a directory" and "if the file exists" are anybody's words.
_CAUSES = re.compile(rf"\b({_TEXTS})\b")
_SMALL_CAUSES = re.compile(rf"(?:^|[\"'`]|[:;,\](-][ \t]*)({_TEXTS})(?![\w-])", re.IGNORECASE | re.MULTILINE)


def errnos_in(message: str) -> frozenset[int]:
    """The number of every errno that a message names."""
    found = {getattr(errno, name) for name in _NAMES.findall(message)}
    found |= {int(number) for number in _NUMBERS.findall(message)}
    found |= {number for name, number in _EXCEPTIONS.items() if re.search(rf"\b{name}\b", message)}
    texts = (*_CAUSES.findall(message), *_SMALL_CAUSES.findall(message))
    return frozenset(found | {_WORDS[text.lower()] for text in texts})
