"""What the RECORDs of an environment say, as paths of its tree."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import posixpath
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from harness.wheels.faults import ALGORITHMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.contracts.locations import Locations

# Only these speak for an installed distribution: wheels carry others inside (`setuptools/_vendor/*.dist-info/RECORD`).
_INSTALLED = re.compile(r"(?:purelib|platlib)/[^/]+\.dist-info/RECORD")
_UNREADABLE = -1


class RecordedRow(NamedTuple):
    """One row of a RECORD.

    Attributes:
        key: the path of the environment tree that it names.
        digest: the sha256 it gives in hexadecimal; that of a stronger algorithm with its name; empty: none it may give.
        size: the bytes it gives; None where it gives none, -1 where that is no number.
        record: the key of its RECORD.
        path: as the row has it.
        hash: as the row has it: `sha256=` and the digest in urlsafe base64.
    """

    key: str
    digest: str
    size: int | None
    record: str
    path: str
    hash: str


def module_of(path: str) -> str:
    """The module of which a path is the bytecode (PEP 3147); empty: it is none."""
    directory, cached, name = path.rpartition("/__pycache__/")
    return f"{directory}/{name.partition('.')[0]}.py" if cached else ""


def rows(records: Mapping[str, bytes], where: Locations) -> tuple[RecordedRow, ...]:
    """All rows of the installed distributions' RECORDs.

    Args:
        records: content by path in the environment tree.
        where: the locations of the moment: `importlib.metadata` joins a row to the directory that it found RECORD
            in, and leaves it to the kernel where `..` and links lead from there.
    """
    return tuple(
        row for record, data in records.items() if _INSTALLED.fullmatch(record) for row in _rows(record, data, where)
    )


@lru_cache(maxsize=1024)
def _rows(record: str, data: bytes, where: Locations) -> tuple[RecordedRow, ...]:
    library = where.library(record.partition("/")[0])
    return tuple(
        RecordedRow(where.key(posixpath.join(library, path)), _digest(digest), _size(size), record, path, digest)
        for path, digest, size in _lines(data)
    )


def _lines(data: bytes) -> list[tuple[str, str, str]]:
    text = io.StringIO(data.decode(errors="replace"), newline="")
    try:
        lines = list(csv.reader(text))
    except csv.Error as error:
        # Not a CSV file at all: one row that is true of nothing.
        return [(f"unreadable RECORD: {error}", "", "")]
    return [(line[0], (*line, "", "")[1], (*line, "", "")[2]) for line in lines if line]


@lru_cache(maxsize=1024)
def _size(text: str) -> int | None:
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(1 << 63)) else _UNREADABLE


@lru_cache(maxsize=4096)
def _digest(text: str) -> str:
    """The digest in hexadecimal, with `sha512:` before it where the algorithm is another one than sha256."""
    algorithm, _, value = text.partition("=")
    if algorithm not in ALGORITHMS or not value:
        return ""
    try:
        digest = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).hex()
    except (binascii.Error, ValueError):
        return f"unreadable {value!r}"
    return digest if algorithm == "sha256" else f"{algorithm}:{digest}"
