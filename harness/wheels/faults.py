"""Why a wheel must be refused, from the specifications: nothing for a good wheel."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from typing import TYPE_CHECKING

from harness.wheels import dist_info
from harness.wheels.make import directories

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.model import Entry, Wheel

# linux/limits.h: NAME_MAX, which every file system here shares; counted in bytes, not in characters.
NAME_MAX = 255
SCHEMES = ("purelib", "platlib", "scripts", "data", "headers")
# "Signed wheel files": added after RECORD was made, so they are not mentioned in it.
SIGNATURES = ("RECORD.jws", "RECORD.p7s")
# "The .dist-info directory", 5: the hash algorithm must be sha256 or better.
ALGORITHMS = ("sha256", "sha384", "sha512")


def faults(wheel: Wheel, *, platlib: str = "platlib") -> tuple[str, ...]:
    """Everything for which an installer must refuse this wheel, in words; empty for a good wheel.

    Names that differ only by case, names of 255 bytes and names beyond ASCII are legal.

    What depends on how an environment nests its schemes is not known here, where they are apart: that a file of
    `.data/data` is to be where the environment needs a directory (`.data/data/lib` in a virtual environment) or where
    another scheme puts a file (`.data/data/bin/run` and `.data/scripts/run`). An installer may refuse such a wheel,
    but these are no faults: no contract excuses the refusal, so scenarios do without such wheels.

    Args:
        wheel: any wheel.
        platlib: as for `harness.wheels.expected.expected`: `purelib` where both are one directory.
    """
    checks = (_damage, _paths, _entries, _data, _required, _record, _scripts)
    return (*(fault for check in checks for fault in check(wheel)), *_meetings(wheel, platlib))


def _damage(wheel: Wheel) -> Iterator[str]:
    if wheel.damage:
        yield f"the archive is {wheel.damage}"


def _paths(wheel: Wheel) -> Iterator[str]:
    for entry in wheel.entries:
        components = entry.path.split("/")
        if entry.path.startswith("/"):
            yield f"absolute path: {entry.path!r}"
        elif ".." in components:
            yield f"path leads out of the environment: {entry.path!r}"
        elif not all(components) or "." in components or "\0" in entry.path:
            yield f"not a path: {entry.path!r}"
        if any(len(component.encode()) > NAME_MAX for component in components):
            yield f"a name of more than {NAME_MAX} bytes: {entry.path!r}"


def _entries(wheel: Wheel) -> Iterator[str]:
    # A directory listed twice says nothing twice. A file twice leaves open which of the two RECORD is about.
    files = Counter(entry.path for entry in wheel.entries if entry.kind != "directory")
    yield from (f"duplicate entry: {path!r}" for path, times in files.items() if times > 1)
    yield from (f"both file and directory: {path!r}" for path in directories(wheel) if path in files)
    # The format knows files only: where a link points is not covered by its hash.
    yield from (f"symbolic link: {entry.path!r}" for entry in wheel.entries if entry.kind == "symlink")


def _data(wheel: Wheel) -> Iterator[str]:
    data = f"{wheel.data}/"
    for entry in wheel.entries:
        if entry.kind != "directory" and entry.path.startswith(data):
            scheme, _, rest = entry.path.removeprefix(data).partition("/")
            if scheme not in SCHEMES or not rest:
                yield f"no scheme to put it in: {entry.path!r}"


def _meetings(wheel: Wheel, platlib: str) -> Iterator[str]:
    """Files of two paths that `.data` brings to one target: the wheel leaves open which of them is installed."""
    root = "purelib" if dist_info.root_is_purelib(wheel) else platlib
    own = f"{root}/{wheel.dist_info}/"
    data = f"{wheel.data}/"
    sources: dict[str, str] = {}
    for path in dict.fromkeys(entry.path for entry in wheel.entries if entry.kind != "directory"):
        target, by_data = _target(data, path, root, platlib)
        if by_data and target.startswith(own):
            yield f"into .dist-info by way of .data: {path!r}"
        elif sources.setdefault(target, path) != path:
            yield f"two files for one place by way of .data: {sources[target]!r} and {path!r}"


def _target(data: str, path: str, root: str, platlib: str) -> tuple[str, bool]:
    """Where a path of the archive goes, as `scheme/relative path`, and whether `.data` says so."""
    if not path.startswith(data):
        return f"{root}/{path}", False
    scheme, _, rest = path.removeprefix(data).partition("/")
    return f"{platlib if scheme == 'platlib' else scheme}/{rest}", True


def _required(wheel: Wheel) -> Iterator[str]:
    for name in ("METADATA", "WHEEL", "RECORD"):
        if dist_info.content(wheel, name) is None:
            yield f"no {name}"
    version = dist_info.fields(dist_info.content(wheel, "WHEEL") or b"").get("wheel-version", "1.0")
    if version.partition(".")[0] != "1":
        yield f"unknown Wheel-Version: {version}"


def _record(wheel: Wheel) -> Iterator[str]:
    try:
        hashes = {row.path: row.hash for row in dist_info.record(wheel)}
    except ValueError as error:
        yield f"unreadable RECORD: {error}"
        return
    if not hashes:
        return  # no RECORD at all is one fault, not one for each file
    exempt = {f"{wheel.dist_info}/{name}" for name in ("RECORD", *SIGNATURES)}
    for entry in wheel.entries:
        if entry.kind != "directory" and entry.path not in exempt:
            yield from _hash(entry, hashes.get(entry.path))


def _hash(entry: Entry, recorded: str | None) -> Iterator[str]:
    if recorded is None:
        yield f"not in RECORD: {entry.path!r}"
        return
    algorithm, _, digest = recorded.partition("=")
    if algorithm not in ALGORITHMS:
        yield f"no acceptable hash in RECORD: {entry.path!r} has {recorded!r}"
    elif digest.rstrip("=") != _digest(algorithm, entry.content):
        yield f"wrong hash in RECORD: {entry.path!r}"


def _digest(algorithm: str, content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.new(algorithm, content).digest()).decode().rstrip("=")


def _scripts(wheel: Wheel) -> Iterator[str]:
    try:
        scripts = dist_info.scripts(wheel)
    except ValueError as error:
        yield f"unreadable entry_points.txt: {error}"
        return
    for name, reference in scripts.items():
        if "/" in name or "\0" in name or name in (".", ".."):
            yield f"script name is a path: {name!r}"
        if len(name.encode()) > NAME_MAX:
            yield f"a script name of more than {NAME_MAX} bytes: {name!r}"
        if not _names_callable(reference):
            yield f"script {name!r} names no callable: {reference!r}"


def _names_callable(reference: str) -> bool:
    """Whether it is `module:object`, extras or not: identifiers but for dots (entry points, "Data model")."""
    target, bracket, extras = reference.partition("[")
    module, colon, attribute = target.partition(":")
    dotted = (module.strip(), attribute.strip())
    identifiers = all(name.isidentifier() for names in dotted for name in names.split("."))
    return bool(colon) and identifiers and (not bracket or extras.rstrip().endswith("]"))
