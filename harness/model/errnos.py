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


def errnos_in(message: str) -> frozenset[int]:
    """The number of every errno that a message names."""
    lowered = message.lower()
    found = {getattr(errno, name) for name in _NAMES.findall(message)}
    found |= {int(number) for number in _NUMBERS.findall(message)}
    found |= {number for name, number in _EXCEPTIONS.items() if re.search(rf"\b{name}\b", message)}
    return frozenset(found | {number for words, number in _WORDS.items() if words in lowered})
