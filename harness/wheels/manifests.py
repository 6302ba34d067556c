"""Manifests of published wheels, kept in `fixtures/wheels/*.json`, and skeleton wheels made from them.

A manifest has the paths, order, sizes and modes of a real archive, but of contents only the first lines of scripts. To
add one, of any wheel file:

    python -m harness.wheels.manifests path/to/NAME-VERSION-TAG.whl > fixtures/wheels/NAME-VERSION.json
"""

from __future__ import annotations

import difflib
import hashlib
import sys
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from harness.data import fixtures
from harness.errors import FileInvalid, Problem, UnknownName
from harness.model import Entry, Wheel
from harness.wheels import dist_info
from harness.wheels.faults import SIGNATURES
from harness.wheels.make import DIRECTORY_MODE, metadata, record_content, wheel_file
from harness.wheels.manifest_file import FILE_MODE, Listed, Manifest, decode, encode, named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Contents of skeletons end here: 11,000 files of the torch closure weigh less than a megabyte.
LONGEST_CONTENT = 64
# binfmt_script.c looks at the first 256 bytes of a file (BINPRM_BUF_SIZE, since Linux 5.1).
LONGEST_LINE = 256


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """The keys of all manifests, sorted."""
    return tuple(sorted(path.name.removesuffix(".json") for path in (fixtures() / "wheels").glob("*.json")))


@lru_cache(maxsize=64)
def load(name: str) -> Manifest:
    """One manifest by its key (`torch-2.2.0`).

    Raises:
        UnknownName: there is none of that key.
        FileInvalid: it cannot be used.
    """
    if name not in names():
        nearest = difflib.get_close_matches(name, names(), n=1)
        raise UnknownName(kind="manifest", name=name, known=names(), nearest=nearest[0] if nearest else None)
    path = fixtures() / "wheels" / f"{name}.json"
    return decode(path.read_text(), file=path.name)


def closure(name: str) -> tuple[str, ...]:
    """The keys of a wheel and of everything it is installed with, itself first.

    Raises:
        UnknownName, FileInvalid: as `load`.
    """
    return (name, *load(name).companions)


@lru_cache(maxsize=64)
def skeleton(manifest: Manifest, *, tag: str | None = None) -> Wheel:
    """A correct wheel with the paths, order, directory entries and modes of a published one, and small contents.

    An empty file stays empty. Any other content follows from path and size alone, but for the first line of a script
    in `.data`, which is the published one: files that published wheels share are
    shared by their skeletons too, and a file whose size changed between two versions has changed. Contents are at most
    `LONGEST_CONTENT` bytes and valid Python, so that installers can compile them. METADATA names no requirements: a
    skeleton installs offline.

    Args:
        manifest: of the published wheel.
        tag: a compatibility tag in place of its own, e.g. `py3-none-any` to install it on any machine.
    """
    tag = tag or manifest.tag
    bare = Wheel(name=manifest.name, version=manifest.version, entries=(), tag=tag)
    true = {
        f"{bare.dist_info}/METADATA": metadata(manifest.name, manifest.version),
        f"{bare.dist_info}/WHEEL": wheel_file(tag, manifest.root_is_purelib),
    }
    if manifest.entry_points is not None:
        true[f"{bare.dist_info}/entry_points.txt"] = manifest.entry_points.encode()
    lines = dict(manifest.first_lines)
    entries = [_skeleton_entry(listed, true, lines.get(listed.path)) for listed in manifest.entries]
    own = f"{bare.dist_info}/RECORD"
    # Signatures are made of RECORD, so that it cannot name them ("Signed wheel files").
    unnamed = {f"{bare.dist_info}/{name}" for name in ("RECORD", *SIGNATURES)}
    record = record_content((entry for entry in entries if entry.path not in unnamed), own)
    return Wheel(
        name=bare.name,
        version=bare.version,
        entries=tuple(Entry(own, record, entry.mode) if entry.path == own else entry for entry in entries),
        tag=tag,
    )


def manifest_of(path: Path) -> Manifest:
    """The manifest of any wheel file.

    Raises:
        OSError: the file cannot be read.
        FileInvalid: it is no zip archive, or not named like a wheel.
    """
    try:
        wheel = named(path.name)
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            texts = _dist_info_texts(archive, wheel.dist_info)
            entries = tuple(_listed_of(info) for info in archive.infolist())
            first_lines = tuple(_first_lines(archive, f"{wheel.stem}.data/scripts/"))
    except (zipfile.BadZipFile, ValueError) as error:
        raise FileInvalid(file=str(path), problems=(Problem(where="", message=str(error)),)) from error
    entry_points = texts.get("entry_points.txt")
    return Manifest(
        wheel=path.name,
        sha256=sha256,
        root_is_purelib=dist_info.fields(texts.get("WHEEL", b"")).get("root-is-purelib", "").lower() == "true",
        entries=entries,
        entry_points=None if entry_points is None else entry_points.decode(),
        first_lines=first_lines,
    )


def _skeleton_entry(listed: Listed, true: Mapping[str, bytes], first_line: str | None) -> Entry:
    if listed.directory:
        return Entry(listed.path, mode=listed.mode, kind="directory")
    content = true.get(listed.path)
    if content is None:
        content = small(listed.path, listed.size)
    if first_line is not None:
        content = f"{first_line}\n".encode() + content
    return Entry(listed.path, content, listed.mode)


def small(path: str, size: int) -> bytes:
    """What stands in for a published file: a comment line in Python, INI and shell, or as much as it has bytes."""
    digest = hashlib.sha256(f"{path} {size}".encode()).hexdigest()
    return f"# {digest:.{LONGEST_CONTENT - 3}}\n".encode()[:size]


def _listed_of(info: zipfile.ZipInfo) -> Listed:
    # Archives not made on a Unix have no mode; installers then take their own default.
    mode = info.external_attr >> 16 & 0o7777
    if info.is_dir():
        return Listed(info.filename.rstrip("/"), 0, mode or DIRECTORY_MODE, directory=True)
    return Listed(info.filename, info.file_size, mode or FILE_MODE)


def _first_lines(archive: zipfile.ZipFile, scripts: str) -> Iterator[tuple[str, str]]:
    """The first line of each script that names its interpreter: compiled programs and others do not."""
    for info in archive.infolist():
        if info.filename.startswith(scripts) and not info.is_dir():
            with archive.open(info) as script:
                line = script.readline(LONGEST_LINE).rstrip(b"\r\n")
            if line.startswith(b"#!"):
                yield info.filename, line.decode()


def _dist_info_texts(archive: zipfile.ZipFile, directory: str) -> Mapping[str, bytes]:
    held = set(archive.namelist())
    wanted = ("WHEEL", "entry_points.txt")
    return {name: archive.read(f"{directory}/{name}") for name in wanted if f"{directory}/{name}" in held}


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        sys.stdout.write(encode(manifest_of(Path(argument))))
