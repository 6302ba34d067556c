"""A filesystem in memory that performs operations as Linux does: inodes, links, modes, mounts, read-only mounts.

`test_memory` holds it to the kernel's own answers, operation by operation.
"""

from __future__ import annotations

import errno
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from harness.drivers.perform import refused
from harness.model import operation as op

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NAME_LIMIT = 255
_LINKS_FOLLOWED = 40


@dataclass(slots=True, eq=False)
class File:
    """An inode: every name of it shares content and mode."""

    content: bytes = b""
    mode: int = 0o644


@dataclass(slots=True, eq=False)
class Directory:
    """A directory: names in order of creation."""

    mode: int = 0o755
    names: dict[str, Inode] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Link:
    """A symbolic link."""

    target: str


Inode: TypeAlias = File | Directory | Link


@dataclass(slots=True, eq=False)
class Mount:
    """What covers a path: a whole filesystem, a directory, or a single file; `device` tells filesystems apart."""

    root: Inode
    device: int
    read_only: bool = False


@dataclass(slots=True)
class _Place:
    """A path with its links followed as far as asked: the directory it lies in, and what is there now.

    `covered` is what lies below a mount point: renaming and removing look at it, everything else at `inode`.
    """

    path: str
    directory: Directory
    name: str
    mount: Mount
    covered: Inode | None
    inode: Inode | None
    inner: Mount


