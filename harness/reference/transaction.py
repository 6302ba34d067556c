"""Transaction: what one program that changes an environment shares between its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.reference.directories import Directories
from harness.reference.journal import Journal
from harness.reference.placing import Placing

if TYPE_CHECKING:
    from harness.reference.settings import Settings


class Transaction:
    """Settings, journal, known directories and placing of one program."""

    def __init__(self, settings: Settings, *, lasting: bool = True) -> None:
        self.settings = settings
        self.journal = Journal()
        self.directories = Directories(settings, self.journal)
        self.placing = Placing(settings, self.journal, self.directories, lasting=lasting)
