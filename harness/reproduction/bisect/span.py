"""Range: what the probes say about all releases of an installer; pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

if TYPE_CHECKING:
    from harness.reproduction.bisect.search import Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What one release is.

    Attributes:
        version: as published.
        label: what it is; see `harness.reproduction.bisect.search.Label`.
        why: in a few words: the contracts that it breaks, what it cannot do; empty: there is nothing to say.
    """

    version: str
    label: Label
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Probed releases in a row that are alike; what could not be run is in none.

    Attributes:
        label: what they are.
        probes: of the oldest to the newest; there may be releases between them that nobody has probed.
        before, after: the nearest release that was probed and is otherwise; None: there is none.
        joins_before, joins_after: no other release lies between the two.
    """

    label: Label
    probes: tuple[Probe, ...]
    before: Probe | None = None
    after: Probe | None = None
    joins_before: bool = False
    joins_after: bool = False

    @property
    def first(self) -> str:
        """The oldest version."""
        return self.probes[0].version

    @property
    def last(self) -> str:
        """The newest version."""
        return self.probes[-1].version


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Which releases of an installer show a violation.

    Attributes:
        installer: the distribution (`uv`).
        releases: all published versions, from the oldest to the newest; where only some of them were asked about, there
            are no probes outside of these.
        searched: the oldest and the newest release that were asked about: nothing is claimed of those beyond them.
        probes: what was probed, from the oldest to the newest.
        complete: the search came to its end; False: it was interrupted, and each claim is about what was probed alone.
    """

    installer: str
    releases: tuple[str, ...]
    searched: tuple[str, str]
    probes: tuple[Probe, ...]
    complete: bool

    @property
    def bounded(self) -> bool:
        """Whether there are releases that nobody asked about."""
        return self.searched != (self.releases[0], self.releases[-1])

    @property
    def asked(self) -> int:
        """How many releases were asked about."""
        oldest, newest = map(self.releases.index, self.searched)
        return newest - oldest + 1

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """The probed releases, where they could be run, in stretches that are alike, from the oldest on."""
        place = {version: index for index, version in enumerate(self.releases)}
        deciding = [probe for probe in self.probes if probe.label != "cannot"]
        alike = [(label, tuple(found)) for label, found in groupby(deciding, key=lambda probe: probe.label)]
        found = []
        for index, (label, probes) in enumerate(alike):
            before = alike[index - 1][1][-1] if index else None
            after = alike[index + 1][1][0] if index + 1 < len(alike) else None
            oldest, newest = place[probes[0].version], place[probes[-1].version]
            found.append(
                Stretch(
                    label=label,
                    probes=probes,
                    before=before,
                    after=after,
                    joins_before=oldest == (place[before.version] + 1 if before else 0),
                    joins_after=newest == (place[after.version] if after else len(self.releases)) - 1,
                )
            )
        return tuple(found)

    @property
    def bad(self) -> tuple[Stretch, ...]:
        """The stretches that show the violation."""
        return tuple(one for one in self.stretches if one.label == "bad")

    @property
    def steady(self) -> bool:
        """Whether it came at most once: not bad, then otherwise, then bad again."""
        return len(self.bad) <= 1

    @property
    def affected(self) -> tuple[str, ...]:
        """One version specifier for each bad stretch, as a report's file says it: `>=0.1.0,<0.1.3`."""
        return tuple(map(self._specifier, self.bad))

    @property
    def skipped(self) -> tuple[Probe, ...]:
        """What could not be run."""
        return tuple(probe for probe in self.probes if probe.label == "cannot")

    def contradictions(self, affected: str) -> tuple[Probe, ...]:
        """The probed releases that are bad and not in a version specifier, or in it and not bad."""
        said = SpecifierSet(affected, prereleases=True)
        deciding = (probe for probe in self.probes if probe.label in {"bad", "good", "other"})
        return tuple(probe for probe in deciding if (probe.version in said) is not (probe.label == "bad"))

    def _specifier(self, stretch: Stretch) -> str:
        if stretch.after is not None and stretch.joins_after:
            return f">={stretch.first},<{stretch.after.version}"
        if stretch.after is None and stretch.joins_after:
            return f">={stretch.first}"
        # Nobody knows about the releases between: they are not said to be affected.
        return f">={stretch.first},<={stretch.last}"
