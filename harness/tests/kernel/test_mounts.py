"""Mounts are what was asked for, explain why not, and are gone when left."""

from __future__ import annotations

import errno
import os
import pickle
import stat
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import MountFailed
from harness.kernel import mountinfo, mounts
from harness.kernel.laboratory import open_laboratory
from harness.tests.kernel.child import call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def site(*names: str) -> Iterator[Path]:
    """A directory in a fresh laboratory with empty directories of these names."""
    with open_laboratory() as laboratory:
        root = Path(laboratory.sites, "1")
        for name in ("", *names):
            (root / name).mkdir()
        yield root


def refused(deed: Callable[[], object]) -> str:
    """The name of the errno that something is refused with."""
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the errno is what the caller looks at
        deed()
    return errno.errorcode[caught.value.errno or 0]


def entry(path: Path) -> mountinfo.MountEntry:
    (found,) = mountinfo.below(str(path))
    return found


def tmpfs_with_everything() -> tuple[Any, ...]:
    with (
        site("t") as root,
        mounts.tmpfs(str(root / "t"), size="64k", inodes=10, mode="1770", flags=("noexec", "nosuid", "nodev")),
    ):
        seen = entry(root / "t")
        return seen.type, seen.options, seen.super_options, stat.S_IMODE((root / "t").stat().st_mode)


def test_tmpfs_options_and_flags_are_read_back(user: str) -> None:
    kind, options, super_options, mode = call(tmpfs_with_everything, user=user)
    assert kind == "tmpfs"
    assert {"rw", "noexec", "nosuid", "nodev"} <= set(options)
    assert {"size=64k", "nr_inodes=10", "mode=1770"} <= set(super_options)
    assert mode == 0o1770


def bind_of_a_directory() -> tuple[Any, ...]:
    with site("source", "target") as root:
        (root / "source" / "file").touch()
        with mounts.bind(str(root / "source"), str(root / "target")):
            across = refused(lambda: os.link(root / "source/file", root / "target/link"))
        with mounts.bind(str(root / "source"), str(root / "target"), flags=("ro",)):
            (root / "source/new").touch()
            return (
                entry(root / "target").options[0],
                (root / "source").stat().st_dev == (root / "target").stat().st_dev,
                across,
                refused((root / "target/new").unlink),
            )


def test_a_bound_directory_takes_flags_that_its_source_does_not(user: str) -> None:
    assert call(bind_of_a_directory, user=user) == ("ro", True, "EXDEV", "EROFS")


def bind_of_a_file() -> tuple[Any, ...]:
    with site() as root:
        (root / "source").write_bytes(b"source")
        (root / "target").write_bytes(b"target")
        with mounts.bind(str(root / "source"), str(root / "target")):
            covered = (root / "target").read_bytes(), refused((root / "target").unlink)
        return *covered, (root / "target").read_bytes()


def test_a_bound_file_covers_another_until_left(user: str) -> None:
    assert call(bind_of_a_file, user=user) == (b"source", "EBUSY", b"target")


def bind_over_a_mount(*, recursive: bool) -> tuple[bool, int]:
    with site("source", "target") as root:
        (root / "source/inner").mkdir()
        with mounts.tmpfs(str(root / "source/inner")):
            (root / "source/inner/file").touch()
            with mounts.bind(str(root / "source"), str(root / "target"), recursive=recursive):
                seen = (root / "target/inner/file").exists()
            return seen, len(mountinfo.below(str(root / "target")))


def recursive_bind() -> tuple[bool, int]:
    return bind_over_a_mount(recursive=True)


def flat_bind() -> tuple[bool, int]:
    return bind_over_a_mount(recursive=False)


def test_only_a_recursive_bind_shows_the_mounts_below(user: str) -> None:
    assert call(recursive_bind, user=user) == (True, 0)
    assert call(flat_bind, user=user) == (False, 0)


def overlay_of_two_lowers() -> tuple[Any, ...]:
    with site("top", "bottom", "upper", "work", "merged") as root:
        for layer in ("top", "bottom"):
            (root / layer / "both").write_text(layer, encoding="ascii")
        (root / "bottom/only").write_bytes(b"below")
        lowers = [str(root / "top"), str(root / "bottom")]
        with mounts.overlay(
            str(root / "merged"), lowers=lowers, upper=str(root / "upper"), work=str(root / "work"), flags=("noexec",)
        ):
            (root / "merged/only").write_bytes(b"above")
            seen = (root / "merged/both").read_text(encoding="ascii"), "noexec" in entry(root / "merged").options
        return *seen, (root / "bottom/only").read_bytes(), (root / "upper/only").read_bytes()


def test_overlay_stacks_its_lowers_and_writes_to_the_upper(user: str) -> None:
    assert call(overlay_of_two_lowers, user=user) == ("top", True, b"below", b"above")


