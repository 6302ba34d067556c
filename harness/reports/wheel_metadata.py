"""A wheel whose `.dist-info` is spelled otherwise, or whose RECORD says more or less than the truth; pure."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.wheels.make import record_content

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.model import Entry, Wheel
    from harness.model.report import RecordChange


def with_dist_info(wheel: Wheel, name: str) -> Wheel:
    """The same wheel with its `.dist-info` under another name, and a RECORD that is true of that; empty: as it is."""
    if not name or name == wheel.dist_info:
        return wheel
    old = f"{wheel.dist_info}/"
    entries = [
        replace(entry, path=f"{name}/{entry.path.removeprefix(old)}") if entry.path.startswith(old) else entry
        for entry in wheel.entries
    ]
    own = f"{name}/RECORD"
    true = record_content([entry for entry in entries if entry.path != own], own)
    return replace(wheel, entries=tuple(_with_content(entries, own, true)))


def with_record(wheel: Wheel, changes: Sequence[RecordChange]) -> Wheel:
    """The same wheel with rows of its RECORD added, dropped or replaced, one change after the other."""
    if not changes:
        return wheel
    # By the entries and not by `wheel.dist_info`: a report may give it the name of another distribution.
    own = next(entry.path for entry in wheel.entries if entry.path.endswith(".dist-info/RECORD"))
    text = next(entry.content for entry in wheel.entries if entry.path == own).decode()
    rows = list(csv.reader(io.StringIO(text, newline="")))
    for one in changes:
        rows = _changed(rows, one)
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return replace(wheel, entries=tuple(_with_content(wheel.entries, own, written.getvalue().encode())))


def _changed(rows: list[list[str]], change: RecordChange) -> list[list[str]]:
    new = [change.path, change.hash, change.size]
    if change.change == "add":
        return [*rows, new]
    if change.change == "drop":
        return [row for row in rows if row[0] != change.path]
    return [new if row[0] == change.path else row for row in rows]


def _with_content(entries: Iterable[Entry], path: str, content: bytes) -> Iterable[Entry]:
    return (replace(entry, content=content) if entry.path == path else entry for entry in entries)
