"""What operations do on a real filesystem; `tests/reference/test_memory.py` compares all of them with a model."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.drivers import perform
from harness.errors import OperationRefused
from harness.kernel import mounts
from harness.model import operation as op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.kernel.laboratory import Laboratory

PAGE = 4096


@contextmanager
def small(laboratory: Laboratory) -> Iterator[Path]:
    """A tmpfs of eight pages, with four of them taken by a file."""
    root = Path(laboratory.sites, "perform")
    root.mkdir()
    with mounts.tmpfs(str(root), size=str(8 * PAGE), mode="755"):
        (root / "source").write_bytes(b"x" * 4 * PAGE)
        yield root
    root.rmdir()


@pytest.mark.parametrize("kind", ["create", "copyfile"])
def test_a_file_that_does_not_fit_leaves_nothing(laboratory: Laboratory, kind: str) -> None:
    with small(laboratory) as root:
        new = str(root / "new")
        wanted: dict[str, op.Operation] = {
            "create": op.Create(new, b"y" * 16 * PAGE, 0o644),
            "copyfile": op.CopyFile(str(root / "source"), new),
        }
        (root / "more").write_bytes(b"x" * 2 * PAGE)
        with pytest.raises(OperationRefused, match="ENOSPC") as caught:
            perform(wanted[kind])
        assert caught.value.path == new
        assert sorted(path.name for path in root.iterdir()) == ["more", "source"]


def test_a_clone_that_is_refused_leaves_nothing(laboratory: Laboratory) -> None:
    with small(laboratory) as root:
        with pytest.raises(OperationRefused) as caught:
            perform(op.Clone(str(root / "source"), str(root / "new")))
        assert caught.value.errno == errno.EOPNOTSUPP  # tmpfs cannot clone
        assert [path.name for path in root.iterdir()] == ["source"]


def test_modes_are_exact_whatever_the_umask(laboratory: Laboratory) -> None:
    umask = os.umask(0o077)
    try:
        with small(laboratory) as root:
            perform(op.Create(str(root / "new"), b"", 0o755))
            perform(op.CopyFile(str(root / "new"), str(root / "copy")))
            assert [stat.S_IMODE((root / name).stat().st_mode) for name in ("new", "copy")] == [0o755, 0o755]
    finally:
        os.umask(umask)


@pytest.mark.parametrize("kind", ["create", "copyfile"])
def test_new_files_are_never_made_through_a_link(laboratory: Laboratory, kind: str) -> None:
    with small(laboratory) as root:
        (root / "link").symlink_to(root / "elsewhere")
        link = str(root / "link")
        wanted: dict[str, op.Operation] = {
            "create": op.Create(link, b"y", 0o644),
            "copyfile": op.CopyFile(str(root / "source"), link),
        }
        with pytest.raises(OperationRefused, match="EEXIST"):
            perform(wanted[kind])
        assert not (root / "elsewhere").exists()


def test_a_link_to_a_link_is_a_name_of_the_link_itself(laboratory: Laboratory) -> None:
    with small(laboratory) as root:
        (root / "link").symlink_to("source")
        perform(op.Link(str(root / "link"), str(root / "second")))
        assert (root / "second").is_symlink()


def test_other_kinds_of_files_are_told_apart(laboratory: Laboratory) -> None:
    with small(laboratory) as root:
        os.mkfifo(root / "fifo")
        assert op.Listed("fifo", "other") in perform(op.ListDirectory(str(root)))
        assert perform(op.Lstat(str(root / "fifo"))).kind == "other"


def test_a_refusal_carries_both_paths_the_operation_and_the_errno() -> None:
    with pytest.raises(OperationRefused) as caught:
        perform(op.Rename("/nonexistent/source", "/nonexistent/target"))
    assert str(caught.value) == (
        "/nonexistent/target (from /nonexistent/source): rename: ENOENT (No such file or directory)"
    )
