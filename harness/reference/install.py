"""Install: a wheel into an environment, over whatever version is there, complete or not at all."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import HarnessError, OperationRefused
from harness.model import operation as op
from harness.reference import distributions, records
from harness.reference.cache import Unpacked, discard, unpacked
from harness.reference.retire import forget_empty, stash_dist_info, stash_files
from harness.reference.scripts import console_scripts, with_interpreter
from harness.reference.spread import Spread, spread
from harness.reference.transaction import Transaction

if TYPE_CHECKING:
    from harness.reference.distributions import Distribution
    from harness.reference.settings import Settings

INSTALLER = b"exdev-reference\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """What an install came to.

    Attributes:
        name, version: of the distribution.
        changed: False where the same version was there already, whole.
        replaced: versions that were there before.
    """

    name: str
    version: str
    changed: bool = True
    replaced: tuple[str, ...] = ()


def install(wheel: str, settings: Settings, *, again: bool = False) -> op.Program[Installed]:
    """Install a wheel; upgrade or downgrade what is there; leave everything as it was if that fails.

    Args:
        wheel: path of the archive.
        settings: where to and how.
        again: install also over the same version.

    Raises:
        WheelRefused: the archive is not a good wheel.
        OperationRefused: the filesystem refused something that has no other way; what was done has been undone.
    """
    source = yield from unpacked(wheel, settings)
    try:
        return (yield from _install(source, wheel, settings, again=again))
    finally:
        if not source.lasting:
            yield from discard(source.path)


def _install(source: Unpacked, wheel: str, settings: Settings, *, again: bool) -> op.Program[Installed]:
    name, version = distributions.parsed(source.dist_info)
    everything = yield from distributions.installed(settings)
    old = tuple(one for one in everything if one.name == name)
    if not again and [one.version for one in old] == [version] and (yield from is_whole(old[0])):
        return Installed(name=name, version=version, changed=False)
    transaction = Transaction(settings, lasting=source.lasting)
    try:
        yield from _replace_all(source, wheel, old, everything, transaction)
    except HarnessError:
        yield from transaction.journal.undo()
        raise
    yield from transaction.journal.tidy()
    yield from transaction.placing.report()
    return Installed(name=name, version=version, replaced=tuple(one.version for one in old))


def is_whole(distribution: Distribution) -> op.Program[bool]:
    """Whether every file that RECORD names is there with its size; without RECORD, no."""
    rows = yield from distributions.rows_of(distribution)
    for row in rows:
        path = distributions.located(row.path, distribution.library)
        try:
            # Not lstat: in symlink mode the file is at the end of a link, and a dangling one is not whole (uv#12003).
            status = yield op.Lstat((yield op.RealPath(path)))
        except OperationRefused:
            return False
        if row.size and int(row.size) != status.size:
            return False
    return bool(rows)


def _replace_all(
    source: Unpacked,
    wheel: str,
    old: tuple[Distribution, ...],
    everything: tuple[Distribution, ...],
    transaction: Transaction,
) -> op.Program[None]:
    """The order matters: what says "installed" goes first and comes last, so that no interruption can lie."""
    plan = yield from _planned(source, wheel, transaction.settings)
    old_paths: list[str] = []
    for distribution in old:
        rows = yield from distributions.rows_of(distribution)
        old_paths += (distributions.located(row.path, distribution.library) for row in rows)
        yield from stash_dist_info(distribution.dist_info, transaction)
    written = yield from _place(plan, source, wheel, transaction)
    if old:
        kept = {placement.target for placement in plan.payload}
        kept |= {distributions.located(row.path, plan.library) for row in written}
        others = tuple(one for one in everything if one not in old)
        yield from _remove_stale(old_paths, kept, old, others, transaction)
    yield from _place_dist_info(plan, source, written, transaction)


def _planned(source: Unpacked, wheel: str, settings: Settings) -> op.Program[Spread]:
    rows = records.parse((yield op.ReadFile(f"{source.path}/{source.dist_info}/RECORD")), wheel)
    wheel_file = yield op.ReadFile(f"{source.path}/{source.dist_info}/WHEEL")
    return spread(rows, source.dist_info, wheel_file, settings, wheel)


def _place(plan: Spread, source: Unpacked, wheel: str, transaction: Transaction) -> op.Program[list[records.Row]]:
    """Everything but .dist-info. Answers the rows of files that the installer wrote itself."""
    place, root = transaction.placing.place, source.path
    for placement in plan.payload:
        yield from place(f"{root}/{placement.source}", placement.target)
    written = []
    linked = (yield op.RealPath(plan.library)) != plan.library
    for target, content in (yield from _scripts(plan, source, wheel, transaction.settings)):
        yield from transaction.placing.write(target, content, 0o777 & ~transaction.settings.umask)
        written.append(records.row_of(distributions.row_path(target, plan.library, linked=linked), content))
    for placement in plan.payload:
        if not placement.target.startswith(f"{plan.library}/"):
            path = distributions.row_path(placement.target, plan.library, linked=linked)
            written.append(records.Row(path, placement.row.digest, placement.row.size))
    return written


def _scripts(plan: Spread, source: Unpacked, wheel: str, settings: Settings) -> op.Program[list[tuple[str, bytes]]]:
    """Path and content of the wheel's own scripts and of those that its entry points ask for."""
    scripts = []
    for placement in plan.scripts:
        content = yield op.ReadFile(f"{source.path}/{placement.source}")
        scripts.append((placement.target, with_interpreter(content, settings.python)))
    entry_points = f"{source.dist_info}/entry_points.txt"
    if any(placement.source == entry_points for placement in plan.metadata):
        data = yield op.ReadFile(f"{source.path}/{entry_points}")
        found = console_scripts(data, settings.python, wheel)
        scripts += ((f"{settings.scripts}/{script.name}", script.content) for script in found)
    return scripts


