"""Picture of a layout for people: its mounts as a tree, the roles that lie on each, and what that means for links."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from harness.layouts.blueprint import site_path
from harness.model import Directory, Roles

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.model import File, Layout, Mount

_WIDTH: Final = 100
_PLACE_WIDTH: Final = 46
_ROLES_WIDTH: Final = 28
_USUAL: Final = Roles()
_ALWAYS: Final = ("cache", "environment", "temporary", "wheelhouse")
_SCHEMES: Final = ("purelib", "platlib", "scripts", "data", "headers")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """One node of the tree: a mount, a symbolic link, a file, or a directory with permissions.

    Attributes:
        path: inside the site.
        label: how it is written.
        kind: filesystem type, or what else it is.
        remark: what it means for an installer.
        mount: whether roles lie on it.
    """

    path: str
    label: str
    kind: str
    remark: str = ""
    mount: bool = True


def picture(layout: Layout) -> str:
    """The layout as a few aligned lines of at most 100 columns, without a final newline."""
    places = _places(layout)
    tree = [(stem, rest, place, _roles_on(layout, place, places)) for stem, rest, place in _tree(places, "/", "", "")]
    beside = _lines(tree, beside=True)
    # Remarks stand beside the roles where there is room for them, and below them where there is not.
    lines = beside if max(map(len, beside)) <= _WIDTH else _lines(tree, beside=False)
    return "\n".join(_shortened(line, _WIDTH) for line in lines)


def _lines(tree: Sequence[tuple[str, str, _Place, Sequence[str]]], *, beside: bool) -> list[str]:
    rows: list[tuple[str, str, str, str]] = []
    for stem, rest, place, roles in tree:
        texts = [*roles] if beside or not place.remark else [*roles, place.remark]
        remarks = [place.remark] if beside else []
        starts = [(stem + place.label, place.kind)]
        for start, text, remark in zip_longest(starts, texts, remarks):
            rows.append((*(start or (rest, "")), text or "", remark or ""))
    return _aligned(rows)


def _aligned(rows: Sequence[tuple[str, str, str, str]]) -> list[str]:
    shortened = [(_shortened(row[0], _PLACE_WIDTH), *row[1:]) for row in rows]
    widths = [max(len(row[column]) for row in shortened) for column in range(4)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in shortened]


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."


def _tree(places: Sequence[_Place], path: str, stem: str, rest: str) -> Iterator[tuple[str, str, _Place]]:
    """A place and all below it, each with what is drawn before its first and its further lines."""
    here = [place for place in places if place.path == path]
    below = _children(places, path)
    for place in here:
        yield stem, rest + ("│" if below else ""), place
    for number, child in enumerate(below):
        last = number == len(below) - 1
        yield from _tree(places, child, rest + ("└── " if last else "├── "), rest + ("    " if last else "│   "))


def _children(places: Sequence[_Place], path: str) -> list[str]:
    """The paths of the places directly below one, with none between."""
    below = {place.path for place in places if place.path != path and _lies_below(place.path, path)}
    return sorted(one for one in below if not any(other != one and _lies_below(one, other) for other in below))


def _lies_below(path: str, other: str) -> bool:
    return path == other or path.startswith(other.rstrip("/") + "/")


def _places(layout: Layout) -> tuple[_Place, ...]:
    mounts = [
        _Place(path=path, label=_label(layout, path), kind=mount.type, remark=_remark(mount))
        for mount in layout.mounts
        for path in (site_path(layout, mount.at),)
    ]
    links = [
        _Place(path=path, label=f"{_label(layout, path)} -> {link.to}", kind="symlink", mount=False)
        for link in layout.symlinks
        for path in (site_path(layout, link.at),)
    ]
    contents = [
        _Place(path=path, label=_label(layout, path), kind=_content(one), mount=False)
        for one in _contents(layout)
        for path in (site_path(layout, one.at),)
    ]
    permissions = [
        _Place(path=path, label=_label(layout, path), kind=f"mode {permission.mode}", mount=False)
        for permission in layout.permissions
        for path in (site_path(layout, permission.at),)
    ]
    root = [] if any(mount.path == "/" for mount in mounts) else [_Place(path="/", label="/", kind="tmpfs")]
    return (*root, *mounts, *links, *contents, *permissions)


def _contents(layout: Layout) -> tuple[File | Directory, ...]:
    return (*layout.directories, *layout.files)


def _content(one: File | Directory) -> str:
    said = "directory" if isinstance(one, Directory) else f"file of {len(one.content)} bytes"
    return said if one.mode == type(one)(at=one.at).mode else f"{said}, mode {one.mode}"


def _label(layout: Layout, path: str) -> str:
    """A path, with the long way to site-packages written short."""
    packages = site_path(layout, "{site_packages}")
    return "{site_packages}" + path[len(packages) :] if _lies_below(path, packages) else path


def _roles_on(layout: Layout, place: _Place, places: Sequence[_Place]) -> list[str]:
    """The roles that lie on a mount, a few to a line; parts of the environment only where they lie apart from it."""
    if not place.mount:
        return []
    home = _mount_of(layout, "environment", places)
    found = []
    for role in (*_ALWAYS, *_SCHEMES):
        path = layout.roles.path(role)
        under = _mount_of(layout, role, places)
        apart = under != home or not _lies_below(path, layout.roles.path("environment"))
        if under == place.path and (role in _ALWAYS or apart):
            usual = getattr(layout.roles, role) == getattr(_USUAL, role)
            found.append(role if usual else f"{role} {_label(layout, site_path(layout, path))}")
    return textwrap.wrap(", ".join(found), _ROLES_WIDTH, break_long_words=False, break_on_hyphens=False)


def _mount_of(layout: Layout, role: str, places: Sequence[_Place]) -> str:
    path = site_path(layout, layout.roles.path(role))
    return max((place.path for place in places if place.mount and _lies_below(path, place.path)), key=len)


def _remark(mount: Mount) -> str:
    limits = [f"full after {mount.size}"] if mount.size else []
    limits += [f"full after {mount.inodes} inodes"] if mount.inodes else []
    flags = ["read-only" if flag == "ro" else flag for flag in mount.flags]
    return ", ".join((*flags, *limits, _nature(mount)))


def _nature(mount: Mount) -> str:
    if mount.type == "overlay":
        if mount.after == "start":
            return "everything new lies on the upper layer"
        layers = "lower layer" if mount.lowers == 1 else f"{mount.lowers} lower layers"
        return f"{layers}: rename of a directory gives EXDEV"
    if mount.file:
        return "a single file: rename onto it gives EBUSY"
    own = mount.type == "tmpfs" or (mount.source is not None and not mount.source.startswith(("/", "{")))
    return f"{'another device' if own else 'same device, own mount'}: link gives EXDEV"
