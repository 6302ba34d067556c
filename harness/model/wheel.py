"""Wheel: a distribution archive as a value, entry by entry, in archive order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

EntryKind: TypeAlias = Literal["file", "directory", "symlink"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a wheel archive. Not keyword-only: wheels are written by hand in scenarios, entry by entry.

    Attributes:
        path: relative, `/`-separated, without a trailing slash for directories. Bad wheels put anything here.
        content: the bytes; for a symlink its target.
        mode: permission bits, without the file type.
        kind: `file`, `directory` (listed explicitly in the archive) or `symlink` (only bad wheels have them).
    """

    path: str
    content: bytes = b""
    mode: int = 0o644
    kind: EntryKind = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """A wheel. Every entry is explicit, `.dist-info` and RECORD too, so that any wheel can be said, also a bad one.

    Use `harness.wheels.make.wheel` to make a correct one. Source: the binary distribution format specification.

    Attributes:
        name: distribution name as a person writes it (`nvidia-a`).
        version: PEP 440 version.
        entries: in archive order: the order in which an installer that unpacks the archive creates them.
        tag: compatibility tag of the file name.
        damage: what to do to the archive's bytes after writing: `""` or `truncated`.
        published: in files only, in place of entries: the sha256 of the published archive that has them, whose manifest
            has the wheel's key.
    """

    name: str
    version: str
    entries: tuple[Entry, ...]
    tag: str = "py3-none-any"
    damage: Literal["", "truncated"] = ""
    published: str = ""

    @property
    def key(self) -> str:
        """How steps refer to it: `name-version`."""
        return f"{self.name}-{self.version}"

    @property
    def stem(self) -> str:
        """`{name}-{version}` as file names spell it: the prefix of the archive's name and of `.dist-info`."""
        return f"{self.name.replace('-', '_')}-{self.version}"

    @property
    def filename(self) -> str:
        """The archive's file name."""
        return f"{self.stem}-{self.tag}.whl"

    @property
    def dist_info(self) -> str:
        """The name of its `.dist-info` directory, as the archive spells it; as its file name does, where it has none.

        Names and versions are compared as the specifications normalise them (`Quart` has `quart-0.17.0.dist-info`).
        """
        return self._directory(".dist-info") or f"{self.stem}.dist-info"

    @property
    def data(self) -> str:
        """The name of its `.data` directory, as the archive spells it; as its `.dist-info`, where it has none."""
        return self._directory(".data") or self.dist_info.removesuffix(".dist-info") + ".data"

    def _directory(self, suffix: str) -> str:
        """The directory at the top of the archive that ends so, and is this distribution's; empty: there is none."""
        usual = f"{self.stem}{suffix}"
        found = ""
        for entry in self.entries:
            if suffix not in entry.path:
                continue
            top = entry.path.partition("/")[0]
            if top == usual:
                return usual
            if not found and top.endswith(suffix) and self._is_named(top.removesuffix(suffix)):
                found = top
        return found

    def _is_named(self, stem: str) -> bool:
        name, hyphen, version = stem.partition("-")
        return bool(hyphen) and canonicalize_name(name) == canonicalize_name(self.name) and self._is_of(version)

    def _is_of(self, text: str) -> bool:
        """Whether a directory says this version; older tools write `_` for `+` and `-` (PEP 427, "Escaping")."""
        try:
            version = Version(self.version)
        except InvalidVersion:
            return text == self.version
        return any(_is(spelled, version) for spelled in (text, text.replace("_", "+", 1), text.replace("_", "-")))


def _is(text: str, version: Version) -> bool:
    try:
        return Version(text) == version
    except InvalidVersion:
        return False
