"""Uninstall: a distribution's files, but for those that another RECORD still claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import HarnessError, NotInstalled
from harness.model import operation as op
from harness.reference import distributions
from harness.reference.directories import SCHEMES
from harness.reference.retire import forget_empty, stash_dist_info, stash_files
from harness.reference.transaction import Transaction

if TYPE_CHECKING:
    from harness.reference.distributions import Distribution
    from harness.reference.settings import Settings


def uninstall(name: str, settings: Settings) -> op.Program[tuple[str, ...]]:
    """Remove a distribution; leave everything as it was if that fails. Answers the versions removed.

    Args:
        name: of the distribution, in any spelling.
        settings: where.

    Raises:
        NotInstalled: there is no such distribution.
        OperationRefused: a file could not be removed; what was done has been undone.
    """
    everything = yield from distributions.installed(settings)
    ours = tuple(one for one in everything if one.name == distributions.normalised(name))
    if not ours:
        raise NotInstalled(path=settings.purelib, name=name)
    transaction = Transaction(settings)
    try:
        for distribution in ours:
            others = tuple(one for one in everything if one != distribution)
            yield from _remove(distribution, others, transaction)
    except HarnessError:
        yield from transaction.journal.undo()
        raise
    yield from transaction.journal.tidy()
    return tuple(one.version for one in ours)


def _remove(distribution: Distribution, others: tuple[Distribution, ...], transaction: Transaction) -> op.Program[None]:
    rows = yield from distributions.rows_of(distribution)
    paths = [distributions.located(row.path, distribution.library) for row in rows]
    inside = [path for path in paths if _is_ours(path, transaction.settings)]
    for path in paths:
        if not _is_ours(path, transaction.settings):
            # RECORD is a file that anybody may have written; its rows do not reach beyond the environment.
            yield op.Note(f"{path}: named in RECORD but outside of the environment: left where it is")
    payload = [path for path in inside if not path.startswith(f"{distribution.dist_info}/")]
    shared = yield from distributions.claimed(payload, others)
    yield from stash_dist_info(distribution.dist_info, transaction)
    yield from stash_files([path for path in payload if path not in shared], transaction)
    forget_empty(payload, transaction)


def _is_ours(path: str, settings: Settings) -> bool:
    return any(path.startswith(f"{settings.scheme(name)}/") for name in SCHEMES)
