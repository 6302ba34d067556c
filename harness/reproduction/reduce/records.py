"""Wheels without some files, or with empty ones, whose RECORD stays as true as it was; pure."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.wheels.make import record_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from harness.model import Wheel


def without_files(wheel: Wheel, gone: Collection[int]) -> Wheel:
    """Without the entries at these places of its archive, and without their rows in RECORD."""
    kept = tuple(entry for index, entry in enumerate(wheel.entries) if index not in gone)
    there = {entry.path for entry in kept}
    # A bad wheel may have a path twice: the row stays with the other entry.
    absent = {wheel.entries[index].path for index in gone} - there
    return _recorded(replace(wheel, entries=kept), lambda row: None if row[0] in absent else row)


def emptied(wheel: Wheel, chosen: Collection[int]) -> Wheel:
    """With nothing in the files at these places; a row of RECORD that was true of one is true of it again."""
    before = {wheel.entries[index].path: wheel.entries[index].content for index in chosen}
    entries = tuple(
        replace(entry, content=b"") if index in chosen else entry for index, entry in enumerate(wheel.entries)
    )

    def renewed(row: list[str]) -> list[str]:
        content = before.get(row[0])
        if content is None or row[1:] != [record_hash(content), str(len(content))]:
            return row
        return [row[0], record_hash(b""), "0"]

    return _recorded(replace(wheel, entries=entries), renewed)


def _recorded(wheel: Wheel, change: Callable[[list[str]], list[str] | None]) -> Wheel:
    own = f"{wheel.dist_info}/RECORD"
    entries = tuple(
        replace(entry, content=_rows(entry.content, change)) if entry.path == own else entry for entry in wheel.entries
    )
    return replace(wheel, entries=entries)


def _rows(content: bytes, change: Callable[[list[str]], list[str] | None]) -> bytes:
    """The rows of a RECORD, each changed; what is none, as bad wheels have it, stays as it is."""
    try:
        rows = [row for row in csv.reader(io.StringIO(content.decode(), newline=""), strict=True) if row]
    except (csv.Error, UnicodeDecodeError):
        return content
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(row for row in map(change, rows) if row is not None)
    return text.getvalue().encode()
