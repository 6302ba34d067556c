"""Operation: one thing a program does to a filesystem that others can observe, or reads from it.

Operations are named tuples, not dataclasses: the reference core yields one per file it places, and a named tuple is
made three times faster than a frozen dataclass. Paths are absolute and real (a site's, not a layout's).
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple, TypeAlias, TypeVar


class Mkdir(NamedTuple):
    """mkdir(2). Answers None."""

    path: str
    mode: int = 0o777


class Rmdir(NamedTuple):
    """rmdir(2). Answers None."""

    path: str


class Create(NamedTuple):
    """open(2) with O_CREAT|O_EXCL|O_NOFOLLOW, write, fchmod, close: a new file, whole. Answers None.

    Several system calls in one operation: for names that no other program looks at until they are renamed.
    """

    path: str
    data: bytes
    mode: int


class Truncate(NamedTuple):
    """open(2) with O_CREAT|O_TRUNC, close: an empty file under a name others may be reading. Answers None."""

    path: str
    mode: int = 0o666


class Write(NamedTuple):
    """open(2) with O_WRONLY, write, close: the content of a file that exists. Answers None."""

    path: str
    data: bytes


class CopyFile(NamedTuple):
    """A new file with the content and mode of another (O_EXCL|O_NOFOLLOW; copied by the kernel). Answers None.

    With a umask: with the mode of a new file under it, executable if the other is.
    """

    source: str
    path: str
    umask: int | None = None


class Link(NamedTuple):
    """linkat(2), not following. Answers None."""

    source: str
    path: str


class Clone(NamedTuple):
    """A new file sharing the other's extents (FICLONE, ioctl_ficlonerange(2)). Answers None. Its mode: as CopyFile."""

    source: str
    path: str
    umask: int | None = None


class Symlink(NamedTuple):
    """symlink(2): `path` will point to `source`. Answers None."""

    source: str
    path: str


class Rename(NamedTuple):
    """rename(2). Answers None."""

    source: str
    path: str


class Exchange(NamedTuple):
    """renameat2(2) with RENAME_EXCHANGE: each of two names that exist gets the other's file, at once. Answers None.

    EINVAL: this filesystem cannot (NFS, for one); ENOSYS: this C library cannot.
    """

    source: str
    path: str


class Unlink(NamedTuple):
    """unlink(2). Answers None."""

    path: str


class Chmod(NamedTuple):
    """chmod(2). Answers None."""

    path: str
    mode: int


class ListDirectory(NamedTuple):
    """getdents64(2). Answers a tuple of `Listed`, in the order the directory gives (or the driver decides)."""

    path: str


class Listed(NamedTuple):
    """One name in a directory; `kind` is `file`, `directory`, `symlink` or `other`."""

    name: str
    kind: str


class ReadFile(NamedTuple):
    """The content of a file. Answers bytes."""

    path: str


class Digest(NamedTuple):
    """The sha256 of a file's content, read in pieces. Answers str (hexadecimal)."""

    path: str


class Lstat(NamedTuple):
    """lstat(2). Answers a `Status`."""

    path: str


class Status(NamedTuple):
    """What lstat said; `kind` as in `Listed`, mode as permission bits."""

    kind: str
    mode: int
    size: int


class RealPath(NamedTuple):
    """realpath(3): the path with every symbolic link resolved. Answers str."""

    path: str


class Note(NamedTuple):
    """No system call: what the program tells its user besides its result (a fallback, a promise it could not keep)."""

    text: str


Operation: TypeAlias = (
    Mkdir
    | Rmdir
    | Create
    | Truncate
    | Write
    | CopyFile
    | Link
    | Clone
    | Symlink
    | Rename
    | Exchange
    | Unlink
    | Chmod
    | ListDirectory
    | ReadFile
    | Digest
    | Lstat
    | RealPath
    | Note
)

READS = (ListDirectory, ReadFile, Digest, Lstat, RealPath, Note)

Answer = TypeVar("Answer")

# What a driver runs: yields operations, is sent their answers, has OSError thrown in, returns its result.
Program: TypeAlias = Generator[Operation, Any, Answer]