class Memory:
    """A filesystem; `perform` is its driver."""

    def __init__(self, *, umask: int = 0o022, clones: bool = False) -> None:
        self._umask = umask
        self._clones = clones
        self.mounts: dict[str, Mount] = {"/": Mount(Directory(), 0)}

    def perform(self, operation: op.Operation) -> Any:  # noqa: ANN401 - as harness.drivers.perform
        """Do one operation. Raises OperationRefused with the errno that Linux would give."""
        try:
            return _TABLE[operation.__class__](self, *operation)
        except OSError as error:
            raise refused(operation, error.errno or 0) from None

    def mount(self, path: str, root: Inode | None = None, *, read_only: bool = False) -> None:
        """Cover a path with a new filesystem, or with an inode of the root filesystem; directories are made."""
        if root is None or isinstance(root, Directory):
            self.make(path)
        new = Mount(Directory(), len(self.mounts), read_only)
        self.mounts[path] = new if root is None else Mount(root, 0, read_only)

    def make(self, path: str) -> None:
        """As mkdir -p."""
        below = ""
        for name in path.strip("/").split("/"):
            below += f"/{name}"
            place = self._place(below)
            if place.inode is None:
                place.directory.names[name] = Directory()

    def inode(self, path: str) -> Inode | None:
        """What is at a path, its last link not followed."""
        try:
            return self._place(path).inode
        except OSError:
            return None

    def tree(self, root: str) -> dict[str, tuple[str, int, bytes | str]]:
        """Everything below a directory, mounts entered: kind, mode, content or target by path."""
        found: dict[str, tuple[str, int, bytes | str]] = {}
        for path, inode in self.walk(root):
            if isinstance(inode, File):
                found[path] = ("file", inode.mode, inode.content)
            elif isinstance(inode, Directory):
                found[path] = ("directory", inode.mode, b"")
            else:
                found[path] = ("symlink", 0o777, inode.target)
        return found

    def walk(self, root: str) -> Iterator[tuple[str, Inode]]:
        """Path and inode of everything below a directory, mounts entered."""
        directory = self.inode(root)
        if isinstance(directory, Directory):
            yield from self._below(root.rstrip("/"), directory)

    def _below(self, root: str, directory: Directory) -> Iterator[tuple[str, Inode]]:
        for name, covered in list(directory.names.items()):
            path = f"{root}/{name}"
            inode = self.mounts[path].root if path in self.mounts else covered
            yield path, inode
            if isinstance(inode, Directory):
                yield from self._below(path, inode)

    # Walking paths.

    def _place(self, path: str, *, follow: bool = False, depth: int = 0) -> _Place:
        """Raises OSError where a directory on the way is missing or none."""
        if depth > _LINKS_FOLLOWED:
            raise _error(errno.ELOOP)
        mount = self.mounts["/"]
        at, inode = "", mount.root
        place = _Place("/", Directory(), "", mount, inode, inode, mount)
        parts = [part for part in path.split("/") if part]
        for index, name in enumerate(parts):
            if not isinstance(inode, Directory):
                raise _error(errno.ENOTDIR)
            if len(name.encode()) > _NAME_LIMIT:
                raise _error(errno.ENAMETOOLONG)
            last = index == len(parts) - 1
            covered = inode.names.get(name)
            inner = self.mounts.get(f"{at}/{name}")
            below = inner.root if inner and covered is not None else covered
            place = _Place(f"{at}/{name}", inode, name, mount, covered, below, inner or mount)
            if isinstance(below, Link) and (follow or not last):
                rest = "/".join([_joined(at, below.target), *parts[index + 1 :]])
                return self._place(rest, follow=follow, depth=depth + 1)
            if not last:
                if below is None:
                    raise _error(errno.ENOENT)
                inode, at, mount = below, f"{at}/{name}", inner or mount
        return place

    def _existing(self, path: str, *, follow: bool = True) -> _Place:
        place = self._place(path, follow=follow)
        if place.inode is None:
            raise _error(errno.ENOENT)
        return place

    def _free(self, path: str) -> _Place:
        """A place where a new name can be made (filename_create in fs/namei.c: EEXIST comes before EROFS)."""
        place = self._place(path)
        if place.covered is not None:
            raise _error(errno.EEXIST)
        _writable(place.mount)
        return place

    # The operations.

    def _mkdir(self, path: str, mode: int) -> None:
        place = self._free(path)
        place.directory.names[place.name] = Directory(mode & ~self._umask)

    def _rmdir(self, path: str) -> None:
        place = self._place(path)
        _writable(place.mount)
        if place.covered is None:
            raise _error(errno.ENOENT)
        if not isinstance(place.covered, Directory):
            raise _error(errno.ENOTDIR)
        self._not_mounted(place)
        if place.covered.names:
            raise _error(errno.ENOTEMPTY)
        del place.directory.names[place.name]

    def _create(self, path: str, data: bytes, mode: int) -> None:
        place = self._free(path)
        place.directory.names[place.name] = File(bytes(data), mode)

    def _truncate(self, path: str, mode: int) -> None:
        place = self._place(path, follow=True)
        if isinstance(place.inode, Directory):
            raise _error(errno.EISDIR)
        _writable(place.inner)
        if place.inode is None:
            place.directory.names[place.name] = File(b"", mode & ~self._umask)
        elif isinstance(place.inode, File):
            place.inode.content = b""

    def _write(self, path: str, data: bytes) -> None:
        place = self._existing(path)
        file = _file(place.inode)
        _writable(place.inner)
        file.content = data + file.content[len(data) :]

    def _copy_file(self, source: str, path: str, umask: int | None = None) -> None:
        file = _file(self._existing(source).inode)
        mode = file.mode if umask is None else (0o777 if file.mode & 0o100 else 0o666) & ~umask
        self._create(path, file.content, mode)

    def _clone(self, source: str, path: str) -> None:
        from_ = self._existing(source)
        self._copy_file(source, path)
        to = self._place(path)
        # Unlike link(2), FICLONE crosses mounts of one filesystem (remap_range.c compares superblocks).
        crossing = from_.inner.device != to.mount.device
        if crossing or not self._clones:
            del to.directory.names[to.name]
            raise _error(errno.EXDEV if crossing else errno.EOPNOTSUPP)

    def _link(self, source: str, path: str) -> None:
        from_ = self._existing(source, follow=False)
        to = self._free(path)
        if from_.inner is not to.mount:
            raise _error(errno.EXDEV)
        if from_.inode is None or isinstance(from_.inode, Directory):
            raise _error(errno.EPERM)
        to.directory.names[to.name] = from_.inode

    def _symlink(self, source: str, path: str) -> None:
        place = self._free(path)
        place.directory.names[place.name] = Link(source)

    def _rename(self, source: str, path: str) -> None:
        """The order of checks is that of do_renameat2 and vfs_rename (fs/namei.c)."""
        from_, to = self._place(source), self._place(path)
        if from_.mount is not to.mount:
            raise _error(errno.EXDEV)
        _writable(from_.mount)
        moved = from_.covered
        if moved is None:
            raise _error(errno.ENOENT)
        if isinstance(moved, Directory) and f"{to.path}/".startswith(f"{from_.path}/") and to.path != from_.path:
            raise _error(errno.EINVAL)
        if f"{from_.path}/".startswith(f"{to.path}/") and to.path != from_.path:
            raise _error(errno.ENOTEMPTY)
        if moved is to.covered:
            return
        self._replaceable(moved, to.covered)
        self._not_mounted(from_)
        self._not_mounted(to)
        if isinstance(to.covered, Directory) and to.covered.names:
            raise _error(errno.ENOTEMPTY)
        del from_.directory.names[from_.name]
        to.directory.names.pop(to.name, None)
        to.directory.names[to.name] = moved
        self._move_mounts(from_.path, to.path)

    def _replaceable(self, moved: Inode, target: Inode | None) -> None:
        if target is not None and isinstance(moved, Directory) != isinstance(target, Directory):
            raise _error(errno.ENOTDIR if isinstance(moved, Directory) else errno.EISDIR)

    def _move_mounts(self, source: str, path: str) -> None:
        for at in list(self.mounts):
            if at.startswith(f"{source}/"):
                self.mounts[path + at[len(source) :]] = self.mounts.pop(at)

    def _not_mounted(self, place: _Place) -> None:
        if place.path in self.mounts:
            raise _error(errno.EBUSY)

    def _unlink(self, path: str) -> None:
        place = self._place(path)
        _writable(place.mount)
        if place.covered is None:
            raise _error(errno.ENOENT)
        if isinstance(place.covered, Directory):
            raise _error(errno.EISDIR)
        self._not_mounted(place)
        del place.directory.names[place.name]

    def _chmod(self, path: str, mode: int) -> None:
        place = self._existing(path)
        _writable(place.inner)
        if isinstance(place.inode, File | Directory):
            place.inode.mode = mode

    def _list_directory(self, path: str) -> tuple[op.Listed, ...]:
        directory = self._existing(path).inode
        if not isinstance(directory, Directory):
            raise _error(errno.ENOTDIR)
        # Newest first, as tmpfs does.
        return tuple(op.Listed(name, _kind(inode)) for name, inode in reversed(directory.names.items()))

    def _read_file(self, path: str) -> bytes:
        return _file(self._existing(path).inode).content

    def _digest(self, path: str) -> str:
        return hashlib.sha256(self._read_file(path)).hexdigest()

    def _lstat(self, path: str) -> op.Status:
        inode = self._existing(path, follow=False).inode
        if isinstance(inode, File):
            return op.Status("file", inode.mode, len(inode.content))
        if isinstance(inode, Link):
            return op.Status("symlink", 0o777, len(inode.target.encode()))
        return op.Status("directory", inode.mode if inode else 0, 0)

    def _real_path(self, path: str, depth: int = 0) -> str:
        """As os.path.realpath does it: what is missing stays as it is spelled."""
        real = ""
        for name in path.strip("/").split("/"):
            inode = self.inode(f"{real}/{name}")
            if isinstance(inode, Link) and depth < _LINKS_FOLLOWED:
                real = self._real_path(_joined(real, inode.target), depth + 1)
            else:
                real = f"{real}/{name}"
        return real

    def _note(self, text: str) -> None:
        pass


