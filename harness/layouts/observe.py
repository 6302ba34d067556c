"""Observing a site: the trees of its roles at one moment, keyed alike in every layout."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from harness.kernel.snapshot import snapshot
from harness.model import Layout, Node, Trees

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.layouts.build import Site

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

    def environment(self) -> dict[str, Node]:
        """The environment tree, see `Trees.environment`."""
        tree: dict[str, Node] = {}
        for root, key in self.schemes.items():
            if not any(root.startswith(f"{other}/") for other in self.schemes):
                tree |= snapshot(root, prefix=key, renamed=self.schemes)
        return tree

    def trees(self) -> Trees:
        """Snapshots of everything, now."""
        environment = self.environment()
        inner = frozenset((self.cache, self.temporary, *self.schemes))
        return Trees(
            environment=environment,
            cache=snapshot(self.cache),
            temporary=snapshot(self.temporary),
            outside=snapshot(self.root, skip=inner),
            records={key: self._read(key) for key in environment if key.endswith(".dist-info/RECORD")},
        )

    def path(self, key: str) -> str:
        """The real path of a key of the environment tree."""
        scheme, _, rest = key.partition("/")
        root = next(path for path, name in self.schemes.items() if name == scheme)
        return f"{root}/{rest}"

    def keys(self, paths: Iterable[str]) -> frozenset[str]:
        """The keys of those real paths that lie in the environment tree."""
        found = set()
        for path in paths:
            inner = max((root for root in self.schemes if path.startswith(f"{root}/")), key=len, default="")
            if inner:
                found.add(f"{self.schemes[inner]}{path[len(inner) :]}")
        return frozenset(found)

    def _read(self, key: str) -> bytes:
        with open(self.path(key), "rb") as file:
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
