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


def test_options_with_a_space_that_nobody_escaped_are_read() -> None:
    entry = mountinfo.parse(
        rb"85 75 0:66 / /Docker/host rw - 9p drvfs rw,aname=drvfs;path=C:\Program Files\Docker;uid=0"
    )
    assert (entry.type, entry.source, entry.super_options[0]) == ("9p", "drvfs", "rw")
    assert entry.super_options[1].startswith("aname=drvfs;path=C:")


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


def listed(text: str) -> tuple[mountinfo.MountEntry, ...]:
    return tuple(mountinfo.parse(line.strip().encode()) for line in text.strip().splitlines())


STACKED = """
    20 1 8:1 / / rw - ext4 /dev/sda1 rw
    21 20 0:5 / /dev rw - devtmpfs dev rw
    22 21 0:6 / /dev/shm rw - tmpfs first rw
    23 22 0:7 / /dev/shm rw - tmpfs second rw
    30 20 0:8 / /a/b rw - tmpfs hidden rw
    31 20 0:9 / /a rw - tmpfs hiding rw
    32 31 0:10 / /a/b rw - tmpfs seen rw
    33 30 0:11 / /a/b/c rw - tmpfs hidden-with-its-parent rw
"""


def test_what_is_covered_at_its_place_or_above_it_is_not_seen() -> None:
    seen = mountinfo.seen(listed(STACKED))
    assert [entry.id for entry in seen] == [20, 21, 23, 31, 32]


def test_a_mount_on_the_root_itself_hides_what_lies_below() -> None:
    text = STACKED + "40 20 0:12 / / rw - tmpfs over-everything rw\n"
    assert [entry.id for entry in mountinfo.seen(listed(text))] == [40]


def test_in_a_chroot_no_root_is_listed_and_the_rest_is_seen() -> None:
    entries = listed("50 49 0:5 / /cache rw - tmpfs t rw")
    assert mountinfo.seen(entries) == entries
    assert mountinfo.covering(entries, "/cache/uv") == entries[0]
    assert mountinfo.covering(entries, "/home") is None


def test_a_path_lies_on_the_innermost_mount_whether_it_exists_or_not() -> None:
    seen = mountinfo.seen(listed(STACKED))
    found = [mountinfo.covering(seen, path) for path in ("/", "/ab", "/a/b/c", "/dev/shm/x")]  # noqa: S108 - a name
    assert [entry.id for entry in found if entry] == [20, 20, 32, 23]


def stacked() -> list[bool]:
    with open_laboratory() as laboratory:
        place = f"{laboratory.sites}/place"
        Path(place, "below").mkdir(parents=True)
        found = []
        with mounts.tmpfs(f"{place}/below"), mounts.tmpfs(place):
            seen = mountinfo.seen(mountinfo.read())
            found.append([entry.at for entry in seen if mountinfo.holds(place, entry.at)] == [place])
            device = os.stat(place).st_dev
            entry = mountinfo.covering(seen, f"{place}/below")
            found.append(entry is not None and entry.device == f"{os.major(device)}:{os.minor(device)}")
        return found


def test_the_kernel_agrees_on_what_is_seen() -> None:
    assert call(stacked) == [True, True]
