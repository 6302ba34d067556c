"""Distributions: what is installed, by its .dist-info, and what it claims (Recording installed projects)."""

from __future__ import annotations

import errno
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from harness.errors import OperationRefused, WheelRefused
from harness.model import operation as op
from harness.reference import records
from harness.reference.directories import PATIENCE, SCHEMES
from harness.reference.settings import INCOMING, OUTGOING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from harness.reference.settings import Settings


_UPWARDS = ("../", "./../")


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """An installed distribution.

    Attributes:
        name: normalised (PEP 503).
        version: as its `.dist-info` spells it.
        dist_info: path of that directory.
        library: the directory that RECORD's paths are relative to.
    """

    name: str
    version: str
    dist_info: str
    library: str


def normalised(name: str) -> str:
    """PEP 503 normalisation."""
    return str(canonicalize_name(name))


def parsed(dist_info: str) -> tuple[str, str]:
    """Normalised name and version of a `{name}-{version}.dist-info`."""
    name, _, version = dist_info.removesuffix(".dist-info").rpartition("-")
    return normalised(name), version


def installed(settings: Settings) -> op.Program[tuple[Distribution, ...]]:
    """Every distribution in purelib and platlib, sorted by path. A directory that is missing holds none.

    Args:
        settings: as `with_one_library` makes them.
    """
    return (yield from _found(settings, ".dist-info"))


def with_one_library(settings: Settings) -> op.Program[Settings]:
    """The same settings; with purelib for platlib where one leads to the other (`lib64 -> lib`).

    Otherwise one file would have two paths: found twice, and stale by the one when it is new by the other.
    """
    if settings.platlib != settings.purelib:
        pure = yield op.RealPath(settings.purelib)
        if (yield op.RealPath(settings.platlib)) == pure:
            return replace(settings, platlib=settings.purelib)
    return settings


def _found(settings: Settings, *suffixes: str) -> op.Program[tuple[Distribution, ...]]:
    found = []
    for library in sorted({settings.purelib, settings.platlib}):
        for one in (yield from listed(library)):
            if one.name.endswith(suffixes) and one.kind != "file":
                name, version = parsed(one.name)
                found.append(
                    Distribution(name=name, version=version, dist_info=f"{library}/{one.name}", library=library)
                )
    return tuple(sorted(found, key=lambda distribution: distribution.dist_info))


def legacy(name: str, settings: Settings) -> op.Program[tuple[str, ...]]:
    """The legacy metadata (`.egg-info`, a directory or a file) of a distribution, by its normalised name."""
    found = []
    for library in sorted({settings.purelib, settings.platlib}):
        for one in (yield from listed(library)):
            stem, dot, suffix = one.name.rpartition(".")
            if dot and suffix == "egg-info" and normalised(stem.partition("-")[0]) == name:
                found.append(f"{library}/{one.name}")
    return tuple(found)


def listed(path: str) -> op.Program[tuple[op.Listed, ...]]:
    """What a directory holds; nothing where it is missing."""
    try:
        names: tuple[op.Listed, ...] = yield op.ListDirectory(path)
    except OperationRefused as refused:
        if refused.errno != errno.ENOENT:
            raise
        return ()
    return names


def rows_of(distribution: Distribution) -> op.Program[list[records.Row] | None]:
    """The rows of its RECORD; None where that is missing.

    Raises:
        WheelRefused: it is not readable as a RECORD.
    """
    try:
        data = yield op.ReadFile(f"{distribution.dist_info}/RECORD")
    except OperationRefused as refused:
        if refused.errno not in {errno.ENOENT, errno.ENOTDIR}:
            raise
        return None
    return records.parse(data, f"{distribution.dist_info}/RECORD")


def digest_at(path: str) -> op.Program[str]:
    """The digest of a file's content as RECORD writes it; empty where there is none to be read."""
    try:
        digest = yield op.Digest(path)
    except OperationRefused:
        return ""
    return records.recorded(digest)


def under_way(dist_info: str) -> Distribution:
    """What a .dist-info under a temporary name is of; it lies inside the real one if that is a mount point."""
    above = dist_info.rpartition("/")[0]
    library = above.rpartition("/")[0] if above.endswith(".dist-info") else above
    return Distribution(name="", version="", dist_info=dist_info, library=library)


