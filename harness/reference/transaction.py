"""Transaction: what one program that changes an environment shares between its parts, and how it ends."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from harness.errors import HarnessError, OperationRefused
from harness.model import operation as op
from harness.reference import distributions
from harness.reference.directories import Directories
from harness.reference.discard import discard
from harness.reference.journal import Journal, tolerantly
from harness.reference.placing import Placing
from harness.reference.settings import GONE, INCOMING, OUTGOING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.reference.settings import Settings


class Transaction:
    """Settings, journal, known directories and placing of one program.

    Attributes:
        announced: the .dist-info that is about to appear, under its temporary name; empty: none.
        left_to_others: files given up, but left where they are since others claim them: looked at again in the end.
    """

    def __init__(self, settings: Settings, *, lasting: bool = True) -> None:
        self.settings = settings
        self.journal = Journal()
        self.directories = Directories(settings, self.journal)
        self.placing = Placing(settings, self.journal, self.directories, lasting=lasting)
        self.announced = ""
        self.left_to_others: list[str] = []

    def undo(self) -> op.Program[None]:
        """Put everything back, but for files that a program running at the same time now counts on."""
        if self.announced:
            yield from tolerantly(self._retract(), "could not be undone")
        placed = [entry for entry in self.journal.undoing if isinstance(entry, str)]
        claimed = yield from self._claimed(placed)
        undone = yield from self.journal.undo(claimed, self._aside)
        yield from self._give_back(undone.new)
        for kept in undone.new.values():
            yield from tolerantly(discard(kept), "was left behind")
        yield from self._put_right(undone.replaced)
        if self.announced:
            yield from tolerantly(discard(self.announced), "was left behind")
        yield from self.journal.undo_directories()

    def tidy(self) -> op.Program[None]:
        """Remove for good what was only taken away; first let go of what is set aside, and look again at its files."""
        outgoing = self.journal.outgoing
        for index, path in enumerate(outgoing):
            if path.endswith(OUTGOING):
                gone = path.removesuffix(OUTGOING) + GONE
                if (yield from tolerantly(_renamed(path, gone), "still claims what it names")):
                    outgoing[index] = gone
        if self.left_to_others:
            yield from tolerantly(self._remove_unclaimed(), "was left behind")
        yield from self._give_back(self.placing.stashed)
        yield from self.journal.tidy()

    def _remove_unclaimed(self) -> op.Program[None]:
        left, self.left_to_others = self.left_to_others, []
        try:
            claimed = yield from distributions.claimed(left, self.settings, own=self.journal.outgoing)
        except HarnessError as error:
            yield op.Note(f"{error}: what it claims is not known")
            return
        for path in (path for path in left if path not in claimed):
            yield from tolerantly(self.directories.check(path.rpartition("/")[0]), "was left behind")
            yield from tolerantly(self.placing.stash(path), "was left behind")

    def _give_back(self, taken: Mapping[str, str]) -> op.Program[None]:
        """Put back the files that somebody has come to claim while they were taken away.

        A distribution that is being installed announces its RECORD before it places files, and this looks after it has
        taken files away: whichever comes first, the other sees it.
        """
        for path in sorted((yield from self._claimed(taken))):
            yield from tolerantly(self._copy_back(path, taken[path]), "could not be given back")

    def _put_right(self, replaced: Mapping[str, str]) -> op.Program[None]:
        """Where what was there before has come back over another program's file, that one comes back instead.

        It is another's if a RECORD that is not ours claims it, and it is not what we had put there ourselves. Where
        several programs bring the same content nobody can tell: then it stays if nobody claims what was there before.
        """
        claims = yield from self._claimed(replaced)
        ours = (yield from self._announced_digests()) if claims else {}
        for path, kept in replaced.items():
            if path in claims:
                now = yield from distributions.digest_at(kept)
                before = yield from distributions.digest_at(path)
                is_anothers = now in claims[path] and (now != ours.get(path) or before not in claims[path])
                if is_anothers and now != before:
                    yield from tolerantly(_renamed(kept, path), "could not be given back")
            yield from tolerantly(discard(kept), "was left behind")

    def _announced_digests(self) -> op.Program[dict[str, str]]:
        """What our own RECORD says about the files that it names."""
        if not self.announced:
            return {}
        distribution = distributions.under_way(self.announced)
        try:
            rows = (yield from distributions.rows_of(distribution)) or ()
        except HarnessError:
            return {}
        places = yield from distributions.places_of(rows, distribution)
        return {path: row.digest for path, row in zip(places, rows, strict=True)}

    def _copy_back(self, path: str, kept: str) -> op.Program[None]:
        """Only if nobody has put a new file there: hence not a rename."""
        yield from self.directories.ensure(path.rpartition("/")[0])
        try:
            yield op.CopyFile(kept, path)
        except OperationRefused as refused:
            if refused.errno != errno.EEXIST:
                raise

    def _aside(self, path: str) -> str:
        return self.placing.temporary_name(path.rpartition("/")[0])

    def _retract(self) -> op.Program[None]:
        retracted = self.announced.removesuffix(INCOMING) + GONE
        yield op.Rename(self.announced, retracted)
        self.announced = retracted

    def _claimed(self, paths: Iterable[str]) -> op.Program[dict[str, set[str]]]:
        try:
            return (
                yield from distributions.claimed(paths, self.settings, own=[self.announced, *self.journal.outgoing])
            )
        except HarnessError as error:
            yield op.Note(f"{error}: what it claims is not known")
            return {}


def _renamed(source: str, path: str) -> op.Program[None]:
    yield op.Rename(source, path)
