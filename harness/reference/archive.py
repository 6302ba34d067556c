"""Reading a wheel archive from its bytes: members in archive order, or a refusal; pure."""

from __future__ import annotations

import base64
import hashlib
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO

from harness.errors import WheelRefused
from harness.reference import records

# Not covered by RECORD (Recording installed projects; Binary distribution format: signatures).
UNRECORDED = ("RECORD", "RECORD.jws", "RECORD.p7s")
_NAME_LIMIT = 255
# Far above real wheels, which unpack to ten times their size as a rule; deflate could reach a thousand.
_GROWTH_LIMIT, _GROWTH_ALLOWANCE = 100, 64 << 20
_NOWHERE = frozenset({"", ".", ".."})


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file or explicit directory of an archive; `directory` members have no content."""

    path: str
    content: bytes
    executable: bool
    directory: bool


def members(data: bytes, path: str) -> tuple[Member, ...]:
    """The members of a wheel in archive order, every one of them checked.

    Args:
        data: the archive.
        path: where it came from, for messages.

    Raises:
        WheelRefused: it is not a whole archive, it would unpack to absurdly much, a member could leave the directory
            it is unpacked in, two members contradict each other, or RECORD is missing or untrue.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            _check_growth(archive.infolist(), len(data), path)
            found = tuple(_member(data, info, path) for info in archive.infolist())
    except (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError) as error:
        raise WheelRefused(path=path, reason=f"not a whole zip archive ({error})") from error
    _check_tree(found, path)
    _check_record(found, path)
    return found


def _check_growth(infos: list[zipfile.ZipInfo], size: int, path: str) -> None:
    # Members may overlap, so that what they take from the archive can be more than the archive is, too.
    total = sum(max(info.file_size, info.compress_size) for info in infos)
    limit = _GROWTH_LIMIT * size + _GROWTH_ALLOWANCE
    if total > limit:
        raise WheelRefused(path=path, reason=f"{size} bytes that unpack to {total}, more than the {limit} allowed")


def _member(data: bytes, info: zipfile.ZipInfo, path: str) -> Member:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        raise WheelRefused(path=path, reason=f"{info.filename!r} is a symbolic link")
    directory = info.filename.endswith("/")
    parts = info.filename.rstrip("/").split("/")
    if info.orig_filename.startswith("/") or not _NOWHERE.isdisjoint(parts):
        raise WheelRefused(path=path, reason=f"{info.orig_filename!r} leaves the archive's root")
    if "\x00" in info.orig_filename or max(len(part.encode()) for part in parts) > _NAME_LIMIT:
        raise WheelRefused(path=path, reason=f"{info.orig_filename!r} is not a possible file name")
    return Member(
        path="/".join(parts),
        content=b"" if directory else _content(data, info),
        executable=bool((info.external_attr >> 16) & 0o111) and not directory,
        directory=directory,
    )


def _content(data: bytes, info: zipfile.ZipInfo) -> bytes:
    # zipfile's own file objects cost 30 microseconds a member; RECORD's sha256 makes their CRC check needless.
    name_length, extra_length = struct.unpack_from("<HH", data, info.header_offset + 26)
    start = info.header_offset + 30 + name_length + extra_length
    raw = data[start : start + info.compress_size]
    if info.compress_type == zipfile.ZIP_STORED:
        return raw
    if info.compress_type != zipfile.ZIP_DEFLATED:
        raise NotImplementedError(f"compression {info.compress_type} of {info.filename}")
    # At most what the directory declares: a member that inflates to more fails its RECORD hash, not the machine.
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw, info.file_size or 1)


def _check_tree(found: tuple[Member, ...], path: str) -> None:
    files: set[str] = set()
    parents: set[str] = {member.path for member in found if member.directory}
    for member in found:
        if not member.directory:
            if member.path in files:
                raise WheelRefused(path=path, reason=f"{member.path!r} is there twice")
            files.add(member.path)
        parent = member.path.rpartition("/")[0]
        while parent and parent not in parents:
            parents.add(parent)
            parent = parent.rpartition("/")[0]
    for both in sorted(files & parents):
        raise WheelRefused(path=path, reason=f"{both!r} is both a file and a directory")


def dist_info_of(found: tuple[Member, ...], path: str) -> str:
    """The name of the one `.dist-info` directory.

    Raises:
        WheelRefused: there is none, or more than one.
    """
    names = {head for head, slash, _ in (member.path.partition("/") for member in found) if slash}
    dist_infos = sorted(name for name in names if name.endswith(".dist-info"))
    if len(dist_infos) != 1:
        raise WheelRefused(path=path, reason=f"expected one .dist-info directory, found {dist_infos}")
    return dist_infos[0]


def _check_record(found: tuple[Member, ...], path: str) -> None:
    dist_info = dist_info_of(found, path)
    files = {member.path: member for member in found if not member.directory}
    record = files.get(f"{dist_info}/RECORD")
    if record is None:
        raise WheelRefused(path=path, reason=f"{dist_info}/RECORD is missing")
    rows = {row.path: row for row in records.parse(record.content, path)}
    unrecorded = {f"{dist_info}/{name}" for name in UNRECORDED}
    for name in sorted((files.keys() ^ rows.keys()) - unrecorded):
        raise WheelRefused(path=path, reason=f"{name!r} is {'not in RECORD' if name in files else 'only in RECORD'}")
    for name in files.keys() - unrecorded:
        if not _is_true(rows[name], files[name].content):
            raise WheelRefused(path=path, reason=f"RECORD is untrue for {name!r}")


def _is_true(row: records.Row, content: bytes) -> bool:
    algorithm, _, expected = row.digest.partition("=")
    # Binary distribution format: sha256 or better; md5 and sha1 are not permitted.
    if algorithm not in {"sha256", "sha384", "sha512"}:
        return False
    digest = hashlib.new(algorithm, content).digest()
    size_true = row.size in {"", str(len(content))}
    return size_true and base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == expected.rstrip("=")