def paths_of(distribution: Distribution, settings: Settings) -> op.Program[list[str]]:
    """The files that its RECORD names, as absolute paths, its own .dist-info left out.

    A RECORD is a file that anybody may have written: rows that lead out of the environment are noted and left out. So
    is a RECORD that cannot be read (then only the .dist-info itself is known to be the distribution's).
    """
    try:
        rows = (yield from rows_of(distribution)) or []
    except WheelRefused as refused:
        yield op.Note(f"{refused}: the files it names stay where they are")
        return []
    roots = tuple(f"{settings.scheme(name)}/" for name in SCHEMES)
    paths = []
    for path in dict.fromkeys((yield from places_of(rows, distribution))):
        inside = path if path.startswith(roots) else (yield from _spelled(path, settings))
        if not inside:
            yield op.Note(f"{path}: named in RECORD but outside of the environment: left where it is")
        elif not inside.startswith(f"{distribution.dist_info}/"):
            paths.append(inside)
    return paths


def _spelled(path: str, settings: Settings) -> op.Program[str]:
    """A real path as the settings spell it, whose directories may lie behind links; empty: it is in none of them."""
    found = {}
    for name in SCHEMES:
        found[(yield op.RealPath(settings.scheme(name)))] = settings.scheme(name)
    inner = max((real for real in found if path.startswith(f"{real}/")), key=len, default="")
    return f"{found[inner]}{path[len(inner) :]}" if inner else ""


def places_of(rows: Iterable[records.Row], distribution: Distribution) -> op.Program[list[str]]:
    """The absolute path of each row. `..` leads from where the library really is, as for the kernel."""
    real = ""
    paths = []
    for row in rows:
        if row.path.startswith(_UPWARDS) and not real:
            real = yield op.RealPath(distribution.library)
        paths.append(located(row.path, real if row.path.startswith(_UPWARDS) else distribution.library))
    return paths


def located(row_path: str, library: str) -> str:
    """The absolute path of a RECORD row, `.` and `..` taken out of its text."""
    if row_path[:1] not in {"/", "."} and "/." not in row_path and "//" not in row_path:
        return f"{library}/{row_path}"
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
    parts = enumerate(zip(here, there, strict=False))
    # A wheel may send a file to where a directory above the library is: placing it will be refused, naming it is not.
    common = next((index for index, (one, two) in parts if one != two), min(len(here), len(there)))
    return "/".join([".."] * (len(here) - common) + there[common:])


def claimed(paths: Iterable[str], settings: Settings, *, own: Collection[str] = ()) -> op.Program[dict[str, set[str]]]:
    """Which of these paths a RECORD claims: of a distribution that is installed, or that a program has under way.

    One that has been set aside claims, too, until its program can no longer put it back. Of two programs that give up
    a file at once each sees the other's claim; each looks again when it has let go, and the last finds none.

    Args:
        paths: absolute.
        settings: where.
        own: paths of .dist-info directories that do not count.

    Returns:
        By path, what the RECORDs say about its content: digests as they write them.

    Raises:
        WheelRefused: a RECORD cannot be read, so that nobody knows what it claims.
    """
    ours = _Places(paths)
    yield from ours.resolve()
    found: dict[str, set[str]] = {}
    done = set(own)
    for _ in range(PATIENCE if ours.paths else 0):
        missing = []
        for one in (yield from _found(settings, ".dist-info", INCOMING, OUTGOING)):
            if one.dist_info not in done:
                rows = yield from rows_of(one)
                alike = [row for row in rows or () if row.path.rpartition("/")[2] in ours.names]
                for place, row in zip((yield from places_of(alike, one)), alike, strict=True):
                    for path in (yield from ours.at(place)):
                        found.setdefault(path, set()).add(row.digest.rstrip("="))
                done.add(one.dist_info)
                missing += [one.dist_info] if rows is None else []
        if not missing:
            break
        # Renamed between being listed and being read: listed again, it has its final name. (Or it has no RECORD.)
    return found


class _Places:
    """Paths by where they really are: links inside the environment give one file several.

    Attributes:
        paths: as they were given.
        names: of the files, without their directories: whatever has another one is none of them.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = tuple(dict.fromkeys(paths))
        self.names = {path.rpartition("/")[2] for path in self.paths}
        self._real: dict[str, str] = {}
        self._at: dict[str, list[str]] = {}

    def resolve(self) -> op.Program[None]:
        """Find out where they are; first of all."""
        for path in self.paths:
            self._at.setdefault((yield from self._place(path)), []).append(path)

    def at(self, path: str) -> op.Program[list[str]]:
        """Those of the paths that are the same file as this one."""
        return self._at.get((yield from self._place(path)), [])

    def _place(self, path: str) -> op.Program[str]:
        """A link at the end is a file itself, and not followed."""
        directory, _, name = path.rpartition("/")
        if directory not in self._real:
            self._real[directory] = yield op.RealPath(directory)
        return f"{self._real[directory]}/{name}"
