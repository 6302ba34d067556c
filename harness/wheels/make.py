"""Makes correct wheels from a few words, and puts the entries of a wheel into any order."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from harness.model import Entry, Wheel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Files: TypeAlias = "Mapping[str, bytes | Entry] | Iterable[Entry | str]"
RecordKind: TypeAlias = Literal["true", "missing-row", "wrong-hash", "absent"]

DIRECTORY_MODE = 0o755


def wheel(  # noqa: PLR0913 - each names one line of a wheel's metadata; all but two have defaults
    name: str,
    version: str = "1.0",
    files: Files = (),
    *,
    order: Sequence[str] = (),
    entry_points: str | None = None,
    root_is_purelib: bool = True,
    tag: str = "py3-none-any",
    requires: tuple[str, ...] = (),
    record: RecordKind = "true",
) -> Wheel:
    """A wheel with true metadata and, unless asked otherwise, a true RECORD.

    Its own order is the one most tools write: the given files, METADATA, WHEEL, entry_points.txt, RECORD.

    Args:
        name: distribution name (`nvidia-a`).
        version: PEP 440 version.
        files: contents or entries by path, or a series of entries and of paths of empty files.
        order: put the archive into this order (see `reordered`).
        entry_points: the text of `entry_points.txt`.
        root_is_purelib: whether its root goes to purelib or to platlib.
        tag: compatibility tag of the file name, also written to WHEEL.
        requires: requirements, one `Requires-Dist` each.
        record: `true`; a RECORD without the row of the first file (`missing-row`); with a wrong hash in that row
            (`wrong-hash`); or no RECORD at all (`absent`).
    """
    info = f"{name.replace('-', '_')}-{version}.dist-info/"
    entries = [
        *_entries(files),
        Entry(info + "METADATA", metadata(name, version, requires)),
        Entry(info + "WHEEL", wheel_file(tag, root_is_purelib)),
    ]
    if entry_points is not None:
        entries.append(Entry(info + "entry_points.txt", entry_points.encode()))
    if record != "absent":
        entries.append(Entry(info + "RECORD", _record(entries, info + "RECORD", record)))
    made = Wheel(name=name, version=version, entries=tuple(entries), tag=tag)
    return reordered(made, order) if order else made


def reordered(wheel: Wheel, order: Sequence[str]) -> Wheel:
    """The same wheel with its archive in another order.

    Args:
        wheel: any wheel, a bad one too.
        order: paths of directories and files, possibly of other wheels as well; those that are not of this wheel are
            ignored. A directory named here becomes an explicit entry at its place. Entries not named come last, in
            their own order.
    """
    rank: dict[str, int] = {}
    for place, path in enumerate(order):
        rank.setdefault(path, place)
    explicit = {entry.path for entry in wheel.entries}
    added = [
        Entry(path, mode=DIRECTORY_MODE, kind="directory")
        for path in directories(wheel)
        if path in rank and path not in explicit
    ]
    last = len(order)
    # Sorting is stable: entries of one path (bad wheels have them) and unnamed entries keep their order.
    entries = sorted([*added, *wheel.entries], key=lambda entry: rank.get(entry.path, last))
    return Wheel(name=wheel.name, version=wheel.version, entries=tuple(entries), tag=wheel.tag, damage=wheel.damage)


def directories(wheel: Wheel) -> tuple[str, ...]:
    """Every directory the wheel's paths need or its archive lists, each after its parent, in order of first need."""
    found: dict[str, None] = {}
    for entry in wheel.entries:
        parent = entry.path.rpartition("/")[0]
        if parent and parent not in found:
            _add_with_parents(found, parent)
        if entry.kind == "directory":
            found[entry.path] = None
    return tuple(found)


def _add_with_parents(found: dict[str, None], directory: str) -> None:
    end = directory.find("/")
    while end != -1:
        # The root of an absolute path, which only bad wheels have, has no name and is not of the wheel.
        if end:
            found.setdefault(directory[:end])
        end = directory.find("/", end + 1)
    found.setdefault(directory)


@lru_cache(maxsize=1024)
def metadata(name: str, version: str, requires: tuple[str, ...] = ()) -> bytes:
    """The content of METADATA (core metadata 2.1)."""
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    return "".join(f"{line}\n" for line in lines).encode()


@lru_cache(maxsize=128)
def wheel_file(tag: str, root_is_purelib: bool) -> bytes:
    """The content of WHEEL; a compressed tag (`py2.py3-none-any`) is written out, one `Tag` line each (PEP 425)."""
    # A build number may come before the tag's three parts.
    pythons, abis, platforms = (part.split(".") for part in tag.split("-")[-3:])
    tags = [f"{python}-{abi}-{platform}" for python in pythons for abi in abis for platform in platforms]
    lines = ["Wheel-Version: 1.0", "Generator: exdev", f"Root-Is-Purelib: {str(root_is_purelib).lower()}"]
    lines += [f"Tag: {one}" for one in tags]
    return "".join(f"{line}\n" for line in lines).encode()


@lru_cache(maxsize=4096)
def record_hash(content: bytes) -> str:
    """The hash column of a RECORD row: `sha256=` and the digest in urlsafe base64 without padding."""
    digest = hashlib.sha256(content).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def record_row(path: str, content: bytes) -> str:
    """One row of RECORD, with its newline."""
    return f"{_field(path)},{record_hash(content)},{len(content)}\n"


def record_content(entries: Iterable[Entry], own: str) -> bytes:
    """A true RECORD: its bytes depend on the entries but not on their order.

    Args:
        entries: those of the wheel, without RECORD itself; directories have no row.
        own: the path of RECORD, whose own row, the last, has neither hash nor size.
    """
    rows = sorted(record_row(entry.path, entry.content) for entry in entries if entry.kind != "directory")
    return ("".join(rows) + f"{_field(own)},,\n").encode()


def _record(entries: Sequence[Entry], own: str, kind: RecordKind) -> bytes:
    if kind == "true":
        return record_content(entries, own)
    first, *rest = (entry for entry in entries if entry.kind != "directory")
    if kind == "missing-row":
        return record_content(rest, own)
    # The size stays true: a wrong hash is to be found by its hash alone.
    row = f"{_field(first.path)},{record_hash(first.content + b'!')},{len(first.content)}\n"
    return row.encode() + record_content(rest, own)


def _field(path: str) -> str:
    # RECORD is a CSV file in the default dialect of Python's csv module ("Recording installed projects").
    if any(special in path for special in ',"\r\n'):
        return '"' + path.replace('"', '""') + '"'
    return path


def _entries(files: Files) -> Iterable[Entry]:
    if isinstance(files, Mapping):
        return [_entry(path, content) for path, content in files.items()]
    return [Entry(file) if isinstance(file, str) else file for file in files]


def _entry(path: str, content: bytes | Entry) -> Entry:
    if isinstance(content, Entry):
        return Entry(path, content.content, content.mode, content.kind)
    return Entry(path, content)
