"""Archives are read no further than their size makes believable."""

from __future__ import annotations

import copy
import zipfile
from io import BytesIO

import pytest

from harness.errors import WheelRefused
from harness.reference.archive import members
from harness.wheels import wheel

MIB = 1 << 20


def deflated(content: bytes) -> bytes:
    """A wheel with this content in one of its files, compressed as published wheels are."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in wheel("a", files={"zeros.bin": content}).entries:
            archive.writestr(entry.path, entry.content)
    return packed.getvalue()


def test_a_file_of_zeros_is_read_although_it_was_compressed_a_thousandfold() -> None:
    archive = deflated(bytes(8 * MIB))
    assert len(archive) < 8 * MIB / 500
    assert members(archive, "a.whl")[0].content == bytes(8 * MIB)


def test_a_small_archive_that_inflates_to_very_much_is_refused() -> None:
    archive = deflated(bytes(80 * MIB))
    assert len(archive) < MIB / 8
    with pytest.raises(WheelRefused, match=rf"{len(archive)} bytes that unpack to 8388\d+, more than"):
        members(archive, "a.whl")


def test_members_that_share_their_bytes_count_each() -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("0.bin", bytes(MIB))
        for number in range(1, 200):
            shared = copy.copy(archive.filelist[0])
            shared.filename, shared.file_size = f"{number}.bin", 0
            archive.filelist.append(shared)
    with pytest.raises(WheelRefused, match=f"unpack to {200 * MIB}, more than"):
        members(packed.getvalue(), "a.whl")
