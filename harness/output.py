"""Files that people ask for by name: a new one, or another in the place of what was there; whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from harness.errors import FileInvalid, Problem
from harness.printable import escaped

_MODE: Final = 0o644
_THERE: Final = "is there already; name a file that is not"


def check_absent(path: Path) -> None:
    """Before long work: its result must not end where something is that nobody wants to lose.

    Raises:
        FileInvalid: something is there.
    """
    if os.path.lexists(path):
        raise _unwritten(path, _THERE)


def check_creatable(path: Path) -> None:
    """Before long work: `create` would do.

    Raises:
        FileInvalid: something is there, or its directory is not, or cannot be written to.
    """
    check_absent(path)
    _check_writable(path.parent)


def check_makeable(directory: Path) -> None:
    """The same of a directory that is made when it is needed: of the nearest one above it that is there.

    Raises:
        FileInvalid: it cannot be made, or cannot be written to.
    """
    _check_writable(next(one for one in (directory, *directory.parents) if os.path.lexists(one)))


def _check_writable(directory: Path) -> None:
    """Make a file in it, and remove it again."""
    try:
        with tempfile.NamedTemporaryFile(dir=directory, prefix=".exdev."):
            pass
    except OSError as refused:
        raise _unwritten(directory, f"cannot be written to: {refused.strerror}") from refused


def create(path: Path, text: str) -> None:
    """Write a file that is not there yet.

    Raises:
        FileInvalid: it is there, or cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            try:
                file.write(text)
                file.flush()
            except BaseException:
                path.unlink()
                raise
    except FileExistsError:
        raise _unwritten(path, _THERE) from None
    except OSError as refused:
        raise _unwritten(path, f"cannot be written: {refused.strerror}") from refused


def overwrite(path: Path, text: str, *, follow: bool = True) -> None:
    """Write a file in the place of what was there: who reads it meanwhile sees the old one.

    Links and devices stay what they are.

    Args:
        path: the file.
        text: its content.
        follow: False: a file of our own making: what somebody has put in its place, a link for example, is replaced.

    Raises:
        FileInvalid: it cannot be written.
    """
    target = Path(os.path.realpath(path)) if follow else path
    try:
        if follow and target.exists() and not target.is_file():
            target.write_text(text, encoding="utf-8")  # /dev/stdout, a named pipe: nothing to put in their place
            return
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as directory:
            fresh = Path(directory, target.name)
            fresh.write_text(text, encoding="utf-8")
            fresh.chmod(_MODE)
            fresh.replace(target)
    except OSError as refused:
        raise _unwritten(path, f"cannot be written: {refused.strerror}") from refused


def _unwritten(path: Path, message: str) -> FileInvalid:
    # The name is a person's, and may be anything: it stays one line, as Python writes it.
    return FileInvalid(file=escaped(str(path)), problems=(Problem(where="", message=message),))
