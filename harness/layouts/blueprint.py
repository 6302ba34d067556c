"""Blueprint: a layout resolved for one place on this machine: every path real, every action in order. Pure."""

from __future__ import annotations

import functools
import posixpath
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from harness.errors import FileInvalid
from harness.layouts.contents import followed as links_followed
from harness.layouts.contents import link_targets, site_place
from harness.layouts.validate import problems
from harness.model import ROLES, Directory, File, Layout, Mount, Permission, Symlink

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.model.layout import Moment, MountFlag

_OCTAL: Final = 8
_OWNER_MAY_CHANGE: Final = 0o300  # without both, nothing can be made or removed in a directory


class MakeDirectory(NamedTuple):
    """A directory, created where it is absent."""

    path: str


class MakeFile(NamedTuple):
    """An empty file, created where it is absent."""

    path: str


class PutFile(NamedTuple):
    """A file with content, and its mode whatever the umask is; what is there already is written over."""

    path: str
    content: bytes
    mode: int


class MakeLink(NamedTuple):
    """A symbolic link."""

    path: str
    target: str


class LayVolume(NamedTuple):
    """A tmpfs of its own for a named volume, outside the site's root."""

    path: str


class LayTmpfs(NamedTuple):
    """A tmpfs."""

    path: str
    size: str | None
    inodes: int | None
    mode: str | None
    options: tuple[str, ...]
    flags: tuple[MountFlag, ...]


class LayBind(NamedTuple):
    """A bind mount."""

    path: str
    source: str
    flags: tuple[MountFlag, ...]


class LayOverlay(NamedTuple):
    """An overlay over what lies at its own path; `layers` is the directory for what it writes."""

    path: str
    layers: str
    lowers: int
    options: tuple[str, ...]
    flags: tuple[MountFlag, ...]


class SetPermission(NamedTuple):
    """Owner, then mode (chown(2) clears the set-id bits)."""

    path: str
    mode: int | None
    owner: int
    group: int


class MakeReadOnly(NamedTuple):
    """A mount becomes read-only, after everything that has to lie on it does."""

    path: str


