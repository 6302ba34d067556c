"""The cache: unpacked archives, published whole by one rename and never changed afterwards."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import OperationRefused, errno_name
from harness.model import operation as op
from harness.reference import archive
from harness.reference.settings import TEMPORARY_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.reference.settings import Settings

_DIGEST_LENGTH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """An unpacked wheel.

    Attributes:
        path: its root.
        dist_info: name of its `.dist-info` directory.
        lasting: it is in the cache; otherwise in the temporary directory, to be removed after use.
    """

    path: str
    dist_info: str
    lasting: bool


def warm(wheel: str, settings: Settings) -> op.Program[Unpacked]:
    """Have a wheel unpacked in the cache, and nothing else.

    Raises:
        WheelRefused: it is not a good wheel.
        OperationRefused: neither cache nor temporary directory can hold it.
    """
    return (yield from unpacked(wheel, settings))


def unpacked(wheel: str, settings: Settings) -> op.Program[Unpacked]:
    """The unpacked content of a wheel file: from the cache, else put there, else (read-only, full) unpacked aside.

    Args:
        wheel: path of the archive.
        settings: where the cache is.

    Raises:
        WheelRefused: it is not a good wheel.
        OperationRefused: neither cache nor temporary directory can hold it.
    """
    digest = yield op.Digest(wheel)
    stem = "-".join(wheel.rpartition("/")[2].split("-")[:2])
    name = f"{stem[: 255 - _DIGEST_LENGTH - 1]}-{digest[:_DIGEST_LENGTH]}"
    shelf = f"{settings.cache}/wheels"
    path = f"{shelf}/{name}"
    try:
        names = yield op.ListDirectory(path)
    except OperationRefused as refused:
        if refused.errno not in {errno.ENOENT, errno.ENOTDIR}:
            raise
    else:
        dist_info = next(one.name for one in names if one.name.endswith(".dist-info"))
        return Unpacked(path=path, dist_info=dist_info, lasting=True)
    members = archive.members((yield op.ReadFile(wheel)), wheel)
    dist_info = archive.dist_info_of(members, wheel)
    try:
        yield from _publish(members, shelf, path, settings)
    except OperationRefused as refused:
        # Read-only and shared caches are a supported set-up (uv#15934); a full one is no reason to fail either.
        yield op.Note(f"{refused.path}: {refused.operation}: {errno_name(refused.errno)}: installed without the cache")
        path = f"{settings.temporary}/{TEMPORARY_PREFIX}{settings.token}-unpacked"
        yield from _make_parents(settings.temporary)
        yield from _unpack(members, path, settings)
        return Unpacked(path=path, dist_info=dist_info, lasting=False)
    return Unpacked(path=path, dist_info=dist_info, lasting=True)


def discard(path: str) -> op.Program[None]:
    """Remove a directory of the installer's own with everything below it, following no link."""
    for one in (yield op.ListDirectory(path)):
        below = f"{path}/{one.name}"
        if one.kind == "directory":
            yield from discard(below)
        else:
            yield op.Unlink(below)
    yield op.Rmdir(path)


def _publish(members: Iterable[archive.Member], shelf: str, path: str, settings: Settings) -> op.Program[None]:
    yield from _make_parents(shelf)
    aside = f"{shelf}/{TEMPORARY_PREFIX}{settings.token}"
    yield from _unpack(members, aside, settings)
    try:
        yield op.Rename(aside, path)
    except OperationRefused as refused:
        yield from discard(aside)
        # Somebody else published the same content first: what is there is as good as ours.
        if refused.errno not in {errno.EEXIST, errno.ENOTEMPTY}:
            raise


def _unpack(members: Iterable[archive.Member], path: str, settings: Settings) -> op.Program[None]:
    """Write members below a new directory in their archive's order; on failure nothing of it stays."""
    try:
        yield op.Mkdir(path, 0o777 & ~settings.umask)
        made = {path}
        for member in members:
            below = f"{path}/{member.path}"
            yield from _make_parents(below if member.directory else below.rpartition("/")[0], made)
            if not member.directory:
                yield op.Create(below, member.content, (0o777 if member.executable else 0o666) & ~settings.umask)
    except OperationRefused:
        yield from _discard_what_is_there(path)
        raise


def _discard_what_is_there(path: str) -> op.Program[None]:
    try:
        yield from discard(path)
    except OperationRefused as refused:
        if refused.errno != errno.ENOENT:
            yield op.Note(f"{refused.path}: was left behind: {refused.operation}: {errno_name(refused.errno)}")


def _make_parents(path: str, made: set[str] | None = None) -> op.Program[None]:
    """As mkdir -p, for directories of the installer's own (cache, temporary)."""
    if made is not None and path in made:
        return
    try:
        yield op.Mkdir(path)
    except OperationRefused as refused:
        if refused.errno == errno.ENOENT:
            yield from _make_parents(path.rpartition("/")[0], made)
            yield op.Mkdir(path)
        elif refused.errno != errno.EEXIST:
            # A read-only filesystem says EROFS also of directories that are there.
            raise
    if made is not None:
        made.add(path)
