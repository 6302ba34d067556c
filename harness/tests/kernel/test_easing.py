"""Existing mounts are made easier, as root and in a user namespace, and refusals are told."""

from __future__ import annotations

import errno
from functools import partial
from pathlib import Path

import pytest

from harness.errors import MountFailed
from harness.kernel import easing, mounts
from harness.tests.kernel.child import call
from harness.tests.kernel.test_mounts import entry, refused, site


def larger_limits() -> tuple[str, str, str]:
    with site("t") as root, mounts.tmpfs(str(root / "t"), size="4k", inodes=3, mode="1770", flags=("noexec",)):
        (root / "t/a").write_bytes(b"x" * 4096)
        full = refused(lambda: (root / "t/b").write_bytes(b"x" * 4096))
        easing.reconfigure(str(root / "t"), "size=0", "nr_inodes=0")
        for number in range(9):
            (root / f"t/{number}").write_bytes(b"x" * 4096)
        seen = entry(root / "t")
        return full, ",".join(seen.super_options), ",".join(seen.options)


def test_limits_of_a_tmpfs_end_and_its_other_options_stay(user: str) -> None:
    full, super_options, options = call(larger_limits, user=user)
    assert full == "ENOSPC"
    assert "mode=1770" in super_options
    assert "noexec" in options


def writable_again() -> tuple[str, bool]:
    with site("t") as root, mounts.bind(str(root / "t"), str(root / "t")):
        with mounts.remount(str(root / "t"), flags=("ro",)):
            before = refused((root / "t/a").touch)
            easing.allow_writing(str(root / "t"))
            (root / "t/a").touch()
        return before, (root / "t/a").exists()


def test_a_read_only_mount_can_be_written_again(user: str) -> None:
    assert call(writable_again, user=user) == ("EROFS", True)


def covered_again() -> list[str]:
    with site("t") as root:
        (root / "t/below").mkdir()
        with mounts.tmpfs(str(root / "t"), leave="stay"):
            (root / "t/nested").mkdir()
            with mounts.tmpfs(str(root / "t/nested"), leave="stay"), (root / "t/nested/open").open("w"):
                easing.take_away(str(root / "t"))
        return [path.name for path in (root / "t").iterdir()]


def test_a_mount_in_use_is_taken_away_with_what_lies_on_it(user: str) -> None:
    assert call(covered_again, user=user) == ["below"]


def refusals() -> list[MountFailed]:
    with site("t") as root, mounts.tmpfs(str(root / "t")):
        deeds = (
            partial(easing.take_away, str(root)),
            partial(easing.allow_writing, str(root)),
            partial(easing.reconfigure, str(root), "size=0"),
            partial(easing.reconfigure, str(root / "t"), "size=1x"),
        )
        failed = []
        for deed in deeds:
            with pytest.raises(MountFailed) as caught:
                deed()
            failed.append(caught.value)
        return failed


def test_what_is_no_mount_point_or_no_option_is_told() -> None:
    failed = call(refusals)
    told = [(one.operation, errno.errorcode[one.errno], bool(one.words)) for one in failed]
    assert told == [
        ("umount2", "EINVAL", False),
        ("mount_setattr", "EINVAL", False),
        ("fspick", "EINVAL", False),
        ("fsconfig", "EINVAL", True),
    ]
    assert all(Path(one.path).is_absolute() for one in failed)
