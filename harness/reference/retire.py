"""Retiring what was installed: taken away under temporary names first, removed for good only on success."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from harness.errors import OperationRefused, errno_name
from harness.model import operation as op
from harness.reference import distributions
from harness.reference.directories import PATIENCE
from harness.reference.settings import OUTGOING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.reference.transaction import Transaction

_ABSENT = {errno.ENOENT, errno.ENOTDIR}
# A killed program has left something of that name.
_TAKEN = {errno.EEXIST, errno.ENOTEMPTY}
# A directory of a lower overlay layer (EXDEV, of old EINVAL: pip#6943), or one that is a mount point (EBUSY).
_NOT_AS_ONE = {errno.EXDEV, errno.EINVAL, errno.EBUSY}


def stash_dist_info(path: str, transaction: Transaction) -> op.Program[None]:
    """Take a .dist-info away, in one operation where that can be: from then on the distribution is not installed.

    Where it cannot, its files are moved one by one, METADATA first: without it no tool takes the directory for an
    installed distribution. Out of a mount point not even they can be moved: they are put aside in it.
    """
    for attempt in range(PATIENCE):
        kept = transaction.placing.temporary_name(path.rpartition("/")[0], OUTGOING)
        try:
            if (yield from _move(path, kept, transaction)):
                kept = transaction.placing.temporary_name(path, OUTGOING)
                yield from _move_content(path, kept, transaction)
                # Goes if it was no mount point after all.
                transaction.journal.tidying.append(op.Rmdir(path))
        except OperationRefused as refused:
            if refused.errno in _ABSENT:
                yield op.Note(f"{path}: rename: {errno_name(refused.errno)}: was taken away by another program")
                return
            if refused.errno not in _TAKEN or attempt == PATIENCE - 1:
                raise
        else:
            transaction.journal.outgoing.append(kept)
            return


def _move(path: str, target: str, transaction: Transaction) -> op.Program[bool]:
    """Move a directory. Answers True if it is a mount point, which stays as it was."""
    undoing = transaction.journal.undoing
    try:
        yield op.Rename(path, target)
    except OperationRefused as refused:
        if refused.errno not in _NOT_AS_ONE:
            raise
        if refused.errno == errno.EBUSY:
            return True
    else:
        undoing.append(op.Rename(target, path))
        return False
    status = yield op.Lstat(path)
    yield from _move_content(path, target, transaction)
    yield op.Rmdir(path)
    undoing += [op.Chmod(path, status.mode), op.Mkdir(path, status.mode)]
    return False


def _move_content(path: str, target: str, transaction: Transaction) -> op.Program[None]:
    undoing = transaction.journal.undoing
    names = yield op.ListDirectory(path)
    yield op.Mkdir(target, 0o777 & ~transaction.settings.umask)
    undoing.append(op.Rmdir(target))
    for one in sorted(names, key=lambda one: (one.name != "METADATA", one.name)):
        below, kept = f"{path}/{one.name}", f"{target}/{one.name}"
        if one.kind == "directory":
            if (yield from _move(below, kept, transaction)):
                raise OperationRefused(path=below, operation="rename", errno=errno.EBUSY)
        else:
            yield op.Rename(below, kept)
            undoing.append(op.Rename(kept, below))


def stash_files(paths: Iterable[str], transaction: Transaction) -> op.Program[None]:
    """Take files away. One that is missing, a directory, or a mount point and cannot go, is noted.

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
            elif refused.errno == errno.EISDIR:
                yield op.Note(f"{path}: named in RECORD but a directory: left where it is")
            elif refused.errno in _ABSENT:
                yield op.Note(f"{path}: rename: {errno_name(refused.errno)}: was missing already")
            else:
                raise


def bytecode_of(paths: Iterable[str]) -> op.Program[list[str]]:
    """The .pyc files that the interpreter has made of these modules (PEP 3147): no RECORD names them."""
    modules: dict[str, set[str]] = {}
    for path in paths:
        if path.endswith(".py"):
            directory, _, name = path.rpartition("/")
            modules.setdefault(f"{directory}/__pycache__", set()).add(name.removesuffix(".py"))
    found = []
    for directory, names in modules.items():
        try:
            listed = yield from distributions.listed(directory)
        except OperationRefused as refused:
            if refused.errno != errno.ENOTDIR:
                raise
            listed = ()
        found += [f"{directory}/{one.name}" for one in listed if one.kind == "file" and _module_of(one.name) in names]
    return found


def _module_of(name: str) -> str:
    """`module.cpython-311.opt-1.pyc` -> `module`; empty for other names."""
    stem, dot, suffix = name.rpartition(".")
    if suffix != "pyc" or not dot:
        return ""
    head, _, last = stem.rpartition(".")
    return head.rpartition(".")[0] if last.startswith("opt-") else head


def forget_empty(paths: Iterable[str], transaction: Transaction) -> None:
    """After success, remove the directories of these paths that are empty then, deepest first, roots excepted.

    The promise: a directory goes only if files of what is removed lay in it or below it, as RECORD says, and if it is
    empty now; the directories of the schemes stay, and so does one in which nothing was ever installed.

    One that was there, empty, before the files came goes with them, as with pip: RECORD names files, not who made their
    directories, and a namespace's is made by one distribution and left by another. To tell would take a file in
    .dist-info with the directories that were made, handed on to the other owners when its own distribution goes. (A
    step that fails knows better: it removes what its own journal says it has made.)
    """
    directories = set()
    for path in paths:
        parent = path.rpartition("/")[0]
        while parent not in directories and transaction.directories.is_below_a_root(parent):
            directories.add(parent)
            parent = parent.rpartition("/")[0]
    deepest_first = sorted(directories, key=lambda path: (-path.count("/"), path))
    transaction.journal.tidying += (op.Rmdir(directory) for directory in deepest_first)
