"""Symbolic links of the environment followed into the cache, by the trees alone."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.model import Node, Tree, Trees

# As the kernel bounds a path resolution (path_resolution(7)).
_MAX_LINKS = 40


def resolved(path: str, trees: Trees, roots: Mapping[str, str]) -> Node | None:
    """What is at a path of the environment, or the cached file that it leads to; a link elsewhere stays a link."""
    node = trees.environment.get(path)
    if node is None or node.kind != "symlink":
        return node
    return _cached(_target(_located(path, roots), node), trees.cache, roots.get("cache", "")) or node


def _located(path: str, roots: Mapping[str, str]) -> str:
    scheme, _, rest = path.partition("/")
    return f"{roots.get(scheme, '')}/{rest}"


def _target(path: str, link: Node) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), link.target))


def _cached(path: str, cache: Tree, root: str) -> Node | None:
    """The file at a path below the cache, also through links inside it: installers point from names to archives."""
    for _ in range(_MAX_LINKS):
        if not root or not path.startswith(f"{root}/"):
            return None
        key = path[len(root) + 1 :]
        link = next((one for one in _prefixes(key) if one in cache and cache[one].kind == "symlink"), None)
        if link is None:
            return cache.get(key)
        path = _target(f"{root}/{link}", cache[link]) + key[len(link) :]
    return None


def _prefixes(key: str) -> Iterator[str]:
    """A key and its parents, the outermost first."""
    end = key.find("/")
    while end != -1:
        yield key[:end]
        end = key.find("/", end + 1)
    yield key
