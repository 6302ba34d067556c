"""Walking an unpacked wheel in the order its directories are listed, and what comes after: what specimens share."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from harness.errors import OperationRefused
from harness.model import operation as op
from harness.reference import records
from harness.reference.scripts import console_scripts

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.reference import Settings
    from harness.reference.cache import Unpacked

_INSTALLER = b"uv"


def walk(source: str, target: str, place: Callable[[str, str], op.Program[None]]) -> op.Program[None]:
    """Visit everything below `source` depth first, in listing order, as the walkdir crate does."""
    yield from ensure_directory(target)
    for one in (yield op.ListDirectory(source)):
        inner, outer = f"{source}/{one.name}", f"{target}/{one.name}"
        if one.kind == "directory":
            yield from walk(inner, outer, place)
        else:
            yield from place(inner, outer)


def ensure_directory(path: str) -> op.Program[None]:
    """As mkdir -p."""
    try:
        yield op.Mkdir(path)
    except OperationRefused as refused:
        if refused.errno == errno.ENOENT:
            yield from ensure_directory(path.rpartition("/")[0])
            yield op.Mkdir(path)
        elif refused.errno != errno.EEXIST:
            raise


def finish(source: Unpacked, settings: Settings, wheel: str) -> op.Program[None]:
    """Console scripts, INSTALLER and the rewritten RECORD, in place."""
    dist_info = f"{settings.purelib}/{source.dist_info}"
    rows = records.parse((yield op.ReadFile(f"{source.path}/{source.dist_info}/RECORD")), wheel)
    names = {row.path for row in rows}
    if f"{source.dist_info}/entry_points.txt" in names:
        data = yield op.ReadFile(f"{source.path}/{source.dist_info}/entry_points.txt")
        yield from ensure_directory(settings.scripts)
        for script in console_scripts(data, settings.python, wheel):
            yield from _put(f"{settings.scripts}/{script.name}", script.content, 0o755)
            rows.append(records.row_of(f"{settings.scripts}/{script.name}", script.content))
    rows.append(records.row_of(f"{source.dist_info}/INSTALLER", _INSTALLER))
    yield from _put(f"{dist_info}/INSTALLER", _INSTALLER, 0o644)
    yield from _put(f"{dist_info}/RECORD", records.write(sorted(rows)), 0o644)


def _put(path: str, content: bytes, mode: int) -> op.Program[None]:
    yield op.Truncate(path, mode)
    yield op.Write(path, content)
    yield op.Chmod(path, mode)
