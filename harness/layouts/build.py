"""Build a layout: real mounts on a fresh tmpfs, taken down in reverse when its scope ends, also half-way."""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from typing import TYPE_CHECKING, Any

from harness.errors import LayoutUntrue, errno_name
from harness.kernel import mounts
from harness.layouts import blueprint as plans
from harness.layouts.inside import inside
from harness.layouts.lifting import lift
from harness.layouts.obstacles import obstacles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from harness.kernel.laboratory import Laboratory
    from harness.layouts.blueprint import Action, Blueprint
    from harness.model import Layout


class Site:
    """A layout on this machine: real paths, valid until its scope ends.

    Attributes:
        layout: what was built.
        root: the real directory that is the layout's `/`.
        roles: real path of each role, as the layout spells it (symbolic links are not followed).
        mount_points: real paths on which the layout mounts something, at the start or after the image steps.
        furniture: real paths that are there because the layout was built: mount points, symbolic links and their
            targets, files, directories, role directories, and all their parents below `root`.
        image_layers: how many lower layers the image steps are to be spread over, with `next_layer` between them.
    """

    __slots__ = (
        "_between",
        "_builder",
        "_image",
        "_lifted",
        "_sealed",
        "furniture",
        "image_layers",
        "layout",
        "mount_points",
        "roles",
        "root",
    )

    def __init__(self, *, layout: Layout, blueprint: Blueprint, builder: _Builder) -> None:
        self.layout = layout
        self.root = blueprint.root
        self.roles: Mapping[str, str] = blueprint.roles
        self.mount_points = blueprint.mount_points
        self.furniture = blueprint.furniture
        self.image_layers = blueprint.image_layers
        self._between = blueprint.between
        self._image = blueprint.image
        self._builder = builder
        self._sealed = False
        self._lifted = False

    def role(self, name: str) -> str:
        """The real path of a role.

        Raises:
            KeyError: there is no role of that name.
        """
        return self.roles[name]

    def path(self, template: str) -> str:
        """The real path a template (`{site_packages}/nvidia`, `/etc`) stands for.

        Raises:
            KeyError: it names something that is not a role.
        """
        return (self.root + plans.site_path(self.layout, template)).rstrip("/")

    def next_layer(self) -> None:
        """Seal what the image steps did so far as one lower layer; what follows goes to the next one above it.

        Does nothing where the layout has no layer left to spread over.

        Raises:
            MountFailed: the layer cannot be laid, or a process still uses the one below.
        """
        if not self._sealed:
            self._builder.next_layer(self._between)

    def finish_image(self) -> None:
        """The image steps are done: lay on top what the layout mounts after them. A second call does nothing.

        Raises:
            MountFailed: a mount was refused.
            LayoutUntrue: a directory, link or permission was refused, or would lie outside of the site: the image
                steps have left a symbolic link that leads there.
        """
        if not self._sealed:
            self._sealed = True
            self._builder.perform(self._image, guarded=True)

    def lift_obstacles(self) -> None:
        """What stands in an installer's way goes, as far as the layout can be without it; see `obstacles`.

        Limits end, what is read-only or denied may be written, mounts inside the environment are undone; storage stays
        as it is. The image is finished first, where it is not yet. A second call does nothing.

        Raises:
            MountFailed: the kernel refused to change or undo a mount.
            LayoutUntrue: a path leads out of the site by now.
        """
        self.finish_image()
        if not self._lifted:
            self._lifted = True
            actions = obstacles(self.layout, self.root)
            lift(actions, root=self.root, mount_points=self.mount_points, name=self.layout.name)


@contextmanager
def build(layout: Layout, *, laboratory: Laboratory) -> Iterator[Site]:
    """A site for as long as the `with` block runs.

    Consecutive sites lie at the same path: what an installer prints is the same at every replay.

    Raises:
        FileInvalid: the layout cannot be built safely; nothing has been mounted.
        MountFailed: a mount was refused; everything before it has been taken down.
        LayoutUntrue: a directory, link or permission was refused; likewise.
    """
    with ExitStack() as stack:
        base = stack.enter_context(_place(laboratory.sites))
        blueprint = plans.blueprint(layout, base)
        # Whatever was written goes with this tmpfs: nothing has to be walked and deleted. It is detached, and mounts
        # on it go along in the same call: each unmounting of its own waits for the kernel for some 60 microseconds.
        stack.enter_context(mounts.tmpfs(base, mode="755", leave="detach"))
        os.mkdir(blueprint.root)
        builder = _Builder(layout=layout, base=base, stack=stack)
        builder.perform(blueprint.start)
        yield Site(layout=layout, blueprint=blueprint, builder=builder)


@contextmanager
def _place(sites: str) -> Iterator[str]:
    """A fresh directory: the first free number, as sites may be open side by side."""
    for number in count():
        path = f"{sites}/{number}"
        with suppress(FileExistsError):
            os.mkdir(path)
            break
    try:
        yield path
    finally:
        os.rmdir(path)


