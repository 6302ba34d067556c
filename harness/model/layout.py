"""Layout: which mounts there are, and where each role of an installation lies on them."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

MountType: TypeAlias = Literal["tmpfs", "bind", "overlay"]
MountFlag: TypeAlias = Literal["ro", "noexec", "nosuid", "nodev"]
Moment: TypeAlias = Literal["start", "image"]
Deed: TypeAlias = Literal["link", "rename", "rename-directory", "write", "execute", "same-device"]

ROLES = ("cache", "environment", "temporary", "wheelhouse", "purelib", "platlib", "scripts", "data", "headers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One mount of a layout.

    Attributes:
        at: where: an absolute path inside the site, or one that starts with a role (`{site_packages}/nvidia`).
        type: `tmpfs`, `bind` or `overlay`.
        source: for a bind: a path inside the site, or a bare name: a *volume*, a directory on a filesystem of its own.
            Created where it does not exist. Default: `at` itself (a mount point on the same device).
        file: the bind covers a single file, not a directory.
        size: tmpfs: bytes, or with a suffix `k`, `m`, `g`.
        inodes: tmpfs: how many inodes it has.
        mode: tmpfs: octal mode of its root, e.g. `"1777"`.
        lowers: overlay: how many sealed lower layers lie below the upper one.
        options: further options, passed to the kernel as they are.
        flags: per-mount flags.
        after: laid at the `start`, or only after the case's `image` steps (so that what they did lies below).
    """

    at: str
    type: MountType
    source: str | None = field(default=None, metadata={"key": "from"})
    file: bool = False
    size: str | None = None
    inodes: int | None = None
    mode: str | None = None
    lowers: int = 1
    options: tuple[str, ...] = ()
    flags: tuple[MountFlag, ...] = ()
    after: Moment = "start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Symlink:
    """A symbolic link that is there before anything is installed.

    Attributes:
        at: where it lies: a path as in `Mount.at`.
        to: where it leads: relative to the link, or a site path.
        target: what is made there: a `directory`, an empty `file`, or nothing (`missing`), so that the link dangles
            unless another part of the layout puts something there.
    """

    at: str
    to: str
    target: Literal["directory", "file", "missing"] = "directory"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that is there before anything is installed; directories that lead to it are made.

    It lies on the innermost mount that holds its path (on an overlay: in the lower layer), and is put there before that
    mount becomes read-only. On a mount that is laid after the image it appears with that mount.

    Attributes:
        at: where: a path as in `Mount.at`. No link, role or mounted directory has the same path.
        content: its bytes: a text, or `{base64 = "..."}`; at most 1 MiB.
        mode: octal mode, whatever the umask is. A permission of the same path comes later, and wins.
    """

    at: str
    content: bytes = b""
    mode: str = "644"


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A directory that is there before anything is installed, empty where nothing else of the layout lies in it.

    Attributes:
        at: where: a path as in `File.at`.
        mode: octal mode, set once all that lies in it is there. A permission of the same path comes later, and wins.
    """

    at: str
    mode: str = "755"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Mode, owner and group of a path that is there before anything is installed (a directory, if nothing else is)."""

    at: str
    mode: str | None = None
    owner: int | None = None
    group: int | None = None
    after: Moment = "start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Where each part of an installation lies. `{python}` stands for e.g. `python3.11`; roles may refer to roles."""

    cache: str = "/cache"
    environment: str = "/environment"
    temporary: str = "/tmp"  # noqa: S108 - a path inside the site, never the host's
    wheelhouse: str = "/wheelhouse"
    purelib: str = "{environment}/lib/{python}/site-packages"
    platlib: str = "{purelib}"
    scripts: str = "{environment}/bin"
    data: str = "{environment}"
    headers: str = "{environment}/include/site/{python}"

    def resolve(self, template: str) -> str:
        """The site path a template stands for.

        Raises:
            KeyError: the template names something that is not a role.
            RecursionError: roles refer to each other in a circle.
        """
        if "{" not in template:
            return template
        head, _, rest = template.partition("{")
        name, _, tail = rest.partition("}")
        if name == "python":
            value = f"python{sys.version_info.major}.{sys.version_info.minor}"
        elif name == "site_packages":
            value = self.resolve(self.purelib)
        elif name in ROLES:
            value = self.resolve(getattr(self, name))
        else:
            raise KeyError(name)
        return head + value + self.resolve(tail)

    def path(self, role: str) -> str:
        """The site path of one role."""
        return self.resolve(getattr(self, role))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that must be so between the roles of a built layout; the builder does it and compares.

    Attributes:
        do: the deed: `link` and `rename` a scratch file from one directory to another (or onto a path that is a file),
            `rename-directory` the directory itself, `write` a scratch file (or to a path that is a file), `execute` a
            scratch script, `same-device` compares `st_dev`. After the image, the scratch file or directory is one that
            the image steps left: it lies on the lower layer, or on what is read-only by then.
        source: where from (templates as in `Mount.at`).
        to: where to; for `rename` and `link` default: the same directory; for `rename-directory`: a name beside it.
        gives: `ok` or the name of an errno; for `same-device`: `yes` or `no`.
        after: the moment at which it is checked.
    """

    do: Deed
    source: str = field(metadata={"key": "from"})
    to: str | None = None
    gives: str = "ok"
    after: Moment = "start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A layout, whole: one TOML file in `fixtures/layouts/`.

    Attributes:
        name: how it is selected.
        about: one sentence for people.
        reports: public bug reports it comes from (`uv#1513`).
        tags: groups that scenarios select by (`cross-device`, `overlay`, ...).
        requires: capabilities (see `exdev doctor`) without which it cannot be built.
        refusals: errnos with which an installer may honestly refuse to work here (`EROFS`); empty: it has to succeed.
        mounts, symlinks, files, directories, permissions, roles: what is built.
        facts: what must be true once it is built.
        unwritable: roles that nothing can be written into on the machine that this is a capture of, with an errno that
            no layout gives (`EDQUOT`). Nothing is built or verified by it: who judges has to say so.
        unmirrored: what else is otherwise on that machine, a sentence each; likewise.
    """

    name: str
    about: str
    reports: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = field(default=(), metadata={"key": "mount"})
    symlinks: tuple[Symlink, ...] = field(default=(), metadata={"key": "symlink"})
    files: tuple[File, ...] = field(default=(), metadata={"key": "file"})
    directories: tuple[Directory, ...] = field(default=(), metadata={"key": "directory"})
    permissions: tuple[Permission, ...] = field(default=(), metadata={"key": "permission"})
    roles: Roles = field(default_factory=Roles)
    facts: tuple[Fact, ...] = field(default=(), metadata={"key": "verify"})
    unwritable: tuple[str, ...] = ()
    unmirrored: tuple[str, ...] = ()
