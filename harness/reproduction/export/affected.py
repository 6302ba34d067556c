"""Affected: which releases are known to show what is exported, and how to find out where nobody knows; pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from packaging.specifiers import SpecifierSet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.reproduction.asked import Asked
    from harness.reproduction.bisect import Range
    from harness.reproduction.export.told import Told


class Claim(NamedTuple):
    """Releases that show it: a version specifier; and the oldest and the newest asked about, where that is not all."""

    specifier: str
    between: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """What is known.

    Attributes:
        claims: none: nobody knows.
        advice: a command line that finds out more; empty: there is none.
    """

    claims: tuple[Claim, ...]
    advice: str = ""


def affected(one: Asked, told: Told, found: Range | None) -> Affected:
    """Which releases of the installer that was run show what it showed.

    A range is told if it is of this distribution, about this violation, and holds this release: a report's own is so
    only where the report's signs are seen, and a build of somebody's own is in none.

    Args:
        one: what was asked for.
        told: what became of it.
        found: what a bisection has found that looked for the same; None: there is none.
    """
    return Affected(claims=tuple(_claims(told, found)), advice=_advice(one, told))


def _claims(told: Told, found: Range | None) -> Iterator[Claim]:
    whole = found is not None and found.complete and not found.bounded
    if told.report and told.report.installer == told.distribution and not whole:
        yield from (Claim(one) for one in _holding((told.report.affected,), told))
    if found is not None and found.complete:
        yield from (Claim(one, found.searched if found.bounded else None) for one in _holding(found.affected, told))


def _holding(specifiers: tuple[str, ...], told: Told) -> tuple[str, ...]:
    """All of them, if one holds the release that was run; it has shown it, and none that says otherwise is true."""
    release = told.recorded.release
    holds = release and any(release.version in SpecifierSet(one, prereleases=True) for one in specifiers)
    return specifiers if holds else ()


def _advice(one: Asked, told: Told) -> str:
    if one.report and not told.report:
        return ""  # a bisection looks for the report's violation, and this is another
    default = told.report.installer if told.report else ""
    named = () if default == told.distribution else ("--installer", told.distribution)
    showing = ("--as", one.case.installer) if not told.recorded.release and not told.report else ()
    return shlex.join(("exdev", "bisect", one.file, *named, *showing))
