"""What each operation does on a real filesystem; the only place where a program's effects happen."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeAlias

from harness.errors import OperationRefused
from harness.kernel import syscalls
from harness.kernel.cloning import clone
from harness.model import operation as op

# Performs one operation and gives its answer. Raises OperationRefused.
Perform: TypeAlias = Callable[[op.Operation], Any]

_PIECE = 1 << 20

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symlink"}


def perform(operation: op.Operation) -> Any:  # noqa: ANN401 - each operation documents its own answer
    """Do one operation.

    Raises:
        OperationRefused: the system call failed; carries operation, paths and errno.
    """
    try:
        return _TABLE[operation.__class__](*operation)
    except OSError as error:
        raise refused(operation, error.errno or 0) from error


def refused(operation: op.Operation, number: int) -> OperationRefused:
    """The refusal of an operation with an errno; the path acted on comes first, the one it came from second."""
    return OperationRefused(
        path=getattr(operation, "path", ""),
        second=getattr(operation, "source", ""),
        operation=operation.__class__.__name__.lower(),
        errno=number,
    )


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


@contextmanager
def _new(path: str, mode: int) -> Iterator[int]:
    """A new file's descriptor; the file gets its mode at the end, and is gone again if anything failed on the way."""
    descriptor = os.open(path, _NEW, 0o600)
    try:
        yield descriptor
        # fchmod, not open's mode: that one is cut by the process's umask.
        os.fchmod(descriptor, mode)
    except OSError:
        os.unlink(path)
        raise
    finally:
        os.close(descriptor)


def _create(path: str, data: bytes, mode: int) -> None:
    with _new(path, mode) as descriptor:
        _write_all(descriptor, data)


def _truncate(path: str, mode: int) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode))


def _write(path: str, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        _write_all(descriptor, data)
    finally:
        os.close(descriptor)


def _copy_file(source: str, path: str, umask: int | None) -> None:
    with open(source, "rb", buffering=0) as reader, _new(path, _mode(reader.fileno(), umask)) as descriptor:
        while data := reader.read(_PIECE):
            _write_all(descriptor, data)


def _clone(source: str, path: str, umask: int | None) -> None:
    with open(source, "rb", buffering=0) as reader, _new(path, _mode(reader.fileno(), umask)) as descriptor:
        clone(reader.fileno(), descriptor)


def _mode(source: int, umask: int | None) -> int:
    """The mode of a copy: the original's, or what the umask leaves of a new file's, executable if the original is."""
    mode = stat.S_IMODE(os.fstat(source).st_mode)
    return mode if umask is None else (0o777 if mode & stat.S_IXUSR else 0o666) & ~umask


def _kind(mode: int) -> str:
    return _KINDS.get(stat.S_IFMT(mode), "other")


def _lstat(path: str) -> op.Status:
    status = os.lstat(path)
    return op.Status(_kind(status.st_mode), stat.S_IMODE(status.st_mode), status.st_size)


def _listed_kind(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return "symlink"
    if entry.is_dir(follow_symlinks=False):
        return "directory"
    return "file" if entry.is_file(follow_symlinks=False) else "other"


def _list_directory(path: str) -> tuple[op.Listed, ...]:
    with os.scandir(path) as entries:
        return tuple(op.Listed(entry.name, _listed_kind(entry)) for entry in entries)


def _read_file(path: str) -> bytes:
    with open(path, "rb", buffering=0) as reader:
        return reader.read()


def _digest(path: str) -> str:
    with open(path, "rb", buffering=0) as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest()


def _real_path(path: str) -> str:
    return os.path.realpath(path)


def _note(text: str) -> None:
    """Nothing happens to the filesystem; drivers that keep notes look at the operation itself."""


_TABLE: dict[type, Callable[..., Any]] = {
    op.Mkdir: os.mkdir,
    op.Rmdir: os.rmdir,
    op.Create: _create,
    op.Truncate: _truncate,
    op.Write: _write,
    op.CopyFile: _copy_file,
    op.Link: partial(os.link, follow_symlinks=False),
    op.Clone: _clone,
    op.Symlink: os.symlink,
    op.Rename: os.rename,
    op.Exchange: partial(syscalls.renameat2, flags=syscalls.RENAME_EXCHANGE),
    op.Unlink: os.unlink,
    op.Chmod: os.chmod,
    op.ListDirectory: _list_directory,
    op.ReadFile: _read_file,
    op.Digest: _digest,
    op.Lstat: _lstat,
    op.RealPath: _real_path,
    op.Note: _note,
}
