"""Capture: what was seen of a machine's storage -> the layout that rebuilds it, and what could not be rebuilt; pure."""

from __future__ import annotations

import posixpath
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.kernel.mountinfo import holds
from harness.layouts import differences
from harness.layouts.nodes import FULL, Node, is_full, nodes, on
from harness.layouts.spelling import Spelling
from harness.model import ROLES, Fact, Layout, Mount, Permission, Roles, Symlink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.layouts.storage import Linked, Part, Place, Storage
    from harness.model.layout import Deed, Moment, MountFlag

NAME: Final = "captured"
_USUAL_MODE: Final = 0o755
_PAGE: Final = 4
_FEW_LINKS: Final = 24
# What a layout makes for itself on a filesystem of its own, out of the same number of inodes: the environment's
# directories with those of its schemes, or one directory.
_OWN_INODES: Final = {True: 8, False: 1}
# Every honest way to notice a link out of the environment; see symlinked-namespace-directory in the catalogue.
_AT_LINKS: Final = ("ELOOP", "ENOTDIR", "EEXIST", "EXDEV")


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """A layout from a machine.

    Attributes:
        layout: as near as tmpfs, bind and overlay come.
        remarks: what is otherwise on the machine, a sentence each.
    """

    layout: Layout
    remarks: tuple[str, ...]


def capture(storage: Storage) -> Captured:
    """The layout that rebuilds a machine's storage as nearly as this model can.

    Its facts are what the machine answered, as far as the rebuilt mounts answer the same; every other answer is a
    remark.
    """
    mirror = _Mirror(storage)
    mounts = tuple(mirror.mounts())
    facts = tuple(mirror.facts())
    symlinks = tuple(mirror.symlinks())
    permissions = tuple(mirror.permissions())
    requires = dict.fromkeys(_requires(mounts))
    requires |= {"symlink": None} if symlinks else {}
    layout = Layout(
        name=NAME,
        about=mirror.about(),
        tags=tuple(mirror.tags(mounts, symlinks, permissions)),
        requires=tuple(requires),
        refusals=tuple(mirror.refusals()),
        mounts=mounts,
        symlinks=symlinks,
        permissions=permissions,
        roles=mirror.roles(),
        facts=facts,
        unwritable=tuple(mirror.unwritable),
    )
    return Captured(layout=layout, remarks=(*differences.remarks(storage, mirror.nodes), *mirror.remarks))


