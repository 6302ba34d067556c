"""Install: a wheel into an environment, over whatever version is there, complete or not at all."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import HarnessError, OperationRefused, WheelRefused
from harness.model import operation as op
from harness.reference import distributions, records
from harness.reference.cache import Unpacked, mended, unpacked
from harness.reference.discard import discard
from harness.reference.incoming import Incoming
from harness.reference.journal import tolerantly
from harness.reference.retire import bytecode_of, forget_empty, stash_dist_info, stash_files
from harness.reference.scripts import console_scripts, with_interpreter
from harness.reference.spread import Spread, spread
from harness.reference.transaction import Transaction

if TYPE_CHECKING:
    from harness.reference.distributions import Distribution
    from harness.reference.settings import Settings


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
        WheelRefused: the archive is not a good wheel, or a RECORD in the environment cannot be read.
        OperationRefused: the filesystem refused something that has no other way; what was done has been undone.
    """
    source = yield from unpacked(wheel, settings)
    try:
        return (yield from install_from(source, wheel, settings, again=again))
    except OperationRefused as refused:
        if not _is_hole(refused, source):
            raise
        yield op.Note(f"{refused.second or refused.path}: missing from the cache: unpacked again")
    source = yield from mended(wheel, source, settings)
    return (yield from install_from(source, wheel, settings, again=again))


def install_from(source: Unpacked, wheel: str, settings: Settings, *, again: bool) -> op.Program[Installed]:
    """As `install`, from an unpacked wheel, which is removed afterwards if it is not the cache's."""
    try:
        result = yield from _install(source, wheel, settings, again=again)
    except HarnessError:
        yield from _released(source)
        raise
    yield from _released(source)
    return result


def _released(source: Unpacked) -> op.Program[None]:
    if not source.lasting:
        yield from tolerantly(discard(source.path), "was left behind")


def _is_hole(refused: OperationRefused, source: Unpacked) -> bool:
    """Whether it was the cache that lacked a file (whoever cleans temporary directories cleans caches too: uv#6147)."""
    about = refused.second or refused.path
    return source.lasting and refused.errno in {errno.ENOENT, errno.ENOTDIR} and about.startswith(f"{source.path}/")


def _install(source: Unpacked, wheel: str, settings: Settings, *, again: bool) -> op.Program[Installed]:
    settings = yield from distributions.with_one_library(settings)
    name, version = distributions.parsed(source.dist_info)
    old = tuple(one for one in (yield from distributions.installed(settings)) if one.name == name)
    if not again and [one.version for one in old] == [version] and (yield from is_whole(old[0])):
        return Installed(name=name, version=version, changed=False)
    transaction = Transaction(settings, lasting=source.lasting)
    try:
        yield from _replace_all(source, wheel, old, transaction)
    except HarnessError:
        yield from transaction.undo()
        raise
    yield from transaction.tidy()
    yield from transaction.placing.report()
    return Installed(name=name, version=version, replaced=tuple(one.version for one in old))


def is_whole(distribution: Distribution) -> op.Program[bool]:
    """Whether every file that RECORD names is there with its content; without METADATA or RECORD, no.

    Content that another distribution has brought since is not this one's, whoever else claims the file: the other may
    go in the same step, and what is named last is to win. Sizes come first, as they cost no reading.
    """
    try:
        rows = yield from distributions.rows_of(distribution)
    except WheelRefused:
        return False
    metadata = False
    for path, row in zip((yield from distributions.places_of(rows or (), distribution)), rows or (), strict=True):
        metadata = metadata or path == f"{distribution.dist_info}/METADATA"
        try:
            status = yield op.Lstat(path)
            if status.kind == "symlink":
                # A dangling one is not whole (uv#12003).
                status = yield op.Lstat((yield op.RealPath(path)))
        except OperationRefused:
            return False
        if status.kind != "file" or row.size not in {"", str(status.size)}:
            return False
        if row.digest.startswith("sha256=") and (yield from distributions.digest_at(path)) != row.digest.rstrip("="):
            return False
    return metadata


