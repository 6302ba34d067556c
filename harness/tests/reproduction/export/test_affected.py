"""The range in a bug report: of this distribution, about this violation, with this release in it; or none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness import reports
from harness.provisioning import Release
from harness.reproduction.asked import Asked
from harness.reproduction.bisect import Probe, Range
from harness.reproduction.export.affected import Affected, Claim, affected
from harness.reproduction.export.facts import facts
from harness.reproduction.export.markdown import Machine, markdown
from harness.reproduction.export.recording import Recorded
from harness.reproduction.export.told import Told

if TYPE_CHECKING:
    from harness.run import Verdict

REPORT = reports.load("uv-1513-small")
RED, OTHER, ELSEWHERE = Release("uv", "0.1.2"), Release("uv", "0.1.12"), Release("pip", "24.0")
OWN = Claim(REPORT.affected)
BISECTED = Range(
    installer="uv",
    releases=("0.1.0", "0.1.1", "0.1.2", "0.1.3"),
    searched=("0.1.1", "0.1.2"),
    probes=(Probe(version="0.1.1", label="bad"), Probe(version="0.1.2", label="bad")),
    complete=True,
)
WHOLE = replace(
    BISECTED,
    searched=("0.1.0", "0.1.3"),
    probes=(Probe(version="0.1.0", label="good"), *BISECTED.probes, Probe(version="0.1.3", label="good")),
)


@pytest.fixture
def told(verdict: Verdict) -> Told:
    """As it is told where the report's signs were seen."""
    recorded = Recorded(verdicts=(verdict, verdict), commands=((),), base="/s", installer={}, release=RED)
    return Told(recorded=recorded, facts=facts(recorded.verdicts, None), report=REPORT)


def known(told: Told, found: Range | None = None) -> Affected:
    return affected(Asked(file="uv-1513-small", case=told.case, report=REPORT), told, found)


def of(told: Told, release: Release | None) -> Told:
    return replace(told, recorded=replace(told.recorded, release=release))


def test_a_report_says_it_of_its_own_installer_alone(told: Told) -> None:
    assert known(told) == Affected(claims=(OWN,), advice="exdev bisect uv-1513-small")
    assert known(of(told, ELSEWHERE)) == Affected(claims=(), advice="exdev bisect uv-1513-small --installer pip")
    assert known(of(told, OTHER)).claims == (), "it shows there, so that the range is not the whole truth"
    assert known(of(told, None)).claims == (), "of a build nobody knows where in a range it is"


def test_a_build_of_ones_own_is_named_where_a_case_is_to_be_bisected(told: Told) -> None:
    own = replace(told.case, installer="path:/my uv")
    build = of(replace(told, report=None), None)
    advice = "exdev bisect case.toml --installer uv --as 'path:/my uv'"
    assert affected(Asked(file="case.toml", case=own), build, None) == Affected(claims=(), advice=advice)


def test_nothing_of_a_report_is_said_of_another_violation(told: Told) -> None:
    assert known(replace(told, report=None)) == Affected(claims=(), advice="")


def test_a_bisection_of_all_releases_takes_the_place_of_what_the_report_says(told: Told) -> None:
    assert known(told, WHOLE).claims == (Claim(">=0.1.1,<0.1.3"),)
    assert known(told, replace(WHOLE, complete=False)).claims == (OWN,)
    assert known(of(told, Release("uv", "0.1.0")), WHOLE).claims == ()


def test_a_bisection_of_some_releases_says_of_which(told: Told) -> None:
    claim = Claim(">=0.1.1,<=0.1.2", ("0.1.1", "0.1.2"))
    assert known(told, BISECTED).claims == (OWN, claim)
    assert known(of(told, Release("uv", "0.1.0")), BISECTED).claims == (OWN,)


def test_the_releases_of_a_report_are_not_those_of_another_distribution(told: Told) -> None:
    machine = Machine(kernel="Linux", python="3", user="root")
    ours = markdown(told, machine, known(told, BISECTED))
    assert "- `>=0.1.1,<=0.1.2`; only those between `0.1.1` and `0.1.2` were bisected\n" in ours
    assert "- seen with `0.1.0`" in ours
    theirs = markdown(of(told, ELSEWHERE), machine, known(of(told, ELSEWHERE)))
    assert "- not bisected: `exdev bisect uv-1513-small --installer pip`\n" in theirs
    assert "seen with" not in theirs
