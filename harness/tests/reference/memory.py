"""A filesystem in memory that performs operations as Linux does: inodes, links, modes, mounts, limits of tmpfs.

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
_SHORT_NAME = _NAME_LIMIT // 4  # of so many characters, whatever they are
_LINKS_FOLLOWED = 40
_PAGE = 4096
# Shorter targets of links need no page of their own (SHORT_SYMLINK_LEN in mm/shmem.c).
_SHORT_LINK = 128


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
class Filesystem:
    """A tmpfs: its whole tree, and how many inodes and pages it may have."""

    root: Directory = field(default_factory=Directory)
    inodes: int | None = None
    pages: int | None = None


@dataclass(slots=True, eq=False)
class Mount:
    """What covers a path: a whole filesystem, or a directory or single file of one; `below` is the mount it covers."""

    root: Inode
    filesystem: Filesystem
    read_only: bool = False
    below: Mount | None = None


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
        self.umask = umask
        self.clones = clones
        whole = Filesystem()
        self.mounts: dict[str, Mount] = {"/": Mount(whole.root, whole)}
        self._known: dict[str, tuple[Directory, str, Mount]] = {}

    def perform(self, operation: op.Operation) -> Any:  # noqa: ANN401 - as harness.drivers.perform
        """Do one operation. Raises OperationRefused with the errno that Linux would give."""
        try:
            return _TABLE[operation.__class__](self, *operation)
        except OSError as error:
            raise refused(operation, error.errno or 0) from None

    def mount(
        self, path: str, root: Inode | None = None, *, filesystem: Filesystem | None = None, read_only: bool = False
    ) -> None:
        """Cover a path with a filesystem, by default a new one, or with an inode of one; directories are made."""
        if root is None or isinstance(root, Directory):
            self.make(path)
        filesystem = filesystem or Filesystem()
        self._lay(path, Mount(root or filesystem.root, filesystem, read_only))

    def bind(self, source: str, path: str) -> None:
        """Cover a path with what is at another one; a directory is made."""
        place = self._existing(source)
        if isinstance(place.inode, Directory):
            self.make(path)
        if place.inode is not None:
            # A bind mount has the flags of the mount that it is made from.
            self._lay(path, Mount(place.inode, place.inner.filesystem, place.inner.read_only))

    def _lay(self, path: str, mount: Mount) -> None:
        mount.below = self.mounts.get(path)
        self.mounts[path] = mount
        self.forget()

    def take_away(self, path: str) -> None:
        """Undo the topmost mount at a path, with all that is mounted on it."""
        self.forget()
        gone = self.mounts.pop(path)
        for at in [at for at in self.mounts if at.startswith(f"{path}/")]:
            del self.mounts[at]
        if gone.below is not None:
            self.mounts[path] = gone.below

    def make(self, path: str) -> None:
        """As mkdir -p."""
        below = ""
        for name in path.strip("/").split("/"):
            below += f"/{name}"
            place = self._place(below, follow=True)
            if place.inode is None:
                place.directory.names[place.name] = Directory()

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
        parent, _, name = path.rpartition("/")
        if name in {"", "."}:
            return self._place(parent, follow=True, depth=depth) if parent else self._top()
        directory, at, mount = self._entered(parent, depth)
        if name == "..":
            return self._place(at.rpartition("/")[0], depth=depth)
        if len(name) > _SHORT_NAME and len(name.encode()) > _NAME_LIMIT:
            raise _error(errno.ENAMETOOLONG)
        real = f"{at}/{name}"
        covered = directory.names.get(name)
        inner = self.mounts.get(real) if covered is not None else None
        inode = inner.root if inner else covered
        if follow and isinstance(inode, Link):
            return self._place(_joined(at, inode.target), follow=True, depth=depth + 1)
        return _Place(real, directory, name, mount, covered, inode, inner or mount)

    def _top(self) -> _Place:
        mount = self.mounts["/"]
        return _Place("", Directory(), "", mount, mount.root, mount.root, mount)

    def _entered(self, path: str, depth: int) -> tuple[Directory, str, Mount]:
        """A directory, its real path and mount; remembered until something that paths lead through has changed."""
        found = self._known.get(path)
        if found is None:
            place = self._place(path, follow=True, depth=depth)
            if place.inode is None:
                raise _error(errno.ENOENT)
            if not isinstance(place.inode, Directory):
                raise _error(errno.ENOTDIR)
            found = self._known[path] = (place.inode, place.path, place.inner)
        return found

    def forget(self) -> None:
        """A directory, link or mount has been removed or put elsewhere: paths may lead elsewhere now."""
        self._known.clear()

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

    def _room(self, filesystem: Filesystem, *, names: int = 1, size: int = 0) -> None:
        """Raises OSError where a tmpfs has no inode, or no pages, left (shmem_reserve_inode counts every name)."""
        if filesystem.inodes is None and filesystem.pages is None:
            return
        used, pages = _usage(filesystem.root)
        if filesystem.inodes is not None and names and used + names > filesystem.inodes:
            raise _error(errno.ENOSPC)
        if filesystem.pages is not None and size and pages + _pages(size) > filesystem.pages:
            raise _error(errno.ENOSPC)

    # The operations.

    def _mkdir(self, path: str, mode: int) -> None:
        place = self._free(path)
        self._room(place.mount.filesystem)
        place.directory.names[place.name] = Directory(mode & ~self.umask)

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
        self.forget()

    def _create(self, path: str, data: bytes, mode: int) -> None:
        place = self._free(path)
        self._room(place.mount.filesystem, size=len(data))
        place.directory.names[place.name] = File(bytes(data), mode)

    def _truncate(self, path: str, mode: int) -> None:
        place = self._place(path, follow=True)
        if isinstance(place.inode, Directory):
            raise _error(errno.EISDIR)
        _writable(place.inner)
        if place.inode is None:
            self._room(place.mount.filesystem)
            place.directory.names[place.name] = File(b"", mode & ~self.umask)
        elif isinstance(place.inode, File):
            place.inode.content = b""

    def _write(self, path: str, data: bytes) -> None:
        place = self._existing(path)
        file = _file(place.inode)
        _writable(place.inner)
        filesystem, more = place.inner.filesystem, max(_pages(len(data)) - _pages(len(file.content)), 0)
        left = more if filesystem.pages is None else min(filesystem.pages - _usage(filesystem.root)[1], more)
        # What fits is written, as write(2) does.
        fits = data if left == more else data[: (_pages(len(file.content)) + left) * _PAGE]
        file.content = fits + file.content[len(fits) :]
        if fits is not data:
            raise _error(errno.ENOSPC)

    def _copy_file(self, source: str, path: str, umask: int | None = None) -> None:
        file = _file(self._existing(source).inode)
        mode = file.mode if umask is None else (0o777 if file.mode & 0o100 else 0o666) & ~umask
        self._create(path, file.content, mode)

    def _clone(self, source: str, path: str, umask: int | None = None) -> None:
        from_ = self._existing(source)
        self._copy_file(source, path, umask)
        to = self._place(path)
        # Unlike link(2), FICLONE crosses mounts of one filesystem (remap_range.c compares superblocks).
        crossing = from_.inner.filesystem is not to.mount.filesystem
        if crossing or not self.clones:
            del to.directory.names[to.name]
            raise _error(errno.EXDEV if crossing else errno.EOPNOTSUPP)

    def _link(self, source: str, path: str) -> None:
        from_ = self._existing(source, follow=False)
        to = self._free(path)
        if from_.inner is not to.mount:
            raise _error(errno.EXDEV)
        if from_.inode is None or isinstance(from_.inode, Directory):
            raise _error(errno.EPERM)
        self._room(to.mount.filesystem)
        to.directory.names[to.name] = from_.inode

    def _symlink(self, source: str, path: str) -> None:
        place = self._free(path)
        long = len(source.encode()) + 1
        self._room(place.mount.filesystem, size=long if long > _SHORT_LINK else 0)
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
        if not (isinstance(moved, File) and isinstance(to.covered, File | None)):
            self.forget()
        del from_.directory.names[from_.name]
        to.directory.names.pop(to.name, None)
        to.directory.names[to.name] = moved
        self._move_mounts((from_.path, to.path))

    def _exchange(self, source: str, path: str) -> None:
        """As `_rename`, but for the checks that RENAME_EXCHANGE leaves out."""
        from_, to = self._place(source), self._place(path)
        if from_.mount is not to.mount:
            raise _error(errno.EXDEV)
        _writable(from_.mount)
        one, other = from_.covered, to.covered
        if one is None or other is None:
            raise _error(errno.ENOENT)
        if from_.path != to.path and (
            f"{to.path}/".startswith(f"{from_.path}/") or f"{from_.path}/".startswith(f"{to.path}/")
        ):
            raise _error(errno.EINVAL)
        if one is other:
            return
        self._not_mounted(from_)
        self._not_mounted(to)
        if not (isinstance(one, File) and isinstance(other, File)):
            self.forget()
        from_.directory.names[from_.name], to.directory.names[to.name] = other, one
        self._move_mounts((from_.path, to.path), (to.path, from_.path))

    def _replaceable(self, moved: Inode, target: Inode | None) -> None:
        if target is not None and isinstance(moved, Directory) != isinstance(target, Directory):
            raise _error(errno.ENOTDIR if isinstance(moved, Directory) else errno.EISDIR)

    def _move_mounts(self, *moves: tuple[str, str]) -> None:
        """Those below each of these paths, at once."""
        moved = {}
        for source, path in moves:
            for mount_point in [name for name in self.mounts if name.startswith(f"{source}/")]:
                moved[path + mount_point[len(source) :]] = self.mounts.pop(mount_point)
        self.mounts |= moved

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
        if isinstance(place.covered, Link):
            self.forget()
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
            if name in {"", ".", ".."}:
                real = real.rpartition("/")[0] if name == ".." else real
                continue
            inode = self.inode(f"{real}/{name}")
            if isinstance(inode, Link) and depth < _LINKS_FOLLOWED:
                real = self._real_path(_joined(real, inode.target), depth + 1)
            else:
                real = f"{real}/{name}"
        return real or "/"

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
    """A link's target as an absolute path; its `..` are for `_place` to follow."""
    return target if target.startswith("/") else f"{directory}/{target}"


def _pages(size: int) -> int:
    return -(-size // _PAGE)


def _usage(root: Directory) -> tuple[int, int]:
    """Inodes and pages of a tmpfs: every name is counted, and every content once."""
    names, pages, seen, pending = 1, 0, set(), [root]
    while pending:
        for inode in pending.pop().names.values():
            names += 1
            if isinstance(inode, Directory):
                pending.append(inode)
            elif isinstance(inode, Link):
                pages += len(inode.target.encode()) + 1 > _SHORT_LINK
            elif id(inode) not in seen:
                seen.add(id(inode))
                pages += _pages(len(inode.content))
    return names, pages


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
    op.Exchange: Memory._exchange,
    op.Unlink: Memory._unlink,
    op.Chmod: Memory._chmod,
    op.ListDirectory: Memory._list_directory,
    op.ReadFile: Memory._read_file,
    op.Digest: Memory._digest,
    op.Lstat: Memory._lstat,
    op.RealPath: Memory._real_path,
    op.Note: Memory._note,
}
