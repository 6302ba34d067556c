"""Writes a wheel as the bytes of a zip archive: the same wheel is always the same bytes, whatever its order."""

from __future__ import annotations

import stat
import struct
from functools import lru_cache
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from harness.model import Entry, Wheel

# The records are written here and not by `zipfile`, which takes six times as long (every Hypothesis example writes two
# or three archives) and warns of duplicate names. Their shapes: .ZIP File Format Specification (APPNOTE.TXT) 6.3.10,
# sections 4.3.7 (local header), 4.3.12 (central directory) and 4.3.16 (end of central directory).
_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_CENTRAL = struct.Struct("<4sHHHHHHLLLHHHHHLL")
_END = struct.Struct("<4sHHHHLLH")

_NEEDED = 20  # 2.0: directories
_MADE_BY = 3 << 8 | _NEEDED  # on a Unix, so that the upper half of the external attributes is a mode
_STORED = 0
_UTF8 = 0x800
_MIDNIGHT, _FIRST_DAY = 0, 1 << 5 | 1  # 1980-01-01, the first date the format can say
_MSDOS_DIRECTORY = 0x10
_TYPES = {"file": stat.S_IFREG, "directory": stat.S_IFDIR, "symlink": stat.S_IFLNK}


@lru_cache(maxsize=64)
def write(wheel: Wheel) -> bytes:
    """The archive of a wheel: entries stored, in the wheel's order, duplicates and all.

    Args:
        wheel: any wheel. `damage="truncated"` cuts the archive inside its central directory.

    Raises:
        struct.error: more than 65,535 entries or 4 GiB: this writer has no zip64 records.
        UnicodeEncodeError: a path holds lone surrogates, which no archive can say in UTF-8.
    """
    local: list[bytes] = []
    central: list[bytes] = []
    offset = 0
    for entry in wheel.entries:
        header, record = _records(entry, offset)
        local += (header, entry.content)
        central.append(record)
        offset += len(header) + len(entry.content)
    directory = b"".join(central)
    end = _END.pack(b"PK\5\6", 0, 0, len(central), len(central), len(directory), offset, 0)
    archive = b"".join((*local, directory, end))
    return archive[: offset + len(directory) // 2] if wheel.damage == "truncated" else archive


def _records(entry: Entry, offset: int) -> tuple[bytes, bytes]:
    path = entry.path + "/" if entry.kind == "directory" else entry.path
    name = path.encode()
    flags = 0 if path.isascii() else _UTF8
    size = len(entry.content)
    attributes = (_TYPES[entry.kind] | entry.mode) << 16 | (_MSDOS_DIRECTORY if entry.kind == "directory" else 0)
    shared = (_NEEDED, flags, _STORED, _MIDNIGHT, _FIRST_DAY, crc32(entry.content), size, size, len(name), 0)
    header = _LOCAL.pack(b"PK\3\4", *shared) + name
    record = _CENTRAL.pack(b"PK\1\2", _MADE_BY, *shared, 0, 0, 0, attributes, offset) + name
    return header, record
