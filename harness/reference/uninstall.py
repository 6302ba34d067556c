"""Uninstall: a distribution's files, but for those that another RECORD still claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import HarnessError, LegacyInstalled, NotInstalled
from harness.reference import distributions
from harness.reference.retire import bytecode_of, forget_empty, stash_dist_info, stash_files
from harness.reference.transaction import Transaction

if TYPE_CHECKING:
    from harness.model import operation as op
    from harness.reference.distributions import Distribution
    from harness.reference.settings import Settings


def uninstall(name: str, settings: Settings) -> op.Program[tuple[str, ...]]:
    """Remove a distribution; leave everything as it was if that fails. Answers the versions removed.

    Args:
        name: of the distribution, in any spelling.
        settings: where.

    Raises:
        NotInstalled: there is no such distribution.
        LegacyInstalled: it is there by an `.egg-info`, too or only.
        OperationRefused: a file could not be removed; what was done has been undone.
        WheelRefused: a RECORD that may claim the files too cannot be read; likewise.
    """
    settings = yield from distributions.with_one_library(settings)
    wanted = distributions.normalised(name)
    ours = tuple(one for one in (yield from distributions.installed(settings)) if one.name == wanted)
    for path in (yield from distributions.legacy(wanted, settings)):
        raise LegacyInstalled(path=path, name=name)
    if not ours:
        raise NotInstalled(path=settings.purelib, name=name)
    transaction = Transaction(settings)
    try:
        for distribution in ours:
            yield from _remove(distribution, transaction)
    except HarnessError:
        yield from transaction.undo()
        raise
    yield from transaction.tidy()
    return tuple(one.version for one in ours)


def _remove(distribution: Distribution, transaction: Transaction) -> op.Program[None]:
    """The claims of others are looked at only after our own is gone.

    Of two uninstalls at once that share a file, at least one then sees that nobody else claims it.
    """
    settings = transaction.settings
    paths = yield from distributions.paths_of(distribution, settings)
    yield from stash_dist_info(distribution.dist_info, transaction)
    shared = yield from distributions.claimed(
        paths, settings, own=[distribution.dist_info, *transaction.journal.outgoing]
    )
    transaction.left_to_others += sorted(shared)
    forget_empty(shared, transaction)
    paths = [path for path in paths if path not in shared]
    paths = list(dict.fromkeys([*paths, *(yield from bytecode_of(paths))]))
    yield from stash_files(paths, transaction)
    forget_empty(paths, transaction)
