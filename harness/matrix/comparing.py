"""Two matrices compared: what changed from one release, or one run, to another; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from harness.matrix.cells import Result
    from harness.matrix.matrix import Matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A scenario instance that came to something else.

    Attributes:
        installer: the newer one, which the change is about; it may be one of several that have the same counterpart.
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
            raise ValueError("a change needs a side")
        return found


def changes(before: Matrix, after: Matrix) -> tuple[Change, ...]:
    """Every instance whose state, or whose reason for not passing, differs; in the order of `after`.

    Installers are compared by their exact names where both have them, otherwise with the newest other release of the
    same distribution: `uv==0.13.9` with `uv==0.1.2`. What has no counterpart is not compared.
    """
    partners = counterparts(_installers(before), _installers(after))
    old = {result.identity: result for result in before.results}
    found = [
        Change(installer=new.installer, before=old.get((partners[new.installer], *new.identity[1:])), after=new)
        for new in after.results
        if new.installer in partners
    ]
    found += _gone(before, after, partners)
    return tuple(one for one in found if _differs(one))


def counterparts(before: Iterable[str], after: Iterable[str]) -> Mapping[str, str]:
    """For each installer of the second the one of the first that it is compared with."""
    old, new = set(before), list(dict.fromkeys(after))
    free = sorted(old - set(new), key=_age)
    newest = {_distribution(name): name for name in free}
    pairs = {name: name if name in old else newest.get(_distribution(name), "") for name in new}
    return {name: partner for name, partner in pairs.items() if partner}


def _gone(before: Matrix, after: Matrix, partners: Mapping[str, str]) -> Iterator[Change]:
    """What each of the newer installers has no result of, while its counterpart has one."""
    there = {result.identity for result in after.results}
    old: dict[str, list[Result]] = {}
    for result in before.results:
        old.setdefault(result.installer, []).append(result)
    for installer, partner in partners.items():
        for result in old[partner]:
            if (installer, *result.identity[1:]) not in there:
                yield Change(installer=installer, before=result, after=None)


def _installers(matrix: Matrix) -> list[str]:
    return [result.installer for result in matrix.results]


def _distribution(installer: str) -> str:
    return installer.partition("==")[0]


def _age(installer: str) -> tuple[Version, str]:
    """Older releases first; what is no release before all of them."""
    try:
        return Version(installer.partition("==")[2]), installer
    except InvalidVersion:
        return Version("0.dev0"), installer


def _differs(change: Change) -> bool:
    before, after = change.before, change.after
    return before is None or after is None or (before.state, set(before.why)) != (after.state, set(after.why))
