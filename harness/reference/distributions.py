"""Distributions: what is installed, by its .dist-info, and what it claims (Recording installed projects)."""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import OperationRefused
from harness.model import operation as op
from harness.reference import records

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.reference.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """An installed distribution.

    Attributes:
        name: normalised (PEP 503).
        version: as its `.dist-info` spells it.
        dist_info: path of that directory.
    """

    name: str
    version: str
    dist_info: str

    @property
    def library(self) -> str:
        """The directory its `.dist-info` lies in: what RECORD's paths are relative to."""
        return self.dist_info.rpartition("/")[0]


def normalised(name: str) -> str:
    """PEP 503 normalisation."""
    return re.sub(r"[-_.]+", "-", name).lower()


def parsed(dist_info: str) -> tuple[str, str]:
    """Normalised name and version of a `{name}-{version}.dist-info`."""
    name, _, version = dist_info.removesuffix(".dist-info").rpartition("-")
    return normalised(name), version


def installed(settings: Settings) -> op.Program[tuple[Distribution, ...]]:
    """Every distribution in purelib and platlib, sorted by path. A directory that is missing holds none."""
    found = []
    for library in sorted({settings.purelib, settings.platlib}):
        for one in (yield from _listed(library)):
            if one.name.endswith(".dist-info") and one.kind != "file":
                name, version = parsed(one.name)
                found.append(Distribution(name=name, version=version, dist_info=f"{library}/{one.name}"))
    return tuple(sorted(found, key=lambda distribution: distribution.dist_info))


def _listed(path: str) -> op.Program[tuple[op.Listed, ...]]:
    try:
        names: tuple[op.Listed, ...] = yield op.ListDirectory(path)
    except OperationRefused as refused:
        if refused.errno != errno.ENOENT:
            raise
        return ()
    return names


def rows_of(distribution: Distribution) -> op.Program[list[records.Row]]:
    """The rows of its RECORD; none where RECORD is missing (then only the .dist-info itself is known to be its own)."""
    try:
        data = yield op.ReadFile(f"{distribution.dist_info}/RECORD")
    except OperationRefused as refused:
        if refused.errno not in {errno.ENOENT, errno.ENOTDIR}:
            raise
        return []
    return records.parse(data, f"{distribution.dist_info}/RECORD")


def located(row_path: str, library: str) -> str:
    """The absolute path of a RECORD row, `.` and `..` taken out of its text (as every reader of RECORD does)."""
    parts: list[str] = []
    for part in (row_path if row_path.startswith("/") else f"{library}/{row_path}").split("/"):
        if part == "..":
            parts[-1:] = []
        elif part not in {"", "."}:
            parts.append(part)
    return "/" + "/".join(parts)


def row_path(path: str, library: str, *, linked: bool) -> str:
    """How RECORD says a path: relative to the library; absolute where that would go wrong.

    Args:
        path: absolute path of the file.
        library: directory that the `.dist-info` lies in.
        linked: the library's own path goes through a symbolic link, so that `..` would not lead back.
    """
    if path.startswith(f"{library}/"):
        return path[len(library) + 1 :]
    if linked:
        return path
    here, there = library.split("/"), path.split("/")
    common = next(index for index, (one, two) in enumerate(zip(here, there, strict=False)) if one != two)
    return "/".join([".."] * (len(here) - common) + there[common:])


def claimed(paths: Iterable[str], others: Iterable[Distribution]) -> op.Program[set[str]]:
    """Which of these paths another distribution's RECORD claims too."""
    left = set(paths)
    found: set[str] = set()
    for other in others:
        rows = yield from rows_of(other)
        found |= left & {located(row.path, other.library) for row in rows}
    return found
