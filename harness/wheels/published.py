"""Published wheel files: downloaded once with pip, kept in the user's cache, checked by hash, read as Wheel values."""

from __future__ import annotations

import hashlib
import stat
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from harness import data
from harness.errors import FileInvalid, Problem, WheelUnavailable
from harness.model import Entry, Wheel
from harness.wheels.make import DIRECTORY_MODE, directories
from harness.wheels.manifest_file import FILE_MODE, named
from harness.wheels.manifests import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from harness.model.wheel import EntryKind
    from harness.wheels.manifest_file import Manifest

# Together under a megabyte, with shared namespace files, headers and a library: what `--wheels real` installs.
REAL = ("nvidia-nvtx-cu12-12.1.105", "nvidia-cuda-runtime-cu12-12.1.105")

_SECONDS = 300


def fetch(names: Iterable[str] = REAL, cache: Path | None = None) -> tuple[Path, ...]:
    """The published files of these manifests, downloaded where the cache lacks them.

    Args:
        names: keys of manifests (`nvidia-nvtx-cu12-12.1.105`), whose hashes are what a file must have.
        cache: where they are kept; default: `wheels` in the user's cache.

    Raises:
        WheelUnavailable: a file is not there and could not be downloaded, or what was downloaded has another hash.
        UnknownName: there is no such manifest.
        OSError: the cache cannot be written.
    """
    directory = cache or data.cache("wheels")
    return tuple(_fetch(load(name), directory) for name in names)


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


def members(wheels: Sequence[Wheel], order: Iterable[str]) -> tuple[str, ...]:
    """A creation order that archives can follow without having a member more than they were published with.

    Most published archives list no directory: each comes into being with the first file in it. So at the place of a
    directory comes what is to be the first file in it, and what lies in one directory keeps its order.

    Args:
        wheels: the archives, as `read` gives them.
        order: all their directories and files, parents first, as `harness.strategies.directory_orders` draws them.
    """
    paths = tuple(order)
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


def _fetch(manifest: Manifest, directory: Path) -> Path:
    kept = directory / manifest.wheel
    if kept.is_file() and _sha256(kept) == manifest.sha256:
        return kept
    directory.mkdir(parents=True, exist_ok=True)
    # Downloaded beside its place and renamed into it: whoever looks at the same time finds a whole file or none.
    with tempfile.TemporaryDirectory(prefix=".download-", dir=directory) as scratch:
        loaded = Path(scratch) / manifest.wheel
        because = _download(manifest, scratch)
        if not loaded.is_file():
            raise _unavailable(manifest, directory, because or "pip downloaded another file")
        if (found := _sha256(loaded)) != manifest.sha256:
            raise _unavailable(manifest, directory, f"what was downloaded has sha256 {found}")
        loaded.replace(kept)
    return kept


def _download(manifest: Manifest, destination: str) -> str:
    """Lets pip download one file; answers what it said last if it failed."""
    platform = manifest.tag.rpartition("-")[2].split(".")[0]
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--quiet", "--no-input"]
    command += ["--retries", "1", "--timeout", "20", "--no-deps", "--only-binary", ":all:"]
    command += ["--platform", platform, "--dest", destination, f"{manifest.name}=={manifest.version}"]
    try:
        # Every argument is a constant or out of a fixture; no shell is involved.
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)  # noqa: S603
    except subprocess.TimeoutExpired:
        return f"pip download did not end within {_SECONDS} s"
    if done.returncode == 0:
        return ""
    said = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.strip()]
    return f"pip download failed ({said[-1] if said else f'exit status {done.returncode}'})"


def _unavailable(manifest: Manifest, directory: Path, because: str) -> WheelUnavailable:
    return WheelUnavailable(
        file=manifest.wheel, sha256=manifest.sha256, directory=str(directory), because=because.rstrip(".")
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
