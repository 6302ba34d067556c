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
    lie apart. What is no text, holds braces or control characters, or is too long, gets a short name instead.

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
        self.roles = {part: self._place(part) for part in _ROLES}
        self.wheelhouse = self._apart("/wheelhouse")

    def plain(self, path: str) -> str:
        """A real path in the layout, whatever roles lie there."""
        said = "".join(f"/{self._name(path[:end])}" for end in _ends(path))
        return said or "/"

    def mount_point(self, path: str) -> str:
        """As `inside`; a mount that holds a role that has moved stays at its place."""
        if any(self._real[part] == path for part in self.moved):
            return self.plain(path)
        return self.inside(path)

    def inside(self, path: str) -> str:
        """A template for a real path: relative to the innermost role that it lies in."""
        starts = {self._real[part]: f"{{{part}}}" for part in _ROLES}
        if "purelib" in self._real and holds(self._real["environment"], self._real["purelib"]):
            starts[self._python] = "{environment}/lib/{python}"
            starts[self._real["purelib"]] = "{site_packages}"
        holding = [start for start in starts if holds(start, path)]
        if not holding:
            return self.plain(path)
        start = max(holding, key=len)
        rest = "".join(f"/{self._name(path[:end])}" for end in _ends(path) if end > len(start.rstrip("/")))
        return starts[start] + rest

    def _place(self, part: Part) -> str:
        path = self.plain(self._real[part])
        return posixpath.join(path, f"exdev-{part}") if part in self.moved else path

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
