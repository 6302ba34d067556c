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

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.contracts.scene import Scene

_SCHEMES = ("purelib", "platlib", "scripts", "headers", "data", "environment")
# Only these speak for an installed distribution: wheels carry others inside (`setuptools/_vendor/*.dist-info/RECORD`).
_INSTALLED = re.compile(r"(?:purelib|platlib)/[^/]+\.dist-info/RECORD")
_UNREADABLE = -1
# A path without empty parts, `.` and `..` (and, for speed, without any hidden name).
_PLAIN = re.compile(r"(?:[^/.][^/]*/)*[^/.][^/]*\Z")


class RecordedRow(NamedTuple):
    """One row of a RECORD.

    Attributes:
        key: the path of the environment tree that it names.
        digest: the sha256 it gives in hexadecimal, or empty.
        size: the bytes it gives; None where it gives none, -1 where that is no number.
        record: the key of its RECORD.
    """

    key: str
    digest: str
    size: int | None
    record: str


def recorded(scene: Scene) -> tuple[RecordedRow, ...]:
    """All rows of all RECORDs after the step."""
    return rows(scene.after.records, scene.evidence.roots, scene.evidence.platlib)


def claims_of(scene: Scene) -> frozenset[str]:
    """All paths that some RECORD names."""
    return _keys(recorded(scene))


def module_of(path: str) -> str:
    """The module of which a path is the bytecode (PEP 3147); empty: it is none."""
    directory, cached, name = path.rpartition("/__pycache__/")
    return f"{directory}/{name.partition('.')[0]}.py" if cached else ""


def orphans_before(scene: Scene) -> frozenset[str]:
    """Files that were in no RECORD before the step either: whoever left them was judged then."""
    named = _keys(rows(scene.before.records, scene.evidence.roots, scene.evidence.platlib))
    return frozenset(scene.before.environment.keys() - named)


def rows(records: Mapping[str, bytes], roots: Mapping[str, str], platlib: str) -> tuple[RecordedRow, ...]:
    """All rows of the installed distributions' RECORDs.

    Args:
        records: content by path in the environment tree.
        roots: the path of each role, as the installer was given it.
        platlib: see `Evidence.platlib`.
    """
    installed = tuple(item for item in records.items() if _INSTALLED.fullmatch(item[0]))
    return _recorded(installed, tuple(roots.items()), platlib)


@lru_cache(maxsize=64)
def _keys(found: tuple[RecordedRow, ...]) -> frozenset[str]:
    return frozenset(row.key for row in found)


@lru_cache(maxsize=256)
def _recorded(
    records: tuple[tuple[str, bytes], ...], roots: tuple[tuple[str, str], ...], platlib: str
) -> tuple[RecordedRow, ...]:
    inner = _innermost_first(roots)
    return tuple(row for record, data in records for row in _rows(record, data, inner, platlib))


@lru_cache(maxsize=64)
def _innermost_first(roots: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Scheme directories, the innermost first, so that the first match is the right one."""
    known = dict(roots)
    found = [(scheme, known[scheme]) for scheme in _SCHEMES if scheme in known]
    return tuple(sorted(found, key=lambda item: -len(item[1])))


@lru_cache(maxsize=1024)
def _rows(record: str, data: bytes, roots: tuple[tuple[str, str], ...], platlib: str) -> tuple[RecordedRow, ...]:
    scheme = record.partition("/")[0]
    library = dict(roots)[scheme]
    # Nearly every row names a file below its own library; only where no other scheme lies in there that is its key.
    alone = not any(root.startswith(f"{library}/") for _, root in roots)
    found = []
    for path, digest, size in _lines(data):
        if alone and _PLAIN.match(path):
            key = f"{platlib if scheme == 'platlib' else scheme}/{path}"
        else:
            # Every reader joins and normalises the text of a row; none asks the kernel where `..` leads.
            key = _key(posixpath.normpath(posixpath.join(library, path)), roots, platlib)
        found.append(RecordedRow(key, _digest(digest), _size(size), record))
    return tuple(found)


def _lines(data: bytes) -> list[tuple[str, str, str]]:
    text = io.StringIO(data.decode(errors="replace"), newline="")
    try:
        lines = list(csv.reader(text))
    except csv.Error as error:
        # Not a CSV file at all: one row that is true of nothing.
        return [(f"unreadable RECORD: {error}", "", "")]
    return [(line[0], (*line, "", "")[1], (*line, "", "")[2]) for line in lines if line]


def _key(path: str, roots: tuple[tuple[str, str], ...], platlib: str) -> str:
    for scheme, root in roots:
        if path.startswith(f"{root}/"):
            return f"{platlib if scheme == 'platlib' else scheme}/{path[len(root) + 1 :]}"
    return path


@lru_cache(maxsize=1024)
def _size(text: str) -> int | None:
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(1 << 63)) else _UNREADABLE


@lru_cache(maxsize=4096)
def _digest(text: str) -> str:
    algorithm, _, value = text.partition("=")
    if algorithm != "sha256":
        return ""
    try:
        return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).hex()
    except (binascii.Error, ValueError):
        return f"unreadable {value!r}"
