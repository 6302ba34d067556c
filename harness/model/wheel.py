"""Wheel: a distribution archive as a value, entry by entry, in archive order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

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
    """

    name: str
    version: str
    entries: tuple[Entry, ...]
    tag: str = "py3-none-any"
    damage: Literal["", "truncated"] = ""

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
        """The name of its `.dist-info` directory."""
        return f"{self.stem}.dist-info"