class _Builder:
    """Performs a blueprint's actions; what it mounts is taken down by the given stack."""

    def __init__(self, *, layout: Layout, base: str, stack: ExitStack) -> None:
        self._layout = layout
        self._base = base
        self._stack = stack
        self._overlays: dict[str, _Layers] = {}
        self._ways: Mapping[type[Action], Callable[[Any], None]] = {
            plans.MakeDirectory: _make_directory,
            plans.MakeFile: _make_file,
            plans.PutFile: _put_file,
            plans.MakeLink: lambda action: os.symlink(action.target, action.path),
            plans.SetPermission: _set_permission,
            plans.LayVolume: lambda action: stack.enter_context(mounts.tmpfs(action.path, mode="755", leave="stay")),
            plans.LayTmpfs: self._lay_tmpfs,
            plans.LayBind: self._lay_bind,
            plans.LayOverlay: lambda action: self._layers(action).finish(action),
            plans.MakeReadOnly: lambda action: stack.enter_context(mounts.remount(action.path, flags=("ro",))),
        }

    def perform(self, actions: Iterable[Action], *, guarded: bool = False) -> None:
        """All of them, in order.

        Args:
            actions: what to do.
            guarded: first see that each stays in the site. An installer has been at work there: a virtual
                environment's `bin/python` alone is a link to the machine's own.
        """
        seen: set[str] = set()
        for action in actions:
            try:
                if guarded:
                    self._guard(action, seen)
                self._ways[type(action)](action)
            except OSError as refused:
                raise self._untrue(action, refused) from refused

    def next_layer(self, actions: Iterable[Action]) -> None:
        """One more sealed layer for every overlay among these actions that still lacks one."""
        for action in actions:
            if isinstance(action, plans.LayOverlay):
                self._guard(action, set())
                self._layers(action).next(action)
            else:
                self.perform((action,), guarded=True)

    def _guard(self, action: Action, seen: set[str]) -> None:
        """Raises LayoutUntrue where an action would be done outside of the site; what has been seen is in `seen`."""
        for path in plans.followed(action):
            # Most lie in a directory that has been seen, and are no link: one lstat(2) instead of one for each part.
            if path not in seen and (os.path.dirname(path) not in seen or os.path.islink(path)):
                inside(path, self._base, layout=self._layout.name)
            seen.add(path)

    def _layers(self, action: plans.LayOverlay) -> _Layers:
        if action.layers not in self._overlays:
            self._overlays[action.layers] = _Layers(self._stack.enter_context(ExitStack()))
        return self._overlays[action.layers]

    def _lay_tmpfs(self, action: plans.LayTmpfs) -> None:
        path, size, inodes, mode, options, flags = action
        mode = mode or "755"
        mount = mounts.tmpfs(path, size=size, inodes=inodes, mode=mode, options=options, flags=flags, leave="stay")
        self._stack.enter_context(mount)

    def _lay_bind(self, action: plans.LayBind) -> None:
        self._stack.enter_context(mounts.bind(action.source, action.path, flags=action.flags, leave="stay"))

    def _untrue(self, action: Action, refused: OSError) -> LayoutUntrue:
        parts = (part for part in action if not isinstance(part, bytes))
        words = " ".join(str(part) for part in (type(action).__name__, *parts))
        return LayoutUntrue(layout=self._layout.name, facts=(f"cannot be built: {words}: {errno_name(refused.errno)}",))


class _Layers:
    """The layers above the lowest one of one overlay, which is mounted anew each time one of them is sealed."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._sealed: list[str] = []

    def next(self, action: plans.LayOverlay) -> None:
        """Seal the topmost layer and put an empty one above it, if the overlay is to have that many."""
        if len(self._sealed) < action.lowers - 1:
            self._lay(action, leave="unmount")

    def finish(self, action: plans.LayOverlay) -> None:
        """As many layers as the overlay is to have, then the one that stays the upper one."""
        while len(self._sealed) < action.lowers:
            is_last = len(self._sealed) == action.lowers - 1
            self._lay(action, leave="stay" if is_last else "unmount")

    def _lay(self, action: plans.LayOverlay, *, leave: mounts.Leave) -> None:
        self._stack.close()
        layer = f"{action.layers}/{len(self._sealed)}"
        upper, work = f"{layer}/upper", f"{layer}/work"
        os.makedirs(work, mode=0o755)
        _make_like(action.path, upper)
        lowers = (*reversed(self._sealed), action.path)
        mount = mounts.overlay(
            action.path,
            lowers=lowers,
            upper=upper,
            work=work,
            options=action.options,
            flags=action.flags,
            leave=leave,
        )
        self._stack.enter_context(mount)
        self._sealed.append(upper)


def _make_like(model: str, path: str) -> None:
    """An overlay's root shows owner and mode of the upper layer's directory, not of the lower one's (overlayfs.rst)."""
    os.mkdir(path)
    like, made = os.stat(model), os.stat(path)
    if (like.st_uid, like.st_gid) != (made.st_uid, made.st_gid):
        os.chown(path, like.st_uid, like.st_gid)
    if like.st_mode != made.st_mode:
        os.chmod(path, stat.S_IMODE(like.st_mode))


def _make_directory(action: plans.MakeDirectory) -> None:
    with suppress(FileExistsError):
        os.mkdir(action.path, 0o755)


def _make_file(action: plans.MakeFile) -> None:
    with suppress(FileExistsError):
        os.close(os.open(action.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644))


def _put_file(action: plans.PutFile) -> None:
    flags = os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with open(os.open(action.path, flags, 0o644), "wb") as file:
        file.write(action.content)
        os.fchmod(file.fileno(), action.mode)


def _set_permission(action: plans.SetPermission) -> None:
    path, mode, owner, group = action
    if (owner, group) != (-1, -1):
        os.chown(path, owner, group)
    if mode is not None:
        os.chmod(path, mode)
