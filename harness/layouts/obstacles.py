"""Obstacles: what of a layout stands in an installer's way and can be lifted, as actions in order; pure.

Storage is no obstacle, and stays: overlays, symbolic links, and every mount that holds the directory of a role.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from harness.layouts.blueprint import denies_changes, site_path
from harness.model import ROLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.model import Layout, Mount

_SCHEMES: Final = ("environment", "purelib", "platlib", "scripts", "data", "headers")
_OWNER_MAY_WRITE: Final = 0o200
_OPEN: Final = 0o755
_OCTAL: Final = 8


class TakeAway(NamedTuple):
    """A mount inside the environment is undone; what was written into it goes with it."""

    path: str


class AllowWriting(NamedTuple):
    """A read-only mount becomes writable."""

    path: str


class LiftLimits(NamedTuple):
    """A tmpfs takes what it is given; `options` are those of tmpfs(5)."""

    path: str
    options: tuple[str, ...]


class Permit(NamedTuple):
    """A directory, or a file, gets a mode in which its owner may change it."""

    path: str
    mode: int


Lifting: TypeAlias = TakeAway | AllowWriting | LiftLimits | Permit


def obstacles(layout: Layout, root: str) -> tuple[Lifting, ...]:
    """What lifts all obstacles of a layout, in order; none: it has no obstacle.

    Args:
        layout: any valid one.
        root: the real directory that is the layout's `/`.
    """
    found = [*_undone(layout), *_eased(layout), *_permitted(layout)]
    return tuple(one._replace(path=(root + one.path).rstrip("/")) for one in found)


def _undone(layout: Layout) -> Iterator[Lifting]:
    """The last one laid first: it may lie on another."""
    laid = sorted(layout.mounts, key=lambda mount: mount.after == "image")
    for mount in reversed(laid):
        if _is_in_the_way(mount, layout):
            yield TakeAway(site_path(layout, mount.at))


def _eased(layout: Layout) -> Iterator[Lifting]:
    for mount in layout.mounts:
        if _is_in_the_way(mount, layout):
            continue
        path = site_path(layout, mount.at)
        if "ro" in mount.flags:
            yield AllowWriting(path)
        if limits := _limits(mount):
            yield LiftLimits(path, limits)
        if mount.mode is not None and denies_changes(mount.mode):
            yield Permit(path, _OPEN)


def _permitted(layout: Layout) -> Iterator[Lifting]:
    files = {site_path(layout, file.at) for file in layout.files}
    # What closes a directory comes before what lies in it.
    said = [(one.at, one.mode) for one in layout.permissions]
    said += [(file.at, file.mode) for file in layout.files]
    said += [(directory.at, directory.mode) for directory in layout.directories]
    for at, mode in sorted(said, key=lambda pair: site_path(layout, pair[0]).count("/")):
        path = site_path(layout, at)
        if mode is None:
            continue
        if path not in files and denies_changes(mode):
            yield Permit(path, _OPEN)
        elif path in files and not int(mode, _OCTAL) & _OWNER_MAY_WRITE:
            yield Permit(path, int(mode, _OCTAL) | _OWNER_MAY_WRITE)


def _is_in_the_way(mount: Mount, layout: Layout) -> bool:
    """Whether it lies inside the environment, and no role lies on it."""
    if mount.type == "overlay":
        return False
    place = site_path(layout, mount.at)
    roles = {role: site_path(layout, f"{{{role}}}") for role in ROLES}
    if any(f"{path}/".startswith(f"{place}/") for path in roles.values()):
        return False
    return any(place.startswith(f"{roles[scheme]}/") for scheme in _SCHEMES)


def _limits(mount: Mount) -> tuple[str, ...]:
    """0 is "no limit" to a tmpfs; one that it never had cannot be given, nor therefore taken."""
    named = {option.partition("=")[0] for option in mount.options}
    sized = mount.size is not None or named & {"size", "nr_blocks"}
    counted = mount.inodes is not None or "nr_inodes" in named
    return (*(("size=0",) if sized else ()), *(("nr_inodes=0",) if counted else ()))
