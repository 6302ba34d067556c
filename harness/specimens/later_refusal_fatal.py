"""First success makes later errors fatal: once one file of a wheel has linked, no later refusal falls back.

Source: measured with uv 0.13.9 (field report 18; `LinkState` in uv's link.rs: `mode_working` is set by the first file
that links, and only then any error other than EEXIST ends the installation). A tmpfs or bind mount at
`site-packages/nvidia` makes a later link cross a mount: exit 2, EXDEV, and a complete .dist-info stays behind, so that
the same command then reports success over a package without files.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from harness.errors import OperationRefused
from harness.model import operation as op
from harness.reference import warm
from harness.specimens.uv_0_1_2 import copy_over
from harness.specimens.walking import finish, walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.reference import Settings

_NEXT = {"clone": "hardlink", "hardlink": "copy"}
_WAYS: dict[str, Callable[[str, str], op.Operation]] = {"clone": op.Clone, "hardlink": op.Link}


def install(wheel: str, settings: Settings) -> op.Program[None]:
    """Install a wheel with `clone`, `hardlink` or `copy`."""
    source = yield from warm(wheel, settings)  # uv knows no way around a cache that cannot be written (uv#15934)
    yield from walk(source.path, settings.purelib, _Linking(settings).place)
    yield from finish(source, settings, wheel)


class _Linking:
    """The state that one wheel's walk carries: which way is tried, and whether it has worked once."""

    def __init__(self, settings: Settings) -> None:
        self._mode: str = settings.link_mode
        self._works = False
        self._settings = settings
        self._count = 0

    def place(self, source: str, path: str) -> op.Program[None]:
        """One file of the walk."""
        if self._mode == "copy" or path.endswith("/RECORD"):
            yield from copy_over(source, path)
            return
        try:
            yield from self._link(source, path)
        except OperationRefused:
            if self._works:
                raise
            self._mode = _NEXT[self._mode]
            yield from self.place(source, path)
        else:
            self._works = True

    def _link(self, source: str, path: str) -> op.Program[None]:
        way = _WAYS[self._mode]
        try:
            yield way(source, path)
        except OperationRefused as refused:
            if refused.errno != errno.EEXIST:
                raise
            self._count += 1
            name = f"{path.rpartition('/')[0]}/.tmp{self._settings.token}-{self._count}"
            yield way(source, name)
            try:
                yield op.Rename(name, path)
            except OperationRefused:
                yield from _dropped(name)
                raise
            yield from _dropped(name)


def _dropped(path: str) -> op.Program[None]:
    # Renaming one name of an inode onto another does nothing (rename(2)); the temporary directory's drop removes it.
    try:
        yield op.Unlink(path)
    except OperationRefused as refused:
        if refused.errno != errno.ENOENT:
            raise