def overlay_over_its_lower(name: str) -> list[bool]:
    with site(name, "upper", "work") as root:
        lower = root / name
        (lower / "old").touch()
        with mounts.overlay(str(lower), lowers=[str(lower)], upper=str(root / "upper"), work=str(root / "work")):
            (lower / "new").touch()
            inside = (lower / "old").exists()
        return [inside, (lower / "old").exists(), (lower / "new").exists(), (root / "upper/new").exists()]


@pytest.mark.parametrize("name", ["lower", "colon:comma,equals=", "space back\\slash"])
def test_overlay_may_cover_its_own_lower_whatever_its_name(user: str, name: str) -> None:
    assert call(overlay_over_its_lower, name, user=user) == [True, True, False, True]


def overlay_of_joined_lowers(names: tuple[str, ...]) -> list[str]:
    with site(*names, "upper", "work", "merged") as root:
        for name in names:
            (root / name / f"from {name}").touch()
        lowers = mounts._joined([str(root / name) for name in names])
        layers = (lowers, f"upperdir={root}/upper", f"workdir={root}/work")
        mounts._mount_new("overlay", str(root / "merged"), "overlay", layers, ())
        return sorted(path.name for path in (root / "merged").iterdir())


def test_lowers_joined_for_older_kernels_keep_their_names(user: str) -> None:
    names = ("a:b", "back\\slash", "plain")
    assert call(overlay_of_joined_lowers, names, user=user) == sorted(f"from {name}" for name in names)


def remounted() -> tuple[Any, ...]:
    with site("t") as root, mounts.tmpfs(str(root / "t"), flags=("nosuid",)):
        with mounts.remount(str(root / "t"), flags=("ro", "nosuid")):
            during = entry(root / "t").options[:2], refused((root / "t/file").touch)
        (root / "t/file").touch()
        return *during, entry(root / "t").options[:2]


def test_remount_is_undone_and_keeps_older_flags(user: str) -> None:
    assert call(remounted, user=user) == (("ro", "nosuid"), "EROFS", ("rw", "nosuid"))


def remounted_and_taken_down() -> None:
    with site("t") as root, ExitStack() as outer:
        inner = outer.enter_context(ExitStack())
        with ExitStack() as mount:
            mount.enter_context(mounts.tmpfs(str(root / "t")))
            inner.enter_context(mounts.remount(str(root / "t"), flags=("ro",)))


def test_remount_of_a_mount_that_is_gone_is_left_quietly() -> None:
    call(remounted_and_taken_down)


def remount_of_no_mount() -> None:
    with site("t") as root, mounts.remount(str(root / "t"), flags=("ro",)):
        pass


def test_remount_of_what_is_no_mount_point_is_refused() -> None:
    with pytest.raises(MountFailed) as caught:
        call(remount_of_no_mount)
    assert (caught.value.operation, caught.value.type, caught.value.errno) == ("mount_setattr", "remount", errno.EINVAL)


def tmpfs_of_bad_size() -> None:
    with site("t") as root, mounts.tmpfs(str(root / "t"), size="huge", flags=("ro",)):
        pass


def test_the_kernels_own_words_reach_the_exception(user: str) -> None:
    with pytest.raises(MountFailed) as caught:
        call(tmpfs_of_bad_size, user=user)
    failed = caught.value
    assert (failed.operation, failed.type, failed.errno) == ("fsconfig", "tmpfs", errno.EINVAL)
    assert failed.path.endswith("/1/t")
    assert failed.options == ("size=huge", "ro")
    assert failed.words == ("e tmpfs: Bad value for 'size'",)
    assert "the kernel says: e tmpfs: Bad value for 'size'" in str(failed)


def overlay_with_a_long_path() -> None:
    with site("upper", "work", "merged") as root:
        mounts.overlay(str(root / "merged"), lowers=["/" + "x" * 300], upper="/", work="/").__enter__()


def test_a_path_too_long_for_the_kernel_is_explained() -> None:
    with pytest.raises(MountFailed, match="longer than 255 bytes"):
        call(overlay_with_a_long_path)


def overlay_with_unknown_option() -> None:
    with site("lower", "upper", "work", "merged") as root:
        lower, upper, work, merged = (str(root / name) for name in ("lower", "upper", "work", "merged"))
        mounts.overlay(merged, lowers=[lower], upper=upper, work=work, options=("colour=red",)).__enter__()


def test_an_option_nobody_knows_is_named_by_the_kernel() -> None:
    with pytest.raises(MountFailed, match="Unknown parameter 'colour'"):
        call(overlay_with_unknown_option)


def bind_of_nothing() -> None:
    with site("target") as root, mounts.bind(str(root / "absent"), str(root / "target")):
        pass


