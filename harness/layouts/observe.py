"""Observing a site: the trees of its roles at one moment, keyed alike in every layout."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from harness.kernel.snapshot import snapshot
from harness.model import Layout, Node, Tree, Trees

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from harness.layouts.build import Site

_NOTHING: Mapping[str, str] = MappingProxyType({})
# Later names win where schemes share a directory: in a virtual environment data is the environment itself, and platlib
# is purelib.
_KEYED = ("environment", "data", "headers", "scripts", "platlib", "purelib")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """Where the roles of one site really lie (links resolved once: layouts do not move).

    Attributes:
        root: the site's.
        cache, temporary: real directories.
        schemes: real directory -> the key its content gets.
        platlib: see `Evidence.platlib`.
    """

    root: str
    cache: str
    temporary: str
    schemes: Mapping[str, str]
    platlib: Literal["purelib", "platlib"]

    @classmethod
    def of(cls, site: Site) -> Observer:
        """The observer of a site."""
        return _observer(site.layout, site.root, tuple(site.roles.items()))

    @property
    def places(self) -> Mapping[str, str]:
        """Real directory -> the key of what lies below it, the cache included: see `Evidence.places`."""
        return {**self.schemes, self.cache: "cache"}

    def trees(self) -> Trees:
        """Snapshots of everything, now."""
        outside = self._snapshot(self.root, skip=frozenset((self.cache, self.temporary, *self.schemes)))
        environment = self._environment(outside)
        return Trees(
            environment=environment,
            cache=self._snapshot(self.cache) if self._is_there(self.cache, outside) else {},
            temporary=self._snapshot(self.temporary) if self._is_there(self.temporary, outside) else {},
            outside=outside,
            records=dict(self._records(environment)),
        )

    def _environment(self, outside: Tree) -> dict[str, Node]:
        """See `Trees.environment`."""
        tree: dict[str, Node] = {}
        for root, key in self.schemes.items():
            inner = any(root.startswith(f"{other}/") for other in self.schemes)
            if not inner and self._is_there(root, outside):
                tree |= self._snapshot(root, prefix=key, renamed=self.schemes)
                if node := outside.get(self._outside(root)):
                    tree[key] = node
        return tree

    def _outside(self, path: str) -> str:
        """The key in `Trees.outside` of a path in the site."""
        return path[len(self.root) + 1 :]

    def _is_there(self, path: str, outside: Tree) -> bool:
        """Whether a real path is still what it was, and no link that an installer has put in its place.

        Otherwise the machine's own files would be taken for the site's: read, and written to find out what they share.
        """
        node = outside.get(self._outside(path))
        # Walked to, from the root, without following a link. What lies in another role was not.
        return node.kind == "directory" if node else self._real(path) == path

    def path(self, key: str) -> str:
        """The real path of a key of the environment tree."""
        scheme, _, rest = key.partition("/")
        root = next(path for path, name in self.schemes.items() if name == scheme)
        return f"{root}/{rest}" if rest else root

    def keys(self, paths: Iterable[str]) -> frozenset[str]:
        """The keys of those real paths that lie in the environment tree."""
        found = set()
        for path in paths:
            inner = max((root for root in self.schemes if f"{path}/".startswith(f"{root}/")), key=len, default="")
            if inner:
                found.add(f"{self.schemes[inner]}{path[len(inner) :]}")
        return frozenset(found)

    def _records(self, environment: Mapping[str, Node]) -> Iterator[tuple[str, bytes]]:
        for key, node in environment.items():
            if key.endswith(".dist-info/RECORD") and node.kind in ("file", "symlink"):
                path = self.path(key)
                # Read through a link into the cache too, but not through one that dangles or leaves the site.
                if node.kind == "file" or self._real(path).startswith(f"{self.root}/"):
                    content = self._content(path)
                    if content is not None:
                        yield key, content

    # All that is asked of the filesystem.

    def _snapshot(
        self, root: str, prefix: str = "", skip: frozenset[str] = frozenset(), renamed: Mapping[str, str] = _NOTHING
    ) -> dict[str, Node]:
        return snapshot(root, prefix=prefix, skip=skip, renamed=renamed)

    def _real(self, path: str) -> str:
        return os.path.realpath(path)

    def _content(self, path: str) -> bytes | None:
        """None where there is no file."""
        if not os.path.isfile(path):
            return None
        with open(path, "rb") as file:
            return file.read()


@lru_cache(maxsize=128)
def _observer(layout: Layout, root: str, roles: tuple[tuple[str, str], ...]) -> Observer:
    """Where links lead depends on the layout and the place it is built at; nothing else: 18 realpath(3) saved a run."""
    del layout
    real = {role: os.path.realpath(path) for role, path in roles}
    return Observer(
        root=os.path.realpath(root),
        cache=real["cache"],
        temporary=real["temporary"],
        schemes={real[role]: role for role in _KEYED},
        platlib="purelib" if real["platlib"] == real["purelib"] else "platlib",
    )
