"""mountinfo is read back as the kernel wrote it, whatever the names."""

from __future__ import annotations

import os
from pathlib import Path

from harness.kernel import mountinfo, mounts
from harness.kernel.laboratory import open_laboratory
from harness.tests.kernel.child import call

LINE = (
    rb"36 35 98:0 /mnt1\040a /mnt2\011\134x rw,noatime master:1 shared:7 - ext3 /dev/root\012 rw,errors=continue,a\054b"
)


def test_every_field_of_a_line_is_read() -> None:
    entry = mountinfo.parse(LINE)
    assert (entry.id, entry.parent, entry.device) == (36, 35, "98:0")
    assert (entry.root, entry.at) == ("/mnt1 a", "/mnt2\t\\x")
    assert entry.options == ("rw", "noatime")
    assert entry.propagation == ("master:1", "shared:7")
    assert (entry.type, entry.source) == ("ext3", "/dev/root\n")
    assert entry.super_options == ("rw", "errors=continue", "a,b")


def test_a_mount_without_source_and_propagation_is_read() -> None:
    entry = mountinfo.parse(rb"36 35 0:40 / /a rw - tmpfs  rw")
    assert (entry.source, entry.propagation) == ("", ())


def test_a_name_that_is_no_text_survives_the_way_back() -> None:
    entry = mountinfo.parse(b"36 35 0:40 / /\xff\\040 rw - tmpfs tmpfs rw")
    assert os.fsencode(entry.at) == b"/\xff "


def test_another_process_is_read_by_its_number() -> None:
    assert mountinfo.read(os.getpid()) == mountinfo.read()


def strange_names() -> list[tuple[str, bool]]:
    with open_laboratory() as laboratory:
        found = []
        for name in ("space tab\tnewline\n", "back\\slash \\040", "colon:comma,equals=", "\udcff"):
            path = Path(laboratory.sites, name)
            path.mkdir()
            with mounts.tmpfs(str(path)):
                found.append((name, [entry.at for entry in mountinfo.below(str(path))] == [str(path)]))
        return found


def test_mount_points_with_strange_names_are_found_by_them(user: str) -> None:
    assert [name for name, found in call(strange_names, user=user) if not found] == []


def neighbours() -> list[str]:
    with open_laboratory() as laboratory:
        for name in ("a", "ab"):
            Path(laboratory.sites, name).mkdir()
        with mounts.tmpfs(f"{laboratory.sites}/a"), mounts.tmpfs(f"{laboratory.sites}/ab"):
            return [entry.at.rpartition("/")[2] for entry in mountinfo.below(f"{laboratory.sites}/a")]


def test_a_neighbour_with_a_longer_name_is_not_below() -> None:
    assert call(neighbours) == ["a"]
