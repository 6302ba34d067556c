"""Distributions: what is installed, by its .dist-info, and what it claims (Recording installed projects)."""

from __future__ import annotations

import errno
from dataclasses import dataclass
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
    """Every distribution in purelib and platlib, sorted by path. A directory that is missing holds none."""
    return (yield from _found(settings, ".dist-info"))


def _libraries(settings: Settings) -> op.Program[tuple[str, ...]]:
    """Purelib and platlib; once where one leads to the other (`lib64 -> lib`), so that nothing is found twice."""
    both = sorted({settings.purelib, settings.platlib})
    if len(both) > 1 and (yield op.RealPath(both[0])) == (yield op.RealPath(both[1])):
        return (settings.purelib,)
    return tuple(both)


def _found(settings: Settings, *suffixes: str) -> op.Program[tuple[Distribution, ...]]:
    found = []
    for library in (yield from _libraries(settings)):
        for one in (yield from listed(library)):
            if one.name.endswith(suffixes) and one.kind != "file":
                name, version = parsed(one.name)
                found.append(
                    Distribution(name=name, version=version, dist_info=f"{library}/{one.name}", library=library)
                )
    return tuple(sorted(found, key=lambda distribution: distribution.dist_info))


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
    for path in dict.fromkeys(located(row.path, distribution.library) for row in rows):
        if not path.startswith(roots):
            yield op.Note(f"{path}: named in RECORD but outside of the environment: left where it is")
        elif not path.startswith(f"{distribution.dist_info}/"):
            paths.append(path)
    return paths


def located(row_path: str, library: str) -> str:
    """The absolute path of a RECORD row, `.` and `..` taken out of its text (as every reader of RECORD does)."""
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
    left = set(paths)
    found: dict[str, set[str]] = {}
    done = set(own)
    for _ in range(PATIENCE if left else 0):
        missing = []
        for one in (yield from _found(settings, ".dist-info", INCOMING, OUTGOING)):
            if one.dist_info not in done:
                rows = yield from rows_of(one)
                for row in rows or ():
                    path = located(row.path, one.library)
                    if path in left:
                        found.setdefault(path, set()).add(row.digest.rstrip("="))
                done.add(one.dist_info)
                missing += [one.dist_info] if rows is None else []
        if not missing:
            break
        # Renamed between being listed and being read: listed again, it has its final name. (Or it has no RECORD.)
    return found
