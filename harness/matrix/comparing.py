"""Two matrices compared: what changed from one release, or one run, to another; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from harness.matrix.cells import Result
    from harness.matrix.matrix import Matrix

# What somebody's own build is called by; it is a uv, whatever its path says.
_BUILD: Final = "path:"
_BUILT: Final = "uv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A scenario instance, and what it came to on both sides.

    Attributes:
        installer: the newer one, which this is about; it may be one of several that have the same counterpart.
        before, after: its results; one of them is None where it ran on one side only.
    """

    installer: str
    before: Result | None
    after: Result | None

    @property
    def result(self) -> Result:
        """The newer one there is."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a pair needs a side")
        return found

    @property
    def changed(self) -> bool:
        """Whether its state, or its reason for not passing, differs."""
        before, after = self.before, self.after
        return before is None or after is None or (before.state, set(before.why)) != (after.state, set(after.why))


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What came to something else, and what could not be compared.

    Attributes:
        partners: for each newer installer that has one its counterpart.
        pairs: every instance of an installer that is compared, in the order of the newer results.
        alone: newer installers without a counterpart.
        left: older installers that are nobody's counterpart.
    """

    partners: Mapping[str, str]
    pairs: tuple[Pair, ...]
    alone: tuple[str, ...]
    left: tuple[str, ...]

    @property
    def changes(self) -> tuple[Pair, ...]:
        """Those that came to something else."""
        return tuple(pair for pair in self.pairs if pair.changed)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What readers have to know who see no change: that nothing was compared, or what was not; perhaps empty."""
        parts = (
            "" if self.partners else "nothing was compared",
            _told(self.alone, "", "the earlier results"),
            _told(self.left, " of the earlier results", "these"),
        )
        return tuple(filter(None, parts))


def compare(before: Matrix, after: Matrix) -> Comparison:
    """Two matrices, instance by instance.

    Installers are compared by their exact names where both have them, otherwise with the newest other release of the
    same distribution: `uv==0.13.9` with `uv==0.1.2`. A build of somebody's own, `path:...`, is compared with the one
    release of uv that there is; of several nobody knows which it comes from. What has no counterpart is not compared.
    """
    old, new = _installers(before), _installers(after)
    partners = counterparts(old, new)
    return Comparison(
        partners=partners,
        pairs=(*_asked(before, after, partners), *_gone(before, after, partners)),
        alone=tuple(name for name in new if name not in partners),
        left=tuple(name for name in old if name not in set(partners.values())),
    )


def _asked(before: Matrix, after: Matrix, partners: Mapping[str, str]) -> Iterator[Pair]:
    """What the newer installers have results of."""
    old = {result.identity: result for result in before.results}
    for new in after.results:
        if partner := partners.get(new.installer):
            yield Pair(installer=new.installer, before=old.get((partner, *new.identity[1:])), after=new)


def counterparts(before: Iterable[str], after: Iterable[str]) -> Mapping[str, str]:
    """For each installer of the second the one of the first that it is compared with."""
    old, new = set(before), list(dict.fromkeys(after))
    free = sorted(old - set(new), key=_age)
    newest = {_distribution(name): name for name in free if not name.startswith(_BUILD)}
    releases = [name for name in old if _distribution(name) == _BUILT]
    if len(releases) == 1:
        newest[_BUILD] = releases[0]
    pairs = {name: name if name in old else newest.get(_distribution(name), "") for name in new}
    return {name: partner for name, partner in pairs.items() if partner}


def _gone(before: Matrix, after: Matrix, partners: Mapping[str, str]) -> Iterator[Pair]:
    """What each of the newer installers has no result of, while its counterpart has one."""
    there = {result.identity for result in after.results}
    old: dict[str, list[Result]] = {}
    for result in before.results:
        old.setdefault(result.installer, []).append(result)
    for installer, partner in partners.items():
        for result in old[partner]:
            if (installer, *result.identity[1:]) not in there:
                yield Pair(installer=installer, before=result, after=None)


def _installers(matrix: Matrix) -> list[str]:
    return list(dict.fromkeys(result.installer for result in matrix.results))


def _told(installers: Sequence[str], side: str, other: str) -> str:
    verb = "has" if len(installers) == 1 else "have"
    return f"{', '.join(installers)}{side} {verb} no counterpart in {other}: not compared" if installers else ""


def _distribution(installer: str) -> str:
    return _BUILD if installer.startswith(_BUILD) else installer.partition("==")[0]


def _age(installer: str) -> tuple[Version, str]:
    """Older releases first; what is no release before all of them."""
    try:
        return Version(installer.partition("==")[2]), installer
    except InvalidVersion:
        return Version("0.dev0"), installer
