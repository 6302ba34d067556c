"""Repair: a distribution made whole again, and the leftovers of interrupted programs removed."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from harness.errors import OperationRefused
from harness.model import operation as op
from harness.reference import distributions
from harness.reference.cache import discard
from harness.reference.install import Installed, install
from harness.reference.settings import TEMPORARY_PREFIX

if TYPE_CHECKING:
    from harness.reference.settings import Settings


def repair(wheel: str, settings: Settings) -> op.Program[Installed]:
    """Install a wheel over whatever is there of it, and clear away temporary names. No other program may be running.

    Raises:
        WheelRefused, OperationRefused: as `install`.
    """
    result = yield from install(wheel, settings, again=True)
    everything = yield from distributions.installed(settings)
    directories = {settings.purelib, settings.platlib, settings.scripts}
    for distribution in everything:
        if distribution.name == result.name:
            rows = yield from distributions.rows_of(distribution)
            paths = (distributions.located(row.path, distribution.library) for row in rows)
            directories |= {path.rpartition("/")[0] for path in paths}
    for directory in sorted(directories, reverse=True):
        yield from _clear(directory)
    return result


def _clear(directory: str) -> op.Program[None]:
    try:
        names = yield op.ListDirectory(directory)
    except OperationRefused as refused:
        if refused.errno != errno.ENOENT:
            raise
        return
    for one in names:
        if one.name.startswith(TEMPORARY_PREFIX):
            path = f"{directory}/{one.name}"
            if one.kind == "directory":
                yield from discard(path)
            else:
                yield op.Unlink(path)
