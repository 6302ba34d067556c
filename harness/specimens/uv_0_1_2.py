"""uv 0.1.2's hardlink algorithm, in which a shared file visited first is lost when cache and environment are apart.

Source: astral-sh/uv#1513 and its fix #1546 (released in 0.1.3). The walk decides from the first file it visits whether
hard links work. link(2) across mounts answers EEXIST when the target exists and EXDEV only when it does not, so that a
first file which another wheel has already installed says nothing about linking. The algorithm then links to a temporary
name; when that fails it copies to the *final* name, and renames the temporary name, which does not exist, regardless.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from harness.errors import OperationRefused
from harness.model import operation as op
from harness.reference import warm
from harness.specimens.walking import ensure_directory, finish, walk

if TYPE_CHECKING:
    from harness.reference import Settings

# uv names its directory `.tmp` and six random characters; the token keeps ours the same in every run.
_TEMPORARY = ".tmp{token}-{count}"


def install(wheel: str, settings: Settings) -> op.Program[None]:
    """Install a wheel as uv 0.1.2 did with `--link-mode hardlink` (its default on Linux) or `copy`."""
    source = yield from warm(wheel, settings)  # uv knows no way around a cache that cannot be written (uv#15934)
    place = _Hardlinking(settings).place if settings.link_mode == "hardlink" else copy_over
    yield from walk(source.path, settings.purelib, place)
    yield from finish(source, settings, wheel)


def copy_over(source: str, path: str) -> op.Program[None]:
    """Copy a file over whatever is there, in place, as Rust's fs::copy does: truncate, write, chmod."""
    status = yield op.Lstat(source)
    data = yield op.ReadFile(source)
    yield op.Truncate(path, status.mode)
    yield op.Write(path, data)
    yield op.Chmod(path, status.mode)


class _Hardlinking:
    """The state that one wheel's walk carries: `initial`, `subsequent` or `copy`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._attempt = "initial"
        self._count = 0

    def place(self, source: str, path: str) -> op.Program[None]:
        """One file of the walk."""
        if self._attempt == "copy" or path.endswith("/RECORD"):
            # RECORD is rewritten after installation: a hard link to it would reach the cache.
            yield from copy_over(source, path)
            return
        try:
            yield op.Link(source, path)
        except OperationRefused as refused:
            if refused.errno == errno.EEXIST:
                yield from self._replace(source, path)
            elif self._attempt == "initial":
                yield from copy_over(source, path)
                self._attempt = "copy"
            else:
                raise
        else:
            self._attempt = "subsequent"

    def _replace(self, source: str, path: str) -> op.Program[None]:
        self._count += 1
        name = _TEMPORARY.format(token=self._settings.token, count=self._count)
        directory = f"{self._settings.purelib}/{name}"
        temporary = f"{directory}/{path.rpartition('/')[2]}"
        yield from ensure_directory(directory)
        try:
            yield from self._by_way_of(temporary, source, path)
        except OperationRefused:
            yield from _remove(directory, temporary)
            raise
        yield from _remove(directory, temporary)

    def _by_way_of(self, temporary: str, source: str, path: str) -> op.Program[None]:
        try:
            yield op.Link(source, temporary)
        except OperationRefused:
            if self._attempt != "initial":
                raise
            yield from copy_over(source, path)
            self._attempt = "copy"
        yield op.Rename(temporary, path)


def _remove(directory: str, temporary: str) -> op.Program[None]:
    """What dropping Rust's TempDir does: remove it, errors ignored."""
    for operation in (op.Unlink(temporary), op.Rmdir(directory)):
        try:
            yield operation
        except OperationRefused:
            continue
