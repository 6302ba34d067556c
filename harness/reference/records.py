"""RECORD files: rows from text and text from rows (Recording installed projects, "The RECORD file"); pure."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from typing import TYPE_CHECKING, Literal, NamedTuple

from harness.errors import WheelRefused

if TYPE_CHECKING:
    from collections.abc import Iterable


_NEW = tuple.__new__
_COLUMNS = 3


class Row(NamedTuple):
    """One row: path as written, `algorithm=digest` or empty, size in bytes or empty. A tuple, as csv makes them."""

    path: str
    digest: str
    size: str


def parse(data: bytes, path: str) -> list[Row]:
    """The rows of a RECORD.

    Raises:
        WheelRefused: it is not text of rows. Rows with fewer than three columns occur in old projects: filled up.
    """
    try:
        lines = _lines(data.decode())
    except (UnicodeDecodeError, csv.Error) as error:
        raise WheelRefused(path=path, reason=f"RECORD is not readable ({error})") from error
    if {len(line) for line in lines} - {_COLUMNS}:
        lines = [[*line, "", ""][:_COLUMNS] for line in lines]
    # As Row._make does, which counts the columns of each row once more.
    return [_NEW(Row, line) for line in lines]


def _lines(text: str) -> list[list[str]]:
    """The columns of each line that has any.

    Only line feeds end lines: str.splitlines() would also split at separators that file names may hold (U+2028).
    """
    if '"' in text:
        return [line for line in csv.reader(io.StringIO(text, newline="")) if line]
    # Three times as fast as csv, and the same where nothing is quoted.
    return [line.split(",") for line in text.replace("\r\n", "\n").split("\n") if line]


def write(rows: Iterable[Row]) -> bytes:
    """The bytes of a RECORD with these rows, in the order given."""
    rows = list(rows)
    text = "".join([f"{path},{digest},{size}\n" for path, digest, size in rows])
    # Ten times as fast as csv, and the same unless something has to be quoted.
    if '"' in text or "\r" in text or text.count(",") != 2 * len(rows) or text.count("\n") != len(rows):
        quoted = io.StringIO()
        # Before 3.11.9 and 3.12.3, Python would leave a carriage return unquoted if that were up to it (cpython#67044).
        quoting: Literal[0, 1] = csv.QUOTE_ALL if "\r" in text else csv.QUOTE_MINIMAL
        csv.writer(quoted, lineterminator="\n", quoting=quoting).writerows(rows)
        text = quoted.getvalue()
    return text.encode()


def row_of(path: str, content: bytes) -> Row:
    """The true row of a file with this content."""
    return Row(path, recorded(hashlib.sha256(content).hexdigest()), str(len(content)))


def recorded(digest: str) -> str:
    """A hexadecimal sha256 as RECORD writes it."""
    return f"sha256={base64.urlsafe_b64encode(bytes.fromhex(digest)).rstrip(b'=').decode()}"
