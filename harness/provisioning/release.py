"""A published release of an installer, as a value and as a user writes it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Final

from packaging.version import InvalidVersion, Version

from harness.errors import ReleaseInvalid, UnknownName

# What can be provided: the installers that the harness knows how to drive.
DISTRIBUTIONS: Final = ("uv", "pip", "installer", "pdm", "poetry")


@dataclass(frozen=True, slots=True)
class Release:
    """One published release.

    Attributes:
        distribution: its name on the index, one of `DISTRIBUTIONS`.
        version: as published, in the canonical spelling of the version specifiers specification.

    Raises:
        UnknownName: the distribution is not one of ours.
        ReleaseInvalid: the version is none.
    """

    distribution: str
    version: str

    def __post_init__(self) -> None:
        """Refuse what could be no release; both become part of a path, and of a command line."""
        check(self.distribution)
        try:
            canonical = str(Version(self.version))
        except InvalidVersion as error:
            raise ReleaseInvalid(text=f"{self.distribution}=={self.version}", because=str(error)) from error
        object.__setattr__(self, "version", canonical)

    def __str__(self) -> str:
        return f"{self.distribution}=={self.version}"


def check(distribution: str) -> str:
    """The name of a distribution that can be provided.

    Raises:
        UnknownName: it is not one.
    """
    if distribution not in DISTRIBUTIONS:
        nearest = difflib.get_close_matches(distribution, DISTRIBUTIONS, n=1)
        raise UnknownName(
            kind="installer", name=distribution, known=DISTRIBUTIONS, nearest=nearest[0] if nearest else None
        )
    return distribution


def parse(text: str) -> Release | str:
    """What a user asks for: a release (`uv==0.1.2`), or a distribution's name alone (`uv`).

    Raises:
        UnknownName: the distribution is not one of ours.
        ReleaseInvalid: it is written in another way.
    """
    distribution, separator, version = text.partition("==")
    if separator:
        return Release(distribution, version)
    if any(character in text for character in "=<>~!@[ "):
        raise ReleaseInvalid(text=text, because="only one exact release can be provided")
    return check(distribution)
