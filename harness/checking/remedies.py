"""Remedies: settings that may help where storage and installer do not get along, as layouts to try them on; pure."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from harness.kernel.mountinfo import holds
from harness.layouts.blueprint import site_path
from harness.layouts.validate import problems
from harness.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.model import Layout, LinkMode

Movable: TypeAlias = Literal["cache", "temporary"]

# An environment of links into a cache dies with the cache: no remedy (uv's documentation of --link-mode says so, too).
_ADVISED: Final[tuple[LinkMode, ...]] = ("copy", "hardlink", "clone")
_UV: Final = {
    "cache": "--cache-dir or UV_CACHE_DIR",
    "temporary": "TMPDIR",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """A setting to try.

    Attributes:
        words: what to do, as people say it.
        layout: the storage as it would be then.
        link_mode: how files would be placed then.
    """

    words: str
    layout: Layout
    link_mode: LinkMode


def remedies(layout: Layout, *, installer: str, link_mode: LinkMode, able: Iterable[LinkMode]) -> tuple[Remedy, ...]:
    """What may help one link mode.

    Args:
        layout: where it goes wrong.
        installer: who is asked.
        link_mode: with which it goes wrong.
        able: the link modes that the installer has.
    """
    return tuple(_remedies(layout, installer, link_mode, frozenset(able)))


def _remedies(layout: Layout, installer: str, link_mode: LinkMode, able: frozenset[LinkMode]) -> Iterator[Remedy]:
    is_uv = installer.startswith(("uv", "path:"))
    for mode in _ADVISED:
        # Where nothing can be written, files are not to be placed in any way.
        if mode != link_mode and mode in able and not layout.unwritable:
            words = f"--link-mode {mode}, or UV_LINK_MODE={mode}" if is_uv else f"link mode {mode}"
            yield Remedy(words=words, layout=layout, link_mode=mode)
    what: dict[Movable, str] = {"cache": "the cache", "temporary": "temporary files"}
    for role, name in what.items():
        moved = beside_environment(layout, role)
        if moved is not None:
            setting = f" ({_UV[role]})" if is_uv else " (TMPDIR)" if role == "temporary" else ""
            words = f"{name} on the filesystem of the environment{setting}"
            yield Remedy(words=words, layout=moved, link_mode=link_mode)


def beside_environment(layout: Layout, role: Movable) -> Layout | None:
    """The layout with a role in a directory beside the environment, on its mount.

    Returns:
        None: it lies on that mount already; or nothing can lie beside the environment on it, which is a mount point.
    """
    environment, place = site_path(layout, "{environment}"), site_path(layout, f"{{{role}}}")
    home = _mount_of(layout, environment)
    if home == _mount_of(layout, place) or home == environment:
        return None
    start = f"{{{role}}}"
    target = posixpath.join(posixpath.dirname(environment), f"exdev-{role}")
    facts = (*(fact for fact in layout.facts if start not in f"{fact.source} {fact.to}"), _linkable(layout, role))
    moved = replace(
        layout,
        about=f"{layout.about}; {role} moved beside the environment",
        roles=replace(layout.roles, **{role: target}),
        mounts=tuple(mount for mount in layout.mounts if not mount.at.startswith(start)),
        symlinks=tuple(link for link in layout.symlinks if not link.at.startswith(start)),
        files=tuple(one for one in layout.files if not one.at.startswith(start)),
        directories=tuple(one for one in layout.directories if not one.at.startswith(start)),
        permissions=tuple(one for one in layout.permissions if not one.at.startswith(start)),
        facts=facts,
        unwritable=tuple(one for one in layout.unwritable if one != role),
    )
    return None if problems(moved) else moved


def _linkable(layout: Layout, role: Movable) -> Fact:
    """That it has moved is verified as everything is."""
    late = any(mount.after == "image" for mount in layout.mounts)
    return Fact(
        do="same-device", source=f"{{{role}}}", to="{environment}", gives="yes", after="image" if late else "start"
    )


def _mount_of(layout: Layout, path: str) -> str:
    places = (site_path(layout, mount.at) for mount in layout.mounts if not mount.file)
    return max((place for place in places if holds(place, path)), key=len, default="/")
