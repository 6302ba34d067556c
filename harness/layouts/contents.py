"""Contents: where files and directories of a layout lie, its links followed, and what is in their way; pure."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from harness.errors import Problem
from harness.model import ROLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from harness.model import Directory, File, Mount, Roles, Symlink

MAX_BYTES: Final = 1 << 20  # of one file: what lies beside an installation, not what is installed


def site_place(roles: Roles, template: str) -> str:
    """The normal path inside the site that a template stands for."""
    return posixpath.normpath("/" + roles.resolve(template).lstrip("/"))


def link_targets(roles: Roles, symlinks: Iterable[Symlink]) -> dict[str, str]:
    """Link -> where it leads, one step; by the path that is written, and by that with the links on its way followed."""
    links: dict[str, str] = {}
    for symlink in symlinks:
        at = site_place(roles, symlink.at)
        relative = not symlink.to.startswith(("/", "{"))
        links[at] = posixpath.join(posixpath.dirname(at), symlink.to) if relative else site_place(roles, symlink.to)
    for at, target in tuple(links.items()):
        links.setdefault(entry_path(at, links) or at, target)
    return links


def followed(path: str, links: Mapping[str, str]) -> str | None:
    """A path with all links followed, one at its end too; None: it leads back to itself."""
    # Each link is met at most once on a path that leads somewhere.
    for _ in range(len(links) + 1):
        link = next((one for one in links if f"{path}/".startswith(f"{one}/")), None)
        if link is None:
            return path
        path = posixpath.normpath(links[link] + path[len(link) :])
    return None


def entry_path(path: str, links: Mapping[str, str]) -> str | None:
    """A path with the links on its way followed, one at its end not; None: those lead back to themselves."""
    directory = followed(posixpath.dirname(path), links)
    return directory and posixpath.join(directory, posixpath.basename(path))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Thing:
    """Something of a layout at a path.

    Attributes:
        where: its place in the layout's file (`mount[0]`).
        path: where it lies, links followed.
        kind: what has to be there; empty: it may be either.
    """

    where: str
    path: str
    kind: str = ""


def conflicts(layout: Mapping[str, Any]) -> Iterator[Problem]:
    """Files and directories that cannot be where they are said to be; places are relative to the layout.

    Args:
        layout: the fields of one, each sound by itself; no link leads back to itself.
    """
    roles, links = layout["roles"], link_targets(layout["roles"], layout["symlinks"])
    said = [*_said("file", layout["files"]), *_said("directory", layout["directories"])]
    others = tuple(_others(layout, links))
    placed: list[_Thing] = []
    for where, kind, one in said:
        entry = entry_path(site_place(roles, one.at), links) or ""
        message = f"{one.at} is a symbolic link of this layout" if entry in links else ""
        thing = _Thing(where=where, path=followed(entry, links) or entry, kind=kind)
        message = message or _in_the_way(thing, (*placed, *others), placed)
        placed.append(thing)
        if message:
            yield Problem(where=f"{where}.at", message=message)


def _said(kind: str, parts: Iterable[File | Directory]) -> Iterator[tuple[str, str, File | Directory]]:
    for index, one in enumerate(parts):
        yield f"{kind}[{index}]", kind, one


def _in_the_way(thing: _Thing, others: Iterable[_Thing], said: Iterable[_Thing]) -> str:
    """Why something cannot be put where it is to lie; empty: it can."""
    path = thing.path
    if path == "/":
        return "/ is the whole site"
    for other in others:
        if other.path == path and (other in said or other.kind not in {"", thing.kind}):
            return f"{path} is {other.where}{' as well' if other.kind == thing.kind else f', a {other.kind}'}"
        if other.kind == "file" and path.startswith(f"{other.path}/"):
            return f"{path} lies below {other.where} at {other.path}, which is a file"
        if thing.kind == "file" and other.path.startswith(f"{path}/"):
            return f"{path} is a file, and {other.where} at {other.path} lies below it"
    return ""


def _others(layout: Mapping[str, Any], links: Mapping[str, str]) -> Iterator[_Thing]:
    """All else that a layout has at a path."""
    roles = layout["roles"]

    def thing(where: str, template: str, kind: str = "") -> _Thing:
        path = site_place(roles, template)
        return _Thing(where=where, path=followed(path, links) or path, kind=kind)

    yield from (thing(f"the {role} directory", f"{{{role}}}", "directory") for role in ROLES)
    for index, mount in enumerate(layout["mounts"]):
        yield from (thing(f"mount[{index}]", path, _KINDS[mount.file]) for path in _paths(mount))
    for index, symlink in enumerate(layout["symlinks"]):
        entry = entry_path(site_place(roles, symlink.at), links)
        yield _Thing(where=f"symlink[{index}]", path=entry or "")
        kind = "" if symlink.target == "missing" else symlink.target
        yield thing(f"the target of symlink[{index}]", symlink.at, kind)
    for index, permission in enumerate(layout["permissions"]):
        yield thing(f"permission[{index}]", permission.at)


_KINDS: Final = {True: "file", False: "directory"}


def _paths(mount: Mount) -> Iterator[str]:
    yield mount.at
    if mount.source is not None and mount.source.startswith(("/", "{")):
        yield mount.source