class _Mirror:
    """One layout in the making."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.nodes = nodes(storage)
        self.spelling = Spelling(storage)
        self.remarks: list[str] = [
            f"{part} holds another role; in the layout it is a directory of its own on the same mount"
            for part in self.spelling.moved
        ]
        self.unwritable: list[str] = []
        self._late = {node.at: self._is_late(node) for node in self.nodes}
        shown = Counter(node.device for node in self.nodes if not self._same_as_parent(node) and not node.overlay)
        self._held = {device: f"/exdev-filesystem-{n}" for n, (device, times) in enumerate(shown.items()) if times > 1}
        self._sealed = any(late or node.read_only for node, late in zip(self.nodes, self._late.values(), strict=True))

    @property
    def _moment(self) -> Moment:
        return "image" if self._sealed else "start"

    def mounts(self) -> Iterator[Mount]:
        """In the order of laying: what a later one covers lies below it."""
        held: set[str] = set()
        for node in self.nodes:
            holder = self._held.get(node.device)
            if holder and holder not in held and not self._same_as_parent(node):
                held.add(holder)
                yield Mount(at=holder, type="tmpfs", after=self._after(self._root_is_late()))
            yield from self._mount(node, holder)

    def facts(self) -> Iterator[Fact]:
        """What the machine answered and the mounts rebuilt here answer alike."""
        parts: tuple[Part, ...] = ("cache", self.storage.target, "temporary")
        for part in parts:
            yield from self._alone(part)
        for source, to in ((parts[0], parts[1]), (parts[2], parts[1]), (parts[2], parts[0])):
            yield from self._between(source, to)
        yield from self._nested()
        packages = self.storage.place("purelib")
        if packages and packages.lower is not False and (home := on(self.nodes, packages.path)) and home.lower:
            gives = "ok" if "redirect_dir=on" in home.options else "EXDEV"
            if home.at != packages.path and not home.read_only:
                yield Fact(do="rename-directory", source="{purelib}", gives=gives, after="image")

    def symlinks(self) -> Iterator[Symlink]:
        """Links inside the environment, to where they lead in the layout."""
        links = [link for link in self.storage.symlinks if link.target == "directory" or not self._is_needed(link)]
        if len(links) > _FEW_LINKS:
            self.remarks.append(f"{len(links)} links inside the environment: the first {_FEW_LINKS} are mirrored")
        for link in links[:_FEW_LINKS]:
            to = link.says if self._is_near(link) else self.spelling.inside(link.leads)
            yield Symlink(at=self._link(link.at), to=to, target=link.target)

    def permissions(self) -> Iterator[Permission]:
        """Modes other than the usual one."""
        for place in self.storage.places:
            node = on(self.nodes, place.path)
            if place.mode not in (None, _USUAL_MODE) and not (place.part == "environment" and place.path == "/"):
                late = node is not None and self._late[node.at]
                yield Permission(at=f"{{{place.part}}}", mode=f"{place.mode:04o}", after=self._after(late))

    def roles(self) -> Roles:
        """Where they lie."""
        return Roles(**self.spelling.roles, wheelhouse=self.spelling.wheelhouse)

    def refusals(self) -> Iterator[str]:
        """Errnos with which an installer may refuse here."""
        if any(node.read_only for node in self.nodes):
            yield "EROFS"
        if any(node.free is not None or node.inodes is not None for node in self.nodes):
            yield "ENOSPC"
        if any(self._leads_out(link.leads) for link in self._package_links()):
            yield from _AT_LINKS

    def about(self) -> str:
        """Which filesystems the roles lie on."""
        parts: tuple[Part, ...] = ("cache", "environment", "temporary")
        found = [(part, self.storage.place(part)) for part in parts]
        said = [f"{part} on {self._type(place)}" for part, place in found if place is not None]
        return f"Captured from a machine: {', '.join(said)}"

    def tags(
        self, mounts: tuple[Mount, ...], symlinks: tuple[Symlink, ...], permissions: tuple[Permission, ...]
    ) -> Iterator[str]:
        """The catalogue's tags that fit: known reports are recognised by them."""
        packages = [mount for mount in mounts if mount.at.startswith("{site_packages}/")]
        cache, target = (self.storage.place(part) for part in ("cache", self.storage.target))
        apart = self._apart(cache, target)
        found = {
            "cross-device": apart or any(not mount.file for mount in packages),
            "same-device": not apart and not packages,
            "nested-mount": any(not mount.file for mount in packages),
            "mount-point": bool(packages) or any(mount.at == "{environment}" for mount in mounts),
            "file-mount": any(mount.file for mount in mounts),
            "temporary": self._apart(self.storage.place("temporary"), target),
            "overlay": any(mount.type == "overlay" for mount in mounts),
            "lower-layer": any(node.lower for node in self.nodes),
            "tmpfs": any(mount.type == "tmpfs" for mount in mounts),
            "bind": any(mount.type == "bind" for mount in mounts),
            "read-only": "EROFS" in self.refusals(),
            "limited": "ENOSPC" in self.refusals(),
            "noexec": any("noexec" in mount.flags for mount in mounts),
            "permissions": bool(permissions),
            "symlinked": bool(symlinks),
            "escape": "ELOOP" in self.refusals(),
        }
        yield from (tag for tag, fits in found.items() if fits)

    def _mount(self, node: Node, holder: str | None) -> Iterator[Mount]:
        late = self._late[node.at]
        # What is laid after the image steps is read-only at once; what they write to becomes so after them.
        flags = _with_ro(node.flags) if node.read_only and late else node.flags
        if node.at == "/" and not node.overlay and node.free is node.inodes is None:
            if flags or node.read_only:
                at_once = _with_ro(node.flags) if node.read_only else flags
                yield Mount(at="/", type="bind", flags=at_once, after=self._after(node.read_only))
            return
        at = self.spelling.mount_point(node.at)
        if self._same_as_parent(node):
            at_once = _with_ro(node.flags) if node.read_only else flags
            yield Mount(at=at, type="bind", file=node.file, flags=at_once, after=self._after(late or node.read_only))
            return
        when = self._after(late)
        if node.overlay:
            redirects = "redirect_dir=on" if "redirect_dir=on" in node.options else "redirect_dir=nofollow"
            options = (redirects,) if node.lower else ()
            yield Mount(at=at, type="overlay", options=options, flags=flags, after=when)
        elif holder and not node.file:
            yield Mount(at=at, type="bind", source=f"{holder}/{self._number(node)}", flags=flags, after=when)
        elif node.file or (node.type != "tmpfs" and node.free is node.inodes is None):
            yield Mount(
                at=at, type="bind", source=f"volume-{self._number(node)}", file=node.file, flags=flags, after=when
            )
        else:
            yield Mount(at=at, type="tmpfs", size=_size(node), inodes=self._inodes(node), flags=flags, after=when)
        if node.read_only and not late:
            yield Mount(at=at, type="bind", file=node.file, flags=_with_ro(flags), after="image")

    def _alone(self, part: Part) -> Iterator[Fact]:
        written = self.storage.answer("write", part)
        place = self.storage.place(part)
        node = on(self.nodes, place.path) if place else None
        if written is None or place is None:
            return
        rebuilt = "EROFS" if node and node.read_only else "ok"
        if written == rebuilt:
            yield self._fact("write", part, gives=written)
        else:
            full = node is not None and written in FULL and is_full(node)
            here = "ENOSPC once a few files are there" if full else rebuilt
            self.remarks.append(f"writing into {part} gives {written}; here {here}")
            self.unwritable += [part] if written != "ok" else []
        runs = self.storage.answer("execute", part)
        if part == self.storage.target and runs is not None:
            rebuilt = "EACCES" if node and "noexec" in node.flags else "ok"
            if runs == rebuilt:
                yield self._fact("execute", part, gives=runs)
            else:
                self.remarks.append(f"running a script in {part} gives {runs}; here {rebuilt}")

    def _between(self, source: Part, to: Part) -> Iterator[Fact]:
        here, there = self.storage.place(source), self.storage.place(to)
        if here is None or there is None:
            return
        one = self._node_of(here) == self._node_of(there)
        for do in ("link", "rename"):
            gives = self.storage.answer(do, source, to)
            rebuilt = "ok" if one else "EXDEV"
            if gives == rebuilt:
                yield self._fact(do, source, to, gives=gives)
            elif gives is not None:
                self.remarks.append(f"{do} from {source} to {to} gives {gives}; the nearest here is {rebuilt}")
        same = "yes" if self._device_of(here) == self._device_of(there) else "no"
        if same == ("yes" if here.device == there.device else "no"):
            yield self._fact("same-device", source, to, gives=same)
        else:
            self.remarks.append(f"{source} and {to}: st_dev is {'different' if same == 'yes' else 'equal'}; not here")

    def _nested(self) -> Iterator[Fact]:
        """No trial: it would have to write there. Between two mounts the kernel refuses every link (linkat(2))."""
        if self.storage.answer("write", "cache") != "ok":
            return
        for node in self.nodes:
            at = self.spelling.mount_point(node.at)
            if at.startswith("{site_packages}/") and not node.file and not node.read_only:
                yield Fact(do="link", source="{cache}", to=at, gives="EXDEV", after=self._moment)

    def _fact(self, do: Deed, source: Part, to: Part | None = None, *, gives: str) -> Fact:
        return Fact(
            do=do, source=self._role(source), to=self._role(to) if to else None, gives=gives, after=self._moment
        )

    def _role(self, part: Part) -> str:
        # Where there is no site-packages yet, the layout makes one on the same mount, unless another lies in between.
        return "{purelib}" if part == "environment" and not self._is_lib_mounted() else f"{{{part}}}"

    def _is_lib_mounted(self) -> bool:
        home = self.storage.place("environment")
        return home is not None and any(holds(f"{home.path.rstrip('/')}/lib", node.at) for node in self.nodes)

    def _node_of(self, place: Place) -> str | None:
        node = on(self.nodes, place.path)
        return node.at if node else None

    def _device_of(self, place: Place) -> str | None:
        node = on(self.nodes, place.path)
        return node.device if node else None

    def _apart(self, one: Place | None, other: Place | None) -> bool:
        return one is not None and other is not None and self._node_of(one) != self._node_of(other)

    def _type(self, place: Place) -> str:
        node = on(self.nodes, place.path)
        return node.type if node else "an unknown filesystem"

    def _package_links(self) -> Iterator[Linked]:
        for link in self.storage.symlinks:
            if self.spelling.inside(link.at).startswith("{site_packages}/"):
                yield link

    def _leads_out(self, path: str) -> bool:
        home, packages = self.storage.place("environment"), self.storage.place("purelib")
        return not any(place and holds(place.path, path) for place in (home, packages))

    def _link(self, path: str) -> str:
        packages = self.storage.place("purelib")
        # A link that is site-packages itself has its own name there, not that of where it leads.
        return "{site_packages}" if packages and path == packages.asked else self.spelling.inside(path)

    def _is_needed(self, link: Linked) -> bool:
        """Whether it is where the layout has a directory of its own: then there is none on the machine."""
        at, roles = self._link(link.at), self.roles()
        path = f"{roles.resolve(at)}/"
        needed = any(f"{roles.path(role)}/".startswith(path) for role in ROLES)
        if needed:
            self.remarks.append(f"{link.at} leads to no directory; here it is one")
        return needed

    def _is_near(self, link: Linked) -> bool:
        """Whether its own text leads there in the layout as well: to a name beside it, that has moved if it has."""
        plain = link.says.isascii() and link.says.isprintable() and not set("{}") & set(link.says)
        if not plain or link.says.startswith("/") or {"..", "", "."} & set(link.says.split("/")):
            return False
        beside = posixpath.join(posixpath.dirname(link.at), link.says)
        here = posixpath.dirname(self.spelling.inside(link.at))
        return self.spelling.inside(beside) == posixpath.join(here, link.says)

    def _is_late(self, node: Node) -> bool:
        """Laid after the image steps: what they did is to lie below it, or what it lies on is."""
        return node.lower or any(
            other.lower or other.read_only for other in self.nodes if other is not node and holds(other.at, node.at)
        )

    def _root_is_late(self) -> bool:
        return any(node.at == "/" and (node.lower or node.read_only) for node in self.nodes)

    def _after(self, late: bool) -> Moment:
        return "image" if late else "start"

    def _same_as_parent(self, node: Node) -> bool:
        parents = [other for other in self.nodes if other is not node and holds(other.at, node.at)]
        return bool(parents) and max(parents, key=lambda one: len(one.at)).device == node.device

    def _number(self, node: Node) -> int:
        return self.nodes.index(node)

    def _inodes(self, node: Node) -> int | None:
        if node.inodes is None:
            return None
        home = self.storage.place("environment")
        return node.inodes + _OWN_INODES[home is not None and holds(node.at, home.path)]


def _with_ro(flags: tuple[MountFlag, ...]) -> tuple[MountFlag, ...]:
    return ("ro", *flags)


def _size(node: Node) -> str | None:
    return None if node.free is None else f"{max(_PAGE, node.free >> 10)}k"


def _requires(mounts: tuple[Mount, ...]) -> Iterator[str]:
    for mount in mounts:
        yield mount.type
        for needed, name in (
            (mount.file, "bind-file"),
            ("ro" in mount.flags, "remount-read-only"),
            ("noexec" in mount.flags, "noexec"),
            (mount.size is not None, "tmpfs-size-limit"),
            (mount.inodes is not None, "tmpfs-inode-limit"),
        ):
            if needed:
                yield name
