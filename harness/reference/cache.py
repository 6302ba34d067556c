"""The cache: unpacked archives, published whole by one rename; files may be added to an entry, never changed."""

from __future__ import annotations

import errno
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import OperationRefused, WheelRefused, errno_name
from harness.model import operation as op
from harness.reference import archive, records
from harness.reference.discard import discard
from harness.reference.journal import tolerantly
from harness.reference.settings import TEMPORARY_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.reference.settings import Settings

_DIGEST_LENGTH, _STEM_LENGTH = 16, 48


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
        OperationRefused: the cache cannot hold it.
    """
    digest = yield op.Digest(wheel)
    path = _entry(wheel, digest, settings)
    dist_info = yield from _dist_info_in(path)
    if not dist_info:
        members = yield from _members(wheel, digest)
        dist_info = archive.dist_info_of(members, wheel)
        yield from _publish(members, path, settings)
    return Unpacked(path=path, dist_info=dist_info, lasting=True)


def unpacked(wheel: str, settings: Settings) -> op.Program[Unpacked]:
    """The unpacked content of a wheel file: from the cache, else put there, else (read-only, full) unpacked aside.

    Args:
        wheel: path of the archive.
        settings: where the cache is.

    Raises:
        WheelRefused: it is not a good wheel.
        OperationRefused: neither cache nor temporary directory can hold it; in strict symlink mode: the cache cannot.
    """
    try:
        source = yield from warm(wheel, settings)
        if (yield from _is_sound(source)):
            return source
        yield op.Note(f"{source.path}: damaged: installed without the cache")
    except OperationRefused as refused:
        # The wheel itself cannot be read, or nothing but the cache will do.
        if refused.path == wheel or (settings.strict and settings.link_mode == "symlink"):
            raise
        # Read-only and shared caches are a supported set-up (uv#15934); a full one is no reason to fail either.
        yield op.Note(f"{refused.path}: {refused.operation}: {errno_name(refused.errno)}: installed without the cache")
    members = yield from _members(wheel, (yield op.Digest(wheel)))
    return (yield from _unpacked_aside(members, wheel, settings))


def _is_sound(source: Unpacked) -> op.Program[bool]:
    """Whether METADATA is as RECORD says: power lost before the disk had it leaves an entry's files empty (uv#16841).

    Not every file: comparing each would cost what a cache saves. `trusted` does.
    """
    path = f"{source.dist_info}/METADATA"
    try:
        metadata = yield op.ReadFile(f"{source.path}/{path}")
        record = yield op.ReadFile(f"{source.path}/{source.dist_info}/RECORD")
    except OperationRefused as refused:
        # What a cleaner has removed is put back when it is missed.
        return refused.errno == errno.ENOENT
    try:
        return records.row_of(path, metadata) in records.parse(record, source.path)
    except WheelRefused:
        return False


def mended(wheel: str, source: Unpacked, settings: Settings) -> op.Program[Unpacked]:
    """A cache entry that lacks files, with these files put back; unpacked aside where the cache cannot be written.

    Raises:
        WheelRefused, OperationRefused: as `unpacked`.
    """
    members = yield from _members(wheel, (yield op.Digest(wheel)))
    try:
        yield from _mend(members, source.path, settings)
    except OperationRefused as refused:
        yield op.Note(f"{refused.path}: {refused.operation}: {errno_name(refused.errno)}: cannot be put back")
        return (yield from _unpacked_aside(members, wheel, settings))
    return source


def trusted(wheel: str, settings: Settings) -> op.Program[Unpacked]:
    """As `unpacked`, but every file of it compared with the archive: whoever edits a hard-linked file edits the cache.

    A cache entry that is not true is left as it is, since other environments share it.

    Raises:
        WheelRefused, OperationRefused: as `unpacked`.
    """
    source = yield from unpacked(wheel, settings)
    if not source.lasting:
        return source
    members = yield from _members(wheel, (yield op.Digest(wheel)))
    if (yield from _lacks_files(members, source.path)):
        source = yield from mended(wheel, source, settings)
        if not source.lasting:
            return source
    for member in members:
        if not member.directory and not (yield from _is_true(member, f"{source.path}/{member.path}")):
            yield op.Note(f"{source.path}/{member.path}: not what the wheel has: installed without the cache")
            return (yield from _unpacked_aside(members, wheel, settings))
    return source


def _lacks_files(members: Iterable[archive.Member], path: str) -> op.Program[bool]:
    for member in members:
        try:
            yield op.Lstat(f"{path}/{member.path}")
        except OperationRefused as refused:
            if refused.errno == errno.ENOENT and not member.directory:
                return True
    return False


def _is_true(member: archive.Member, path: str) -> op.Program[bool]:
    try:
        digest = yield op.Digest(path)
    except OperationRefused:
        return False
    return bool(digest == hashlib.sha256(member.content).hexdigest())


def _entry(wheel: str, digest: str, settings: Settings) -> str:
    stem = "-".join(wheel.rpartition("/")[2].split("-")[:2])[:_STEM_LENGTH]
    return f"{settings.cache}/wheels/{stem}-{digest[:_DIGEST_LENGTH]}"


def _dist_info_in(path: str) -> op.Program[str]:
    """The name of the .dist-info of a cache entry; empty where there is no such entry, or what is left of one."""
    try:
        names = yield op.ListDirectory(path)
    except OperationRefused as refused:
        if refused.errno not in {errno.ENOENT, errno.ENOTDIR}:
            raise
        return ""
    return next((one.name for one in names if one.name.endswith(".dist-info")), "")


def _members(wheel: str, digest: str) -> op.Program[tuple[archive.Member, ...]]:
    data = yield op.ReadFile(wheel)
    if hashlib.sha256(data).hexdigest() != digest:
        raise WheelRefused(path=wheel, reason="it changed while it was read")
    return archive.members(data, wheel)


def _publish(members: Iterable[archive.Member], path: str, settings: Settings) -> op.Program[None]:
    shelf = path.rpartition("/")[0]
    yield from _make_parents(shelf)
    aside = f"{shelf}/{TEMPORARY_PREFIX}{settings.token}"
    yield from _unpack(members, aside, settings)
    try:
        yield op.Rename(aside, path)
    except OperationRefused as refused:
        if refused.errno not in {errno.EEXIST, errno.ENOTEMPTY}:
            yield from tolerantly(discard(aside), "was left behind")
            raise
        # Somebody else has published the same content, as good as ours; or it is what a cleaner has left of it.
        yield from _fill_holes(members, aside, path)


def _mend(members: Iterable[archive.Member], path: str, settings: Settings) -> op.Program[None]:
    aside = f"{path.rpartition('/')[0]}/{TEMPORARY_PREFIX}{settings.token}"
    yield from _unpack(members, aside, settings)
    yield from _fill_holes(members, aside, path)


def _fill_holes(members: Iterable[archive.Member], aside: str, path: str) -> op.Program[None]:
    """Move the files that are missing from a cache entry into it, each at once; what is there stays as it is."""
    try:
        for member in members:
            if not member.directory:
                yield from _fill_hole(f"{aside}/{member.path}", f"{path}/{member.path}")
    except OperationRefused:
        yield from tolerantly(discard(aside), "was left behind")
        raise
    yield from tolerantly(discard(aside), "was left behind")


def _fill_hole(source: str, path: str) -> op.Program[None]:
    try:
        yield op.Lstat(path)
    except OperationRefused as refused:
        if refused.errno != errno.ENOENT:
            raise
        yield from _make_parents(path.rpartition("/")[0])
        yield op.Rename(source, path)


def _unpacked_aside(members: tuple[archive.Member, ...], wheel: str, settings: Settings) -> op.Program[Unpacked]:
    path = f"{settings.temporary}/{TEMPORARY_PREFIX}{settings.token}-unpacked"
    yield from _make_parents(settings.temporary)
    yield from _unpack(members, path, settings)
    return Unpacked(path=path, dist_info=archive.dist_info_of(members, wheel), lasting=False)


def _unpack(members: Iterable[archive.Member], path: str, settings: Settings) -> op.Program[None]:
    """Write members below a new directory in their archive's order; on failure nothing of it stays."""
    try:
        yield from _make_new(path, 0o777 & ~settings.umask)
        made = {path}
        for member in members:
            below = f"{path}/{member.path}"
            yield from _make_parents(below if member.directory else below.rpartition("/")[0], made)
            if not member.directory:
                yield op.Create(below, member.content, settings.file_mode(executable=member.executable))
    except OperationRefused:
        yield from tolerantly(discard(path), "was left behind")
        raise


def _make_new(path: str, mode: int) -> op.Program[None]:
    """A directory with our token in its name: if it is there, whoever made it has died."""
    try:
        yield op.Mkdir(path, mode)
    except OperationRefused as refused:
        if refused.errno != errno.EEXIST:
            raise
        yield from discard(path)
        yield op.Mkdir(path, mode)


def _make_parents(path: str, made: set[str] | None = None) -> op.Program[None]:
    """As mkdir -p, for directories of the installer's own (cache, temporary)."""
    if made is not None and path in made:
        return
    try:
        yield op.Mkdir(path)
    except OperationRefused as refused:
        if refused.errno == errno.ENOENT and path:
            yield from _make_parents(path.rpartition("/")[0], made)
            yield op.Mkdir(path)
        elif refused.errno != errno.EEXIST:
            raise
    if made is not None:
        made.add(path)
