"""What the RECORDs of an environment say, as paths of its tree."""

from __future__ import annotations

import base64
import binascii
import csv
import posixpath
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.contracts.scene import Scene

_SCHEMES = ("purelib", "platlib", "scripts", "headers", "data", "environment")


class RecordedRow(NamedTuple):
    """One row: the path of the environment tree it names, the sha256 it gives (hexadecimal, or empty), its RECORD."""

    key: str
    digest: str
    record: str


def recorded(scene: Scene) -> tuple[RecordedRow, ...]:
    """All rows of all RECORDs after the step."""
    return rows(scene.after.records, scene.evidence.roots, scene.evidence.platlib)


def claims_of(scene: Scene) -> frozenset[str]:
    """All paths that some RECORD names."""
    return frozenset(row.key for row in recorded(scene))


def rows(records: Mapping[str, bytes], roots: Mapping[str, str], platlib: str) -> tuple[RecordedRow, ...]:
    """All rows of these RECORDs.

    Args:
        records: content by path in the environment tree.
        roots: the path of each role, as the installer was given it.
        platlib: see `Evidence.platlib`.
    """
    return _recorded(tuple(records.items()), _roots(roots), platlib)


def _roots(roots: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Scheme directories, the innermost first, so that the first match is the right one."""
    known = [(scheme, roots[scheme]) for scheme in _SCHEMES if scheme in roots]
    return tuple(sorted(known, key=lambda item: -len(item[1])))


@lru_cache(maxsize=256)
def _recorded(
    records: tuple[tuple[str, bytes], ...], roots: tuple[tuple[str, str], ...], platlib: str
) -> tuple[RecordedRow, ...]:
    return tuple(row for record, data in records for row in _rows(record, data, roots, platlib))


def _rows(record: str, data: bytes, roots: tuple[tuple[str, str], ...], platlib: str) -> list[RecordedRow]:
    library = dict(roots)[record.partition("/")[0]]
    found = []
    for line in csv.reader(data.decode(errors="replace").splitlines()):
        if line:
            # Every reader joins and normalises the text of a row; none asks the kernel where `..` leads.
            path = posixpath.normpath(posixpath.join(library, line[0]))
            found.append(RecordedRow(_key(path, roots, platlib), _digest(line[1] if len(line) > 1 else ""), record))
    return found


def _key(path: str, roots: tuple[tuple[str, str], ...], platlib: str) -> str:
    for scheme, root in roots:
        if path.startswith(f"{root}/"):
            return f"{platlib if scheme == 'platlib' else scheme}/{path[len(root) + 1 :]}"
    return path


def _digest(text: str) -> str:
    algorithm, _, value = text.partition("=")
    if algorithm != "sha256":
        return ""
    try:
        return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).hex()
    except (binascii.Error, ValueError):
        return f"unreadable {value!r}"
