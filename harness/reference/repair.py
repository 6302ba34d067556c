"""Repair: a distribution made whole again, and the leftovers of interrupted programs removed."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from harness.errors import OperationRefused
from harness.model import operation as op
from harness.reference import distributions
from harness.reference.cache import trusted
from harness.reference.directories import SCHEMES
from harness.reference.discard import discard
from harness.reference.install import Installed, install_from
from harness.reference.journal import tolerantly
from harness.reference.retire import bytecode_of, forget_empty, stash_files
from harness.reference.settings import GONE, INCOMING, OUTGOING, TEMPORARY_PREFIX
from harness.reference.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.reference.settings import Settings


def repair(wheel: str, settings: Settings) -> op.Program[Installed]:
    """Install a wheel over whatever is there of it, and clear away what killed programs have left.

    Of programs that run at the same time, temporary names would be taken for leftovers: the settings have to name them.

    Raises:
        WheelRefused, OperationRefused: as `install`.
    """
    settings = yield from distributions.with_one_library(settings)
    source = yield from trusted(wheel, settings)
    result = yield from install_from(source, wheel, settings, again=True)
    leftovers = []
    in_use = tuple(f"{TEMPORARY_PREFIX}{token}-" for token in settings.siblings)
    for root in sorted({settings.scheme(name) for name in SCHEMES}):
        leftovers += yield from _leftovers(root, in_use)
    yield from _clear(list(dict.fromkeys(leftovers)), settings)
    return result


def _leftovers(directory: str, in_use: tuple[str, ...]) -> op.Program[list[str]]:
    """Temporary names anywhere below a directory, no link followed, but for those that start with what is in use."""
    found = []
    try:
        names = yield op.ListDirectory(directory)
    except OperationRefused as refused:
        if refused.errno != errno.ENOENT:
            yield op.Note(f"{directory}: could not be looked at for leftovers: {refused.operation}")
        return []
    for one in names:
        path = f"{directory}/{one.name}"
        if one.name.startswith(in_use):
            continue
        if one.name.startswith(TEMPORARY_PREFIX):
            found.append(path)
        elif one.kind == "directory":
            found += yield from _leftovers(path, in_use)
    return found


def _clear(leftovers: list[str], settings: Settings) -> op.Program[None]:
    """Remove temporary names, and what an interrupted program had placed or was to remove, if nobody claims it."""
    transaction = Transaction(settings)
    paths: list[str] = []
    for leftover in leftovers:
        if leftover.endswith((INCOMING, OUTGOING, GONE)):
            paths += yield from distributions.paths_of(distributions.under_way(leftover), settings)
    claimed = yield from distributions.claimed(paths, settings, own=leftovers)
    orphans = yield from _existing(path for path in dict.fromkeys(paths) if path not in claimed)
    yield from stash_files([*orphans, *(yield from bytecode_of(orphans))], transaction)
    for leftover in leftovers:
        yield from tolerantly(discard(leftover), "was left behind")
    forget_empty([*paths, *leftovers], transaction)
    yield from transaction.journal.tidy()


def _existing(paths: Iterable[str]) -> op.Program[list[str]]:
    found = []
    for path in paths:
        try:
            yield op.Lstat(path)
        except OperationRefused:
            continue
        found.append(path)
    return found