def test_a_bind_of_nothing_is_refused_before_it_is_attached() -> None:
    with pytest.raises(MountFailed) as caught:
        call(bind_of_nothing)
    assert (caught.value.operation, caught.value.type, caught.value.errno) == ("open_tree", "bind", errno.ENOENT)


def mount_on_a_symlink() -> str:
    with site("target") as root:
        (root / "link").symlink_to("target")
        with pytest.raises(MountFailed) as caught:
            mounts.tmpfs(str(root / "link")).__enter__()
        return caught.value.operation


def test_a_mount_point_that_is_a_symbolic_link_is_not_followed(user: str) -> None:
    assert call(mount_on_a_symlink, user=user) == "move_mount"


def build(root: Path, order: list[str]) -> None:
    with ExitStack() as stack:
        for name in ("a", "a/inner", "b", "absent"):
            if name == "a/inner":
                (root / name).mkdir()
            stack.callback(order.append, f"after {name}")
            stack.enter_context(mounts.tmpfs(str(root / name)))
            stack.callback(order.append, f"before {name}")


def failing_half_way() -> tuple[list[str], list[str]]:
    with site("a", "b") as root:
        order: list[str] = []
        with pytest.raises(MountFailed):
            build(root, order)
        return order, [seen.at for seen in mountinfo.below(str(root))]


def test_a_build_that_fails_half_way_is_unwound_in_reverse(user: str) -> None:
    order, left = call(failing_half_way, user=user)
    assert order == ["after absent", "before b", "after b", "before a/inner", "after a/inner", "before a", "after a"]
    assert left == []


def mounts_that_stay() -> tuple[int, int]:
    with site("t", "other") as root:
        t = str(root / "t")
        with mounts.tmpfs(t, leave="detach"):
            for name in ("a", "b", "c", "o", "u", "w"):
                (root / "t" / name).mkdir()
            with (
                mounts.tmpfs(f"{t}/a", leave="stay"),
                mounts.bind(f"{t}/a", f"{t}/b", leave="stay"),
                mounts.overlay(f"{t}/o", lowers=[f"{t}/c"], upper=f"{t}/u", work=f"{t}/w", leave="stay"),
            ):
                pass
            stayed = len(mountinfo.below(t))
        return stayed, len(mountinfo.below(t))


def test_mounts_that_stay_go_with_the_one_they_lie_on(user: str) -> None:
    assert call(mounts_that_stay, user=user) == (4, 0)


def open_descriptors() -> tuple[int, int]:
    with site("t", "source") as root:
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(3):
            with mounts.tmpfs(str(root / "t")), mounts.bind(str(root / "source"), str(root / "t")):
                pass
            for bad in (mounts.tmpfs(str(root / "t"), size="x"), mounts.tmpfs("/absent"), mounts.bind("/", "/absent")):
                with pytest.raises(MountFailed):
                    bad.__enter__()
        return before, len(os.listdir("/proc/self/fd"))


def test_no_descriptor_is_left_open_on_any_path() -> None:
    before, after = call(open_descriptors)
    assert before == after


def keep_open(root: Path, opened: ExitStack) -> None:
    with mounts.tmpfs(str(root / "t")):
        opened.enter_context((root / "t/file").open("w"))


def left_in_use() -> tuple[MountFailed, list[str], str]:
    with site("t") as root, ExitStack() as opened:
        with pytest.raises(MountFailed) as caught:
            keep_open(root, opened)
        return caught.value, [seen.at for seen in mountinfo.below(str(root))], str(os.getpid())


def test_a_mount_in_use_is_reported_and_taken_down_all_the_same(user: str) -> None:
    failed, left, pid = call(left_in_use, user=user)
    assert (failed.operation, failed.errno) == ("umount2", errno.EBUSY)
    assert any(pid in word and word.endswith("/1/t/file") for word in failed.users)
    assert left == []


def keep_open_and_fail(root: Path, opened: ExitStack) -> None:
    with mounts.tmpfs(str(root / "t")):
        opened.enter_context((root / "t/file").open("w"))
        raise ZeroDivisionError


def left_in_use_after_another_error() -> list[str]:
    with site("t") as root, ExitStack() as opened:
        with pytest.raises(ZeroDivisionError) as caught:
            keep_open_and_fail(root, opened)
        return caught.value.__notes__


def test_an_error_under_way_is_not_hidden_by_a_mount_in_use() -> None:
    (note,) = call(left_in_use_after_another_error)
    assert "EBUSY" in note


def test_mount_failures_survive_pickling() -> None:
    failed = MountFailed(
        operation="fsconfig", path="/a", type="tmpfs", options=("size=x",), errno=22, words=("e no",), users=("me",)
    )
    assert str(pickle.loads(pickle.dumps(failed))) == str(failed)  # noqa: S301 - our own bytes
