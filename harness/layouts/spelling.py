"""Spelling: real paths of a machine as paths of a layout, which not every path can be; pure."""

from __future__ import annotations

import os
import posixpath
import re
from typing import TYPE_CHECKING, Final

from harness.kernel.mountinfo import holds

if TYPE_CHECKING:
    from harness.layouts.storage import Part, Storage

# Overlays name a layer's path in one option of 255 bytes (fsconfig(2)), and the site's own root comes before it.
_MAX_PATH: Final = 120
_MAX_INSIDE: Final = 180  # of what a package brings nothing comes near, and a layer's path still fits
_LONG: Final = 24
_UNSAYABLE: Final = re.compile(r"[{}\x00-\x1f\x7f\ud800-\udfff]")
_ROLES: Final[tuple[Part, ...]] = ("cache", "environment", "temporary")


class Spelling:
    """Gives every real path its place in the layout.

    A role that holds another one moves to a directory of its own inside itself, on the same mount: roles of a layout
    lie apart. A mount that holds a role stays where it holds it, whatever the role that both lie in. What is no text,
    holds braces or control characters, or is too long, gets a short name instead.

    Attributes:
        roles: where cache, environment and temporary lie in the layout.
        wheelhouse: a place for it.
        moved: the roles that had to move.
    """

    def __init__(self, storage: Storage) -> None:
        self._names: dict[str, str] = {}
        self._real = {place.part: place.path for place in storage.places}
        packages = storage.place("purelib")
        self._python = posixpath.dirname(packages.asked) if packages else ""
        lengths = {entry.at: len(os.fsencode(entry.at)) for entry in storage.mounts}
        homes = [self._real[part] for part in ("environment", "purelib") if part in self._real]
        self._is_long = any(len(os.fsencode(path)) > _MAX_PATH for path in self._real.values()) or any(
            length > _MAX_INSIDE and any(holds(home, at) for home in homes) for at, length in lengths.items()
        )
        self.moved = tuple(
            part
            for part in _ROLES
            if any(holds(self._real[part], self._real[other]) for other in _ROLES if other != part)
        )
        self._mounts = tuple(lengths)
        # Where an environment that moves goes to: site-packages is to stay on the mount that it lies on.
        self._home = self._shared(self._real.get("purelib", ""))
        self.roles = {part: self._place(part) for part in _ROLES}
        self.wheelhouse = self._apart("/wheelhouse")

    def plain(self, path: str) -> str:
        """A real path in the layout, whatever roles lie there."""
        said = "".join(f"/{self._name(path[:end])}" for end in _ends(path))
        return said or "/"

    def mount_point(self, path: str) -> str:
        """As `inside`; a mount that holds other roles, or one that has moved, stays at its place."""
        held = [part for part in _ROLES if holds(path, self._real[part])]
        if any(part in self.moved or self._real[part] != path for part in held):
            return self.plain(path)
        return self.inside(path)

    def inside(self, path: str) -> str:
        """A template for a real path: relative to the innermost role that it lies in, and that has not left it."""
        starts = {self._real[part]: f"{{{part}}}" for part in _ROLES if part not in self.moved}
        if "environment" not in self.moved or holds(self._shared(path), self._home):
            starts |= self._in_environment()
        holding = [start for start in starts if holds(start, path)]
        if not holding:
            return self.plain(path)
        start = max(holding, key=len)
        rest = "".join(f"/{self._name(path[:end])}" for end in _ends(path) if end > len(start.rstrip("/")))
        return starts[start] + rest

    def _in_environment(self) -> dict[str, str]:
        starts = {self._real["environment"]: "{environment}"}
        if "purelib" in self._real and holds(self._real["environment"], self._real["purelib"]):
            starts |= {self._python: "{environment}/lib/{python}", self._real["purelib"]: "{site_packages}"}
        return starts

    def _place(self, part: Part) -> str:
        if part not in self.moved:
            return self.plain(self._real[part])
        home = self._home if part == "environment" else self._real[part]
        return posixpath.join(self.plain(home), f"exdev-{part}")

    def _shared(self, path: str) -> str:
        """The innermost mount inside the environment that holds a path and a role; the environment: there is none."""
        home = self._real["environment"]
        roles = [self._real[part] for part in _ROLES if part != "environment"]
        found = [
            at
            for at in self._mounts
            if holds(home, at) and at != home and holds(at, path) and any(holds(at, role) for role in roles)
        ]
        return max(found, key=len, default=home)

    def _apart(self, path: str) -> str:
        """A place for the wheelhouse, which no machine has."""
        while any(holds(path, role) or holds(role, path) for role in self.roles.values()):
            path = f"/exdev-{path[1:]}"
        return path

    def _name(self, path: str) -> str:
        """The last name of a real path, sayable."""
        name = posixpath.basename(path)
        long = self._is_long and len(os.fsencode(name)) > _LONG
        if not _UNSAYABLE.search(name) and not long:
            return name
        return self._names.setdefault(path, f"exdev-{len(self._names) + 1}")


def _ends(path: str) -> list[int]:
    """Where each name of an absolute path ends."""
    path = path.rstrip("/")
    return [end for end in range(2, len(path) + 1) if path[end : end + 1] in ("", "/")]
