"""Retiring what was installed: taken away under temporary names first, removed for good only on success."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from harness.errors import OperationRefused, errno_name
from harness.model import operation as op

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.reference.transaction import Transaction

_ABSENT = {errno.ENOENT, errno.ENOTDIR}


def stash_dist_info(path: str, transaction: Transaction) -> op.Program[None]:
    """Take a .dist-info's files away: the distribution is not installed from the first of these operations on.

    METADATA goes first (without it no tool takes the directory for an installed distribution). The directory is not
    renamed as one: it may be from a lower overlay layer (EXDEV) or a mount point (EBUSY). Its files go to the library
    directory, so that it is left empty, and a new .dist-info can be renamed onto it; only if it is a mount of its own
    they have to stay inside.
    """
    library = path.rpartition("/")[0]
    yield from _stash_tree(path, library, transaction)
    transaction.journal.tidying.append(op.Rmdir(path))


def _stash_tree(path: str, library: str, transaction: Transaction) -> op.Program[None]:
    names = yield op.ListDirectory(path)
    for one in sorted(names, key=lambda one: (one.name != "METADATA", one.name)):
        below = f"{path}/{one.name}"
        if one.kind == "directory":
            yield from _stash_tree(below, library, transaction)
            yield from _remove_directory(below, transaction)
            continue
        try:
            yield from transaction.placing.stash(below, library)
        except OperationRefused as refused:
            if refused.errno != errno.EXDEV:
                raise
            yield from transaction.placing.stash(below)


def _remove_directory(path: str, transaction: Transaction) -> op.Program[None]:
    try:
        yield op.Rmdir(path)
    except OperationRefused as refused:
        if refused.errno not in {errno.EBUSY, errno.ENOTEMPTY, errno.EEXIST}:
            raise
        transaction.journal.tidying.append(op.Rmdir(path))
    else:
        transaction.journal.undoing.append(op.Mkdir(path, 0o777 & ~transaction.settings.umask))


def stash_files(paths: Iterable[str], transaction: Transaction) -> op.Program[None]:
    """Take files away. One that is missing already, or that is a mount point and cannot go, is noted.

    Raises:
        OperationRefused: a file cannot be removed, or lies behind a link out of the environment.
    """
    for path in paths:
        try:
            yield from transaction.directories.check(path.rpartition("/")[0])
            yield from transaction.placing.stash(path)
        except OperationRefused as refused:
            if refused.errno == errno.EBUSY:
                yield op.Note(f"{path}: rename: EBUSY: a mount point, left where it is")
            elif refused.errno in _ABSENT:
                yield op.Note(f"{path}: rename: {errno_name(refused.errno)}: was missing already")
            else:
                raise


def forget_empty(paths: Iterable[str], transaction: Transaction) -> None:
    """After success, remove the directories of these paths that are empty then, deepest first, roots excepted."""
    directories = {path.rpartition("/")[0] for path in paths}
    for directory in tuple(directories):
        parent = directory
        while transaction.directories.is_below_a_root(parent):
            directories.add(parent)
            parent = parent.rpartition("/")[0]
    below = sorted(filter(transaction.directories.is_below_a_root, directories), key=len, reverse=True)
    transaction.journal.tidying += (op.Rmdir(directory) for directory in below)