def _replace_all(
    source: Unpacked, wheel: str, old: tuple[Distribution, ...], transaction: Transaction
) -> op.Program[None]:
    """The order matters: what says "installed" goes first and comes last, so that no interruption can lie."""
    settings = transaction.settings
    plan = yield from _planned(source, wheel, settings)
    scripts = yield from _scripts(plan, source, wheel, settings)
    rows = yield from _rows_outside(plan, scripts)
    incoming = Incoming(plan, source.path, source.dist_info, rows)
    yield from incoming.announce(transaction)
    stale: list[str] = []
    for distribution in old:
        stale += yield from distributions.paths_of(distribution, settings)
        yield from stash_dist_info(distribution.dist_info, transaction)
    root, library = source.path, plan.library
    yield from transaction.placing.place((f"{root}/{path}", f"{library}/{path}") for path, _, _ in plan.payload)
    yield from transaction.placing.place((f"{root}/{name}", target) for name, target, _ in plan.data)
    for target, content in scripts:
        yield from transaction.placing.write(target, content, 0o777 & ~settings.umask)
    if old:
        kept = {f"{library}/{row.path}" for row in plan.payload}
        kept |= {one.target for one in plan.data} | {path for path, _ in scripts}
        yield from _remove_stale(stale, kept, old, transaction)
    yield from incoming.appear(transaction)


def _planned(source: Unpacked, wheel: str, settings: Settings) -> op.Program[Spread]:
    rows = records.parse((yield op.ReadFile(f"{source.path}/{source.dist_info}/RECORD")), wheel)
    wheel_file = yield op.ReadFile(f"{source.path}/{source.dist_info}/WHEEL")
    return spread(rows, source.dist_info, wheel_file, settings, wheel)


def _scripts(plan: Spread, source: Unpacked, wheel: str, settings: Settings) -> op.Program[list[tuple[str, bytes]]]:
    """Path and content of the wheel's own scripts and of those that its entry points ask for."""
    scripts = {}
    for placement in plan.scripts:
        content = yield op.ReadFile(f"{source.path}/{placement.source}")
        scripts[placement.target] = with_interpreter(content, settings.python)
    entry_points = f"{source.dist_info}/entry_points.txt"
    if any(placement.source == entry_points for placement in plan.metadata):
        data = yield op.ReadFile(f"{source.path}/{entry_points}")
        for script in console_scripts(data, settings.python, wheel):
            scripts[f"{settings.scripts}/{script.name}"] = script.content
    return list(scripts.items())


def _rows_outside(plan: Spread, scripts: list[tuple[str, bytes]]) -> op.Program[list[records.Row]]:
    """The RECORD rows of everything but .dist-info."""
    rows = plan.payload.copy()
    linked = bool(plan.data or scripts) and (yield op.RealPath(plan.library)) != plan.library
    for _, target, row in plan.data:
        rows.append(row._replace(path=distributions.row_path(target, plan.library, linked=linked)))
    for target, content in scripts:
        rows.append(records.row_of(distributions.row_path(target, plan.library, linked=linked), content))
    return rows


def _remove_stale(
    old_paths: list[str], kept: set[str], old: tuple[Distribution, ...], transaction: Transaction
) -> op.Program[None]:
    """What only the old version had, and what the interpreter has compiled of it."""
    stale = [path for path in old_paths if path not in kept]
    own = [transaction.announced, *transaction.journal.outgoing, *(one.dist_info for one in old)]
    shared = yield from distributions.claimed(stale, transaction.settings, own=own)
    transaction.left_to_others += sorted(shared)
    forget_empty(shared, transaction)
    stale = [path for path in stale if path not in shared]
    stale = list(dict.fromkeys([*stale, *(yield from bytecode_of(old_paths))]))
    yield from stash_files(stale, transaction)
    forget_empty(stale, transaction)
