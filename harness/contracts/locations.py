"""Where paths of a site really lead: links and `..` followed as the kernel follows them, by the trees alone."""

from __future__ import annotations

import posixpath
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.model import Evidence, Node, Trees

# As the kernel bounds a path resolution (path_resolution(7)).
_MAX_LINKS = 40
_CACHE = "cache"


class Locations:
    """The symbolic links of one moment, and the directories that give paths their keys.

    Attributes:
        places: real directory -> the key of what lies below it: see `Evidence.places`; the cache has `cache`.
    """

    def __init__(
        self,
        links: tuple[tuple[str, str], ...],
        roles: tuple[tuple[str, str], ...],
        places: tuple[tuple[str, str], ...],
    ) -> None:
        """See class.

        Args:
            links: real path of each symbolic link, and its target.
            roles: path of each role, as the layout spells it.
            places: see class.
        """
        self.places = dict(places)
        self._links = dict(links)
        self._roles = dict(roles)
        self._directories: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._in_order = sorted(self.places, key=len, reverse=True)

    def canonical(self, key: str) -> str:
        """The key of the place that a key names: `data/bin/tool` is `scripts/tool` where the one lies in the other.

        Links on the way are followed, a link at its end is not. A key that leads out of all places stays as it is.
        """
        found = self._keys.get(key)
        if found is None:
            scheme, slash, rest = key.partition("/")
            root = self._roles.get(scheme)
            found = self.key(f"{root}/{rest}") if root and slash else key
            self._keys[key] = found
        return found

    def key(self, path: str) -> str:
        """The key of an absolute path; links as for `canonical`.

        What leads out of all places has the key of where it seems to lie, or else its own path.
        """
        directory, _, name = path.rpartition("/")
        in_parts = name in {"", ".", ".."}
        found = self._key(self._real(path) if in_parts else f"{self._directory(directory)}/{name}")
        return self._key(posixpath.normpath(path)) if found.startswith("/") else found

    def followed(self, key: str) -> str:
        """The key of where a key leads in the end, links at its end followed too."""
        return self._key(self._real(self._path(key)))

    def library(self, scheme: str) -> str:
        """The real directory of a scheme (`purelib`)."""
        return self._directory(self._roles.get(scheme, f"/{scheme}"))

    def _path(self, key: str) -> str:
        """An absolute path of a key, however it is spelled."""
        if key.startswith("/"):
            return key
        scheme, _, rest = key.partition("/")
        place = next((path for path, name in self.places.items() if name == scheme), None)
        return f"{self._roles.get(scheme, '') if place is None else place}/{rest}"

    def _directory(self, path: str) -> str:
        found = self._directories.get(path)
        if found is None:
            found = self._directories[path] = self._real(path)
        return found

    def _real(self, path: str) -> str:
        """As realpath(3); a circle of links ends somewhere on it."""
        if not self._links:
            return posixpath.normpath(path)
        done: list[str] = []
        pending = path.split("/")[::-1]
        left = _MAX_LINKS
        while pending:
            part = pending.pop()
            if part in {"", "."}:
                continue
            if part == "..":
                del done[-1:]
                continue
            done.append(part)
            target = self._links.get("/" + "/".join(done))
            if target is not None and left:
                left -= 1
                del done[0 if target.startswith("/") else -1 :]
                pending += target.split("/")[::-1]
        return "/" + "/".join(done)

    def _key(self, path: str) -> str:
        if path in self.places:
            return self.places[path]
        for root in self._in_order:
            if path.startswith(f"{root}/"):
                return f"{self.places[root]}{path[len(root) :]}"
        return path


def locations(trees: Trees, evidence: Evidence) -> Locations:
    """The locations of one moment of a run."""
    places = dict(evidence.places) or _usual_places(evidence)
    roots = {key: root for root, key in places.items()}
    links = (
        *((_joined(roots, key), node.target) for key, node in trees.environment.items() if node.kind == "symlink"),
        *((f"{roots.get(_CACHE)}/{key}", node.target) for key, node in trees.cache.items() if node.kind == "symlink"),
        *((f"{evidence.root}/{key}", node.target) for key, node in trees.outside.items() if node.kind == "symlink"),
    )
    return _locations(links, tuple(evidence.roots.items()), tuple(places.items()))


@lru_cache(maxsize=128)
def _locations(
    links: tuple[tuple[str, str], ...], roles: tuple[tuple[str, str], ...], places: tuple[tuple[str, str], ...]
) -> Locations:
    return Locations(links, roles, places)


def _usual_places(evidence: Evidence) -> dict[str, str]:
    """Those of a layout without links, in which every role lies where it is spelled."""
    order = ("environment", "data", "headers", "scripts", "platlib", "purelib", _CACHE)
    return {evidence.roots[role]: role for role in order if role in evidence.roots}


def _joined(roots: Mapping[str, str], key: str) -> str:
    scheme, _, rest = key.partition("/")
    return f"{roots.get(scheme, '')}/{rest}".rstrip("/")


def node_at(key: str, trees: Trees, where: Locations, *, into_cache: bool) -> Node | None:
    """What is at a path of the environment, links followed as long as they stay in the environment or end in the cache.

    Args:
        key: of the environment tree; it need not be canonical.
        trees: of the moment.
        where: their locations.
        into_cache: a directory may be a link into the cache, and is looked into.

    Returns:
        None where nothing is, or only by way of a directory that is a link out of the environment. A link that leads
        out of the environment, or to nothing, is itself what is there.
    """
    place = where.canonical(key)
    node = trees.environment.get(place)
    if node is None:
        return trees.cache.get(place[len(_CACHE) + 1 :]) if into_cache and place.startswith(f"{_CACHE}/") else None
    if node.kind != "symlink":
        return node
    end = where.followed(place)
    inside = trees.environment.get(end)
    if inside is None and end.startswith(f"{_CACHE}/"):
        inside = trees.cache.get(end[len(_CACHE) + 1 :])
    return inside or node
