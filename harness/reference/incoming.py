"""A new .dist-info: announced under a temporary name before anything is placed, and renamed into being last."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from harness.errors import OperationRefused, errno_name
from harness.model import operation as op
from harness.reference import records
from harness.reference.directories import PATIENCE
from harness.reference.settings import INCOMING

if TYPE_CHECKING:
    from harness.reference.spread import Spread
    from harness.reference.transaction import Transaction

INSTALLER = b"exdev-reference\n"

_NOT_AT_ONCE = {errno.EBUSY, errno.EXDEV, errno.EINVAL, errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}


class Incoming:
    """The .dist-info that a program is going to install."""

    def __init__(self, plan: Spread, source: str, dist_info: str, rows: list[records.Row]) -> None:
        """See class.

        Args:
            plan: where each file of the wheel goes.
            source: root of the unpacked wheel.
            dist_info: name of the directory.
            rows: of everything outside of it.
        """
        self.final = f"{plan.library}/{dist_info}"
        self._library = plan.library
        self._files = [(f"{source}/{one.source}", one.source[len(dist_info) :]) for one in plan.metadata]
        rows = [*(one.row for one in plan.metadata), *rows, records.row_of(f"{dist_info}/INSTALLER", INSTALLER)]
        self._record = records.write(sorted([*rows, records.Row(f"{dist_info}/RECORD", "", "")]))

    def announce(self, transaction: Transaction) -> op.Program[None]:
        """Write all of it aside, RECORD first.

        What RECORD says is what a killed program may have left, and what others must not remove from now on.
        """
        for attempt in range(PATIENCE):
            yield from transaction.directories.ensure(self._library)
            aside = transaction.placing.temporary_name(self._library, INCOMING)
            try:
                yield op.Mkdir(aside, 0o777 & ~transaction.settings.umask)
            except OperationRefused as refused:
                # A killed program's name, or a failed one has just removed the library directory that it had made.
                if refused.errno not in {errno.EEXIST, errno.ENOENT} or attempt == PATIENCE - 1:
                    raise
                transaction.directories.forget(self._library)
            else:
                break
        transaction.announced = aside
        transaction.directories.known.add(aside)
        yield from self._write("RECORD", self._record, aside, transaction)
        yield from self._write("INSTALLER", INSTALLER, aside, transaction)
        yield from transaction.placing.place((source, f"{aside}{below}") for source, below in self._files)

    def appear(self, transaction: Transaction) -> op.Program[None]:
        """Everything else is there: the distribution is installed from this one operation on."""
        try:
            yield op.Rename(transaction.announced, self.final)
        except OperationRefused as refused:
            if refused.errno not in _NOT_AT_ONCE:
                raise
            reason = errno_name(refused.errno)
        else:
            transaction.announced = ""
            return
        yield from self._fill(transaction)
        yield op.Note(f"{self.final}: rename: {reason}: could not appear at once, was filled file by file")
        transaction.journal.outgoing.append(transaction.announced)

    def _fill(self, transaction: Transaction) -> op.Program[None]:
        """In place, for a mount point or among files that nobody claims: METADATA, which tools look for, comes last."""
        last = [file for file in self._files if file[1] == "/METADATA"]
        others = [file for file in self._files if file[1] != "/METADATA"]
        place = transaction.placing.place
        yield from transaction.directories.ensure(self.final)
        yield from place((source, f"{self.final}{below}") for source, below in others)
        yield from self._write("INSTALLER", INSTALLER, self.final, transaction)
        yield from self._write("RECORD", self._record, self.final, transaction)
        yield from place((source, f"{self.final}{below}") for source, below in last)

    def _write(self, name: str, content: bytes, directory: str, transaction: Transaction) -> op.Program[None]:
        yield from transaction.placing.write(f"{directory}/{name}", content, 0o666 & ~transaction.settings.umask)