def _remove_stale(
    old_paths: list[str],
    kept: set[str],
    old: tuple[Distribution, ...],
    others: tuple[Distribution, ...],
    transaction: Transaction,
) -> op.Program[None]:
    gone = tuple(f"{one.dist_info}/" for one in old)
    stale = [path for path in old_paths if path not in kept and not path.startswith(gone)]
    shared = yield from distributions.claimed(stale, others)
    yield from stash_files([path for path in stale if path not in shared], transaction)
    forget_empty(stale, transaction)


def _place_dist_info(
    plan: Spread, source: Unpacked, written: list[records.Row], transaction: Transaction
) -> op.Program[None]:
    """Made whole under another name, then renamed: an installed distribution appears in one operation."""
    final = f"{plan.library}/{source.dist_info}"
    rows = _record_rows(plan, source, written)
    aside = transaction.placing.temporary_name(plan.library)
    yield from _fill_dist_info(aside, plan, source, rows, transaction)
    try:
        yield op.Rename(aside, final)
    except OperationRefused as refused:
        if refused.errno not in {errno.EBUSY, errno.EXDEV, errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}:
            raise
        # A mount point, or files that nobody claims: RECORD last is the most that can be promised there.
        yield op.Note(f"{final}: rename: cannot appear at once: filled file by file, RECORD last")
        yield from discard(aside)
        yield from _fill_dist_info(final, plan, source, rows, transaction)
    else:
        transaction.journal.undoing.append(op.Rename(final, aside))


def _record_rows(plan: Spread, source: Unpacked, written: list[records.Row]) -> list[records.Row]:
    inside = f"{plan.library}/"
    rows = [placement.row for placement in plan.metadata]
    for placement in plan.payload:
        if placement.target.startswith(inside):
            path = placement.target[len(inside) :]
            rows.append(placement.row if path == placement.row.path else placement.row._replace(path=path))
    rows += written
    rows.append(records.row_of(f"{source.dist_info}/INSTALLER", INSTALLER))
    rows.append(records.Row(f"{source.dist_info}/RECORD", "", ""))
    return sorted(rows)


def _fill_dist_info(
    directory: str, plan: Spread, source: Unpacked, rows: list[records.Row], transaction: Transaction
) -> op.Program[None]:
    placing, mode = transaction.placing, 0o666 & ~transaction.settings.umask
    yield from transaction.directories.ensure(directory)
    for placement in plan.metadata:
        below = placement.source[len(source.dist_info) :]
        yield from placing.place(f"{source.path}/{placement.source}", f"{directory}{below}")
    yield from placing.write(f"{directory}/INSTALLER", INSTALLER, mode)
    yield from placing.write(f"{directory}/RECORD", records.write(rows), mode)