def _error(number: int) -> OSError:
    return OSError(number, errno.errorcode[number])


def _writable(mount: Mount) -> None:
    if mount.read_only:
        raise _error(errno.EROFS)


def _file(inode: Inode | None) -> File:
    if not isinstance(inode, File):
        raise _error(errno.EISDIR)
    return inode


def _kind(inode: Inode) -> str:
    return {File: "file", Directory: "directory", Link: "symlink"}[inode.__class__]


def _joined(directory: str, target: str) -> str:
    """A link's target as an absolute path. Only targets whose `..` come first occur here."""
    if target.startswith("/"):
        return target
    parts = directory.split("/")
    for part in target.split("/"):
        if part == "..":
            parts[-1:] = []
        else:
            parts.append(part)
    return "/".join(parts)


_TABLE: dict[type, Callable[..., Any]] = {
    op.Mkdir: Memory._mkdir,
    op.Rmdir: Memory._rmdir,
    op.Create: Memory._create,
    op.Truncate: Memory._truncate,
    op.Write: Memory._write,
    op.CopyFile: Memory._copy_file,
    op.Link: Memory._link,
    op.Clone: Memory._clone,
    op.Symlink: Memory._symlink,
    op.Rename: Memory._rename,
    op.Unlink: Memory._unlink,
    op.Chmod: Memory._chmod,
    op.ListDirectory: Memory._list_directory,
    op.ReadFile: Memory._read_file,
    op.Digest: Memory._digest,
    op.Lstat: Memory._lstat,
    op.RealPath: Memory._real_path,
    op.Note: Memory._note,
}
