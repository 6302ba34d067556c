"""Recognising a reported defect by its signs; pure."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Generic, TypeVar

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from harness.contracts.locations import locations
from harness.contracts.recorded import module_of
from harness.reports.cases import layout as layout_of
from harness.wheels.expected import expected

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.contracts.locations import Locations
    from harness.model import Evidence, Layout, Violation, Wheel
    from harness.model.report import Report, Sign

_Value = TypeVar("_Value")


def explains(report: Report, violation: Violation, evidence: Evidence) -> bool:
    """Whether a violation is the reported defect: of an affected release, on such a layout, with such a message."""
    if not affects(report, evidence.case.installer):
        return False
    return any(_shows(sign, report, violation, evidence) for sign in (*report.signs, *report.elsewhere))


def affects(report: Report, installer: str) -> bool:
    """Whether an installer (`uv==0.1.2`) is a release that the report is about."""
    if installer.startswith("path:"):
        # A build of uv that nobody has published has what its newest release has.
        return report.installer == "uv" and report.status != "fixed"
    distribution, _, version = installer.partition("==")
    return distribution == report.installer and _release_matches(version, report.affected)


@lru_cache(maxsize=512)
def _release_matches(version: str, releases: str) -> bool:
    """Of a large wheel thousands of violations ask the same."""
    try:
        return Version(version) in SpecifierSet(releases, prereleases=True)
    except InvalidVersion:
        return False


def sign_violations(report: Report, violations: Iterable[Violation], evidence: Evidence) -> tuple[Violation, ...]:
    """The violations that are signs of a report, whatever the installer; those of `elsewhere` do not count."""
    return tuple(one for one in violations if any(_shows(sign, report, one, evidence) for sign in report.signs))


def missing(report: Report, violations: Sequence[Violation], evidence: Evidence) -> tuple[str, ...]:
    """The contracts that a report says are broken, and of which no sign is seen."""
    promised = dict.fromkeys(sign.contract for sign in report.signs)
    return tuple(
        contract
        for contract in promised
        if not any(
            _shows(sign, report, violation, evidence)
            for sign in report.signs
            if sign.contract == contract
            for violation in violations
        )
    )


def strangers(reports: Iterable[Report], violations: Iterable[Violation], evidence: Evidence) -> tuple[Violation, ...]:
    """The violations that none of the reports explains."""
    known = tuple(reports)
    return tuple(one for one in violations if not any(explains(report, one, evidence) for report in known))


def explaining(reports: Iterable[Report], violations: Sequence[Violation], evidence: Evidence) -> tuple[Report, ...]:
    """The reports that explain at least one of the violations."""
    return tuple(one for one in reports if any(explains(one, violation, evidence) for violation in violations))


def _shows(sign: Sign, report: Report, violation: Violation, evidence: Evidence) -> bool:
    case = evidence.case
    actions = {step.step.action for step in evidence.steps[: violation.step + 1]}
    return (
        sign.contract == violation.contract
        and _path_matches(sign.path, violation, evidence)
        and re.search(sign.expected, violation.expected) is not None
        and re.search(sign.found, violation.found) is not None
        and (not sign.link_modes or case.link_mode in sign.link_modes)
        and (not sign.after or not actions.isdisjoint(sign.after))
        and _is_there(sign, report, case.layout)
        and (not sign.message or _has_own_words(case.installer) or _said(sign.message, violation, evidence))
        and (not sign.asked or _is_asked_for(violation, evidence))
    )


def _has_own_words(installer: str) -> bool:
    """Specimens and the reference core do what a release does, and never print what it prints."""
    return installer == "reference" or installer.startswith("specimen:")


def _path_matches(pattern: str, violation: Violation, evidence: Evidence) -> bool:
    """A path as it is written, or where its directory leads: contracts name `share/man` where `man` is a link to it."""
    if fnmatchcase(violation.path, pattern):
        return True
    if not evidence.case.layout.symlinks:
        return False
    return fnmatchcase(violation.path, _locations_after(_Same(evidence), violation.step).canonical(pattern))


@lru_cache(maxsize=16)
def _locations_after(same: _Same[Evidence], step: int) -> Locations:
    evidence = same.value
    return locations(evidence.steps[: step + 1][-1].after, evidence)


def _is_there(sign: Sign, report: Report, layout: Layout) -> bool:
    if not sign.layouts:
        return layout.name == layout_of(report).name
    return not {"*", layout.name, *layout.tags}.isdisjoint(sign.layouts)


def _said(pattern: str, violation: Violation, evidence: Evidence) -> bool:
    """A step that failed speaks for itself; success over holes is explained by one before it that failed."""
    *before, own = evidence.steps[: violation.step + 1]
    heard = (own,) if own.outcome.exit else (*before, own)
    return any(re.search(pattern, step.outcome.message) for step in heard)


def _is_asked_for(violation: Violation, evidence: Evidence) -> bool:
    """Another distribution than those that a failing step named is not its to change, whatever it stops at."""
    done = evidence.steps[: violation.step + 1]
    case = evidence.case
    blamed = [step.step for step in done if step.outcome.exit] or [done[-1].step]
    asked = {canonicalize_name(case.wheel(key).name) for step in blamed for key in step.wheels}
    return any(
        _brings(wheel, violation.path, evidence.platlib)
        for wheel in case.wheels
        if canonicalize_name(wheel.name) in asked
    )


def _brings(wheel: Wheel, path: str, platlib: str) -> bool:
    """A file of the wheel, the bytecode of one, a directory above one, or whatever lies in its `.dist-info`."""
    places = _places(_Same(wheel), platlib)
    directory = path.rpartition("/")[0]
    return path in places or module_of(path) in places or (directory.endswith(".dist-info") and directory in places)


class _Same(Generic[_Value]):
    """A value compared by identity: hashing a wheel's entries for each of thousands of violations takes minutes."""

    __slots__ = ("value",)

    def __init__(self, value: _Value) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value


@lru_cache(maxsize=256)
def _places(same: _Same[Wheel], platlib: str) -> frozenset[str]:
    files = expected((same.value,), platlib=platlib).files
    places = set(files)
    for path in files:
        parent = path.rpartition("/")[0]
        while parent and parent not in places:
            places.add(parent)
            parent = parent.rpartition("/")[0]
    return frozenset(places)