Action: TypeAlias = (
    MakeDirectory
    | MakeFile
    | PutFile
    | MakeLink
    | LayVolume
    | LayTmpfs
    | LayBind
    | LayOverlay
    | SetPermission
    | MakeReadOnly
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """How to build one layout at one place.

    Attributes:
        root: the real directory that is the layout's `/`.
        roles: real path of each role.
        start: what to do first, in order.
        between: what to do between image steps: the overlays that have several lower layers.
        image: what to do once the image steps are done, in order.
        mount_points: real paths on which the layout mounts something.
        furniture: real paths that exist because the layout was built: mount points, symbolic links and their targets,
            files, directories, role directories, and all their parents.
        image_layers: how many layers the image steps are spread over.
    """

    root: str
    roles: Mapping[str, str]
    start: tuple[Action, ...]
    between: tuple[Action, ...]
    image: tuple[Action, ...]
    mount_points: frozenset[str]
    furniture: frozenset[str]
    image_layers: int


@functools.lru_cache(maxsize=512)
def blueprint(layout: Layout, base: str) -> Blueprint:
    """The blueprint of a layout whose own filesystem is mounted at `base`.

    Raises:
        FileInvalid: the layout cannot be built safely (see `validate`); nothing has been touched.
    """
    found = problems(layout)
    if found:
        raise FileInvalid(file=f"layout {layout.name!r}", problems=found)
    drawing = _Drawing(layout=layout, base=base)
    start = drawing.phase("start")
    between = drawing.between()
    image = drawing.phase("image")
    return Blueprint(
        root=drawing.root,
        roles=MappingProxyType({role: drawing.real(f"{{{role}}}") for role in ROLES}),
        start=start,
        between=between,
        image=image,
        mount_points=frozenset(drawing.mount_point(mount) for mount in layout.mounts),
        furniture=drawing.furniture(),
        image_layers=max((mount.lowers for mount in layout.mounts), default=1),
    )


def followed(action: Action) -> tuple[str, ...]:
    """The paths of which an action follows links to the end: making something new follows those on the way only."""
    if isinstance(action, MakeDirectory | MakeFile | PutFile | MakeLink):
        return (posixpath.dirname(action.path),)
    return (action.path, action.source) if isinstance(action, LayBind) else (action.path,)


def site_path(layout: Layout, template: str) -> str:
    """The absolute path inside the site that a template of this layout stands for, without needless slashes."""
    return "/" + posixpath.normpath(layout.roles.resolve(template)).lstrip("/")


def moment_of(layout: Layout, part: File | Directory) -> Moment:
    """When a file or directory of a layout is put into place: with the mount that holds it."""
    holder = _holder(layout, _end(layout, part.at))
    return "start" if holder is None else layout.mounts[holder].after


def denies_changes(mode: str) -> bool:
    """Whether an octal mode keeps a directory's own owner from making or removing anything in it."""
    return int(mode, _OCTAL) & _OWNER_MAY_CHANGE != _OWNER_MAY_CHANGE


def _end(layout: Layout, template: str) -> str:
    """The site path that a template leads to, all links followed."""
    path = site_place(layout.roles, template)
    return links_followed(path, link_targets(layout.roles, layout.symlinks)) or path


def _holder(layout: Layout, path: str) -> int | None:
    """The number of the mount that hides what lay at a path before, and shows what is put there; None: none does.

    An overlay shows what lies below it, and so does a bind mount of itself.
    """
    found: list[tuple[int, bool, int]] = []
    for index, mount in enumerate(layout.mounts):
        place = _end(layout, mount.at)
        is_new = mount.type == "tmpfs" or (mount.type == "bind" and mount.source is not None)
        if is_new and f"{path}/".startswith(f"{place.rstrip('/')}/"):
            found.append((len(place), mount.after == "image", index))
    return max(found)[2] if found else None


@dataclass(kw_only=True)
class _Drawing:
    """One blueprint in the making."""

    layout: Layout
    base: str
    actions: list[Action] = field(default_factory=list)
    made: set[str] = field(default_factory=set)  # by this phase, and not yet hidden by a mount
    ever: set[str] = field(default_factory=set)
    volumes: set[str] = field(default_factory=set)
    links: dict[str, str] = field(default_factory=dict)  # link -> real path it leads to
    hidden: set[str] = field(default_factory=set)  # links that a mount covers now

    @property
    def root(self) -> str:
        return f"{self.base}/root"

    def real(self, template: str) -> str:
        return (self.root + site_path(self.layout, template)).rstrip("/")

    def mount_point(self, mount: Mount) -> str:
        """The real path that a mount is laid on."""
        return self._resolved(self.real(mount.at))

    def phase(self, moment: Moment) -> tuple[Action, ...]:
        """All actions of one moment. What the image steps left is not known, so each phase makes sure by itself."""
        self.actions = []
        self.made = set()
        mounts = [(index, mount) for index, mount in enumerate(self.layout.mounts) if mount.after == moment]
        permissions = [permission for permission in self.layout.permissions if permission.after == moment]
        if moment == "image" and not mounts and not permissions:
            return ()
        if moment == "start":
            self._contents(None)
        for index, mount in mounts:
            self._links_on_the_way_to(mount)
            self._mount(mount, self._layers(index))
            self._contents(index)
        self._links(self.layout.symlinks)
        self._directories(self.real(f"{{{role}}}") for role in ROLES)
        if moment == "start":
            self._later_mount_points()
        self._close(moment)
        for permission in permissions:
            self._permission(permission)
        self.actions += [MakeReadOnly(self.mount_point(mount)) for _, mount in mounts if "ro" in mount.flags]
        return tuple(self.actions)

    def _later_mount_points(self) -> None:
        """What is mounted on after the image steps has to be there before its own mount becomes read-only."""
        early, late = ([mount for mount in self.layout.mounts if mount.after == when] for when in ("start", "image"))
        sealed = {self.mount_point(mount): "ro" in mount.flags for mount in early}
        for mount in late:
            path = self.mount_point(mount)
            above = max(
                (mount_point for mount_point in sealed if path.startswith(f"{mount_point}/")), key=len, default=""
            )
            if sealed.get(above, False):
                (self._file if mount.file else self._directory)(path)

    def between(self) -> tuple[Action, ...]:
        """The overlays with several lower layers, laid over and over while the image is made."""
        self.actions = []
        self.made = set()
        for index, mount in enumerate(self.layout.mounts):
            if mount.lowers > 1:
                self._mount(mount, self._layers(index))
        return tuple(self.actions)

    def _layers(self, index: int) -> str:
        return f"{self.base}/layers/{index}"

    def furniture(self) -> frozenset[str]:
        """All that was ever made, as it is spelled and as it is when symbolic links are followed."""
        return frozenset(self.ever) | {self._followed(path) for path in self.ever}

    def _followed(self, path: str) -> str:
        # Bounded: a circle of links is the kernel's to refuse (ELOOP), not ours to walk for ever.
        for _ in range(len(self.links)):
            for link, target in self.links.items():
                if path.startswith(f"{link}/"):
                    path = target + path[len(link) :]
        return path

    def _directories(self, paths: Iterable[str]) -> None:
        for path in paths:
            self._directory(path)

    def _directory(self, path: str) -> None:
        seen = path in self.links and path not in self.hidden
        if path in self.made or seen or path == self.base or len(path) <= len(self.root):
            return
        if path in self._later_links:
            # Links may stand in any order: one may lead to another that comes after it.
            self._link(self._later_links[path])
            return
        self._directory(posixpath.dirname(path))
        self._make(path, MakeDirectory(path))

    def _file(self, path: str) -> None:
        if path in self.links:
            return
        if path in self._later_links:
            self._link(self._later_links[path])
            return
        self._directory(posixpath.dirname(path))
        if path not in self.made:
            self._make(path, MakeFile(path))

    def _contents(self, holder: int | None) -> None:
        """The files and directories that one mount holds; where their links lead, as those may come later."""
        for directory in self.layout.directories:
            if self._held[directory] == holder:
                self._directory(self._end(directory.at))
                if not denies_changes(directory.mode):
                    self.actions.append(self._mode(directory))
                self.ever.add(self.real(directory.at))
        for file in self.layout.files:
            if self._held[file] == holder:
                path = self._end(file.at)
                self._directory(posixpath.dirname(path))
                self._make(path, PutFile(path, file.content, int(file.mode, _OCTAL)))
                self.ever.add(self.real(file.at))

    @functools.cached_property
    def _held(self) -> Mapping[File | Directory, int | None]:
        parts: tuple[File | Directory, ...] = (*self.layout.files, *self.layout.directories)
        return {part: _holder(self.layout, _end(self.layout, part.at)) for part in parts}

    def _end(self, template: str) -> str:
        """The real path that a template leads to, all links of the layout followed, made or not."""
        return (self.root + _end(self.layout, template)).rstrip("/")

    def _close(self, moment: Moment) -> None:
        """Directories whose mode keeps others from being put into them; of several, the innermost first."""
        closed = [
            directory
            for directory in self.layout.directories
            if denies_changes(directory.mode) and moment_of(self.layout, directory) == moment
        ]
        modes = sorted(map(self._mode, closed), key=lambda action: -action.path.count("/"))
        self.actions += modes

    def _mode(self, directory: Directory) -> SetPermission:
        return SetPermission(self._end(directory.at), int(directory.mode, _OCTAL), -1, -1)

    def _make(self, path: str, action: Action) -> None:
        self.made.add(path)
        self.ever.add(path)
        self.actions.append(action)

    def _links_on_the_way_to(self, mount: Mount) -> None:
        """The symbolic links that a mount's paths pass through have to be there before it; others may lie on it."""
        paths = [self.real(path) + "/" for path in (mount.at, mount.source) if path and path.startswith(("/", "{"))]
        self._links(
            symlink
            for symlink in self.layout.symlinks
            if any(path.startswith(self.real(symlink.at) + "/") for path in paths)
        )

    @functools.cached_property
    def _later_links(self) -> Mapping[str, Symlink]:
        """Every link of the layout by its path, made or not; a link that leads back to itself is refused before."""
        return {self.real(symlink.at): symlink for symlink in self.layout.symlinks}

    def _links(self, symlinks: Iterable[Symlink]) -> None:
        for symlink in symlinks:
            self._link(symlink)

    def _link(self, symlink: Symlink) -> None:
        path = self.real(symlink.at)
        if path in self.links and path not in self.hidden:
            return
        self.hidden.discard(path)
        # An absolute target is a path of the site; the process that follows it sees the machine's paths.
        absolute = symlink.to.startswith(("/", "{"))
        to = self.real(symlink.to) if absolute else symlink.to
        target = self.links[path] = posixpath.join(posixpath.dirname(path), to)
        if symlink.target == "directory":
            self._directory(target)
        elif symlink.target == "file":
            self._file(target)
        else:
            self._directory(posixpath.dirname(target))
        self._directory(posixpath.dirname(path))
        self._make(path, MakeLink(path, to))
        # By its real path, too: it may itself lie behind a link.
        self.links.setdefault(posixpath.join(self._resolved(posixpath.dirname(path)), posixpath.basename(path)), target)

    def _resolved(self, path: str) -> str:
        """Where a path leads, a link at its end followed too, as mount(8) does."""
        for _ in range(len(self.links) + 1):
            path = self._followed(path)
            if path not in self.links:
                break
            path = self.links[path]
        return path

    def _mount(self, mount: Mount, layers: str) -> None:
        path = self.mount_point(mount)
        flags = tuple(flag for flag in mount.flags if flag != "ro")
        (self._file if mount.file else self._directory)(path)
        if mount.type == "tmpfs":
            self.actions.append(LayTmpfs(path, mount.size, mount.inodes, mount.mode, mount.options, flags))
        elif mount.type == "overlay":
            self.actions.append(LayOverlay(path, layers, mount.lowers, mount.options, flags))
        else:
            self.actions.append(LayBind(path, self._source(mount, path), flags))
        if mount.type == "tmpfs" or mount.source is not None:
            self.made = {one for one in self.made if not one.startswith(f"{path}/")}
            self.hidden |= {one for one in self.links if one.startswith(f"{path}/")}

    def _source(self, mount: Mount, path: str) -> str:
        if mount.source is None:
            return path
        if mount.source.startswith(("/", "{")):
            source = self.real(mount.source)
        else:
            source = self._volume(mount.source)
            if mount.file:
                source = f"{source}/{posixpath.basename(path)}"
        (self._file if mount.file else self._directory)(source)
        return source

    def _volume(self, name: str) -> str:
        path = f"{self.base}/volumes/{name}"
        if name not in self.volumes:
            self.volumes.add(name)
            self.actions += [MakeDirectory(f"{self.base}/volumes"), MakeDirectory(path), LayVolume(path)]
            self.made |= {f"{self.base}/volumes", path}
        return path

    def _permission(self, permission: Permission) -> None:
        path = self.real(permission.at)
        if self._end(permission.at) not in map(self._end, (file.at for file in self.layout.files)):
            self._directory(path)
        mode = None if permission.mode is None else int(permission.mode, _OCTAL)
        owner = -1 if permission.owner is None else permission.owner
        group = -1 if permission.group is None else permission.group
        self.actions.append(SetPermission(path, mode, owner, group))
