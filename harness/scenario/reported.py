"""Running a report: affected releases show exactly what was reported, fixed ones nothing of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import pytest
from packaging.version import Version

from harness import installers, provisioning, reports
from harness.errors import HarnessError
from harness.provisioning import Release
from harness.reports.signs import affects, missing, strangers
from harness.reproduction import describe
from harness.scenario.reporting import keep

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from harness.model.report import Report
    from harness.run import Runner, Verdict

# What a report says otherwise once it is fixed, in the order of its file.
_FIX_KEYS: Final = ("status", "affected", "green")
NEWEST = "newest"
CONTROL = "reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One report with one release to try it on.

    Attributes:
        report: the name of its file.
        release: a version; `newest`; or `reference`: the reference core, which nothing is wrong with.
    """

    report: str
    release: str

    @property
    def id(self) -> str:
        """How pytest shows it."""
        return f"{self.report}-{self.release}"


def told() -> Iterator[Told]:
    """Every report with every release that it names; those that are not fixed with the newest as well."""
    for name in reports.names():
        report = reports.load(name)
        newest = () if report.status == "fixed" else (NEWEST,)
        for release in (*report.red, *report.green, *newest, CONTROL):
            yield Told(report=name, release=release)


def show(one: Told, runner: Runner, config: pytest.Config) -> None:
    """Run it, and compare.

    Raises:
        pytest.fail.Exception: it is not as the report says.
        pytest.xfail.Exception: it is, and nobody has fixed it yet.
        pytest.skip.Exception: this run is not about reports, and is about an installer, or the release is not provided.
    """
    report = reports.load(one.report)
    if one.release == CONTROL:
        _control(report, runner)
        return
    try:
        _try(one, report, runner, config)
    except HarnessError as refused:
        pytest.fail(str(refused), pytrace=False)


def _try(one: Told, report: Report, runner: Runner, config: pytest.Config) -> None:
    newest = one.release == NEWEST
    release = provisioning.newest(report.installer) if newest else Release(report.installer, one.release)
    if not is_asked_for(config):
        if config.option.installer:
            pytest.skip("this run is about an installer; reports are run by `pytest scenarios -k reports`")
        if not provisioning.is_provided(release):
            pytest.skip(f"{release} is not provided; `exdev provision {release}`, or `pytest scenarios -k reports`")
    verdict = runner.run(reports.case(report, str(release)))
    if affects(report, str(release)):
        _shows(one, report, verdict, config)
    else:
        _shows_not(report, verdict, config)


def is_asked_for(config: pytest.Config) -> bool:
    """Whether a run is about reports: then what they need is installed."""
    named = (argument.partition("::")[0].rpartition("/")[2] for argument in config.args)
    return "report" in config.option.keyword or any("report" in name for name in named)


def _control(report: Report, runner: Runner) -> None:
    case = reports.case(report, CONTROL)
    if lacking := installers.find(CONTROL).abilities.missing(case):
        pytest.skip(f"not applicable: {lacking}")
    verdict = runner.run(case)
    if not verdict.holds:
        pytest.fail(f"the harness itself breaks on it:\n{describe(verdict)}", pytrace=False)


def _shows(one: Told, report: Report, verdict: Verdict, config: pytest.Config) -> None:
    unseen = missing(report, verdict.violations, verdict.evidence)
    if unseen and report.status != "fixed" and verdict.case.installer not in _seen(report):
        _fail(_fix_advice(one, report, verdict, unseen), report, verdict, config)
    if unseen:
        _fail(f"{report.id}: {', '.join(unseen)} is not broken as reported", report, verdict, config)
    if _foreign(report, verdict):
        _fail(f"{report.id}: more is broken than was reported", report, verdict, config)
    if report.status != "fixed":
        pytest.xfail(f"{report.status}: {report.id} <{report.url}>")


def _fix_advice(one: Told, report: Report, verdict: Verdict, unseen: Collection[str]) -> str:
    """What may be so, and what the report's file says then: keys as they stand in it."""
    installer, file = verdict.case.installer, f"fixtures/reports/{one.report}.toml"
    gone = ", ".join(unseen)
    left = ", ".join(dict.fromkeys(sign.contract for sign in report.signs if sign.contract not in unseen))
    bisect = f"`exdev bisect {one.report}`"
    if left:
        text = f"{installer} breaks {left} as reported, and {gone} not any more; {bisect} finds since when"
        return f"{report.id}: fixed upstream in part? {text}. Then {file} needs signs without {gone}"
    fixed = fixed_report(report, installer.partition("==")[2])
    keys = "".join(f"\n    {key} = {json.dumps(getattr(fixed, key))}" for key in _FIX_KEYS)
    rest = f"and its row goes from scenarios/README.md. {bisect} finds the first release without it"
    return f"{report.id}: fixed upstream? {installer} does not show it. Then {file} says\n{keys[1:]}\n{rest}"


def fixed_report(report: Report, version: str) -> Report:
    """What a report says once a release was seen not to have it; where a later one has it, it stays open."""
    last = all(Version(red) < Version(version) for red in report.red)
    bound = f"{'<' if last else '!='}{version}"
    return replace(
        report,
        status="fixed" if last else report.status,
        affected=f"{report.affected},{bound}" if report.affected else bound,
        green=(*report.green, version),
    )


def _seen(report: Report) -> set[str]:
    """The releases that the report says were seen to have it: of those it is the report that is wrong."""
    return {f"{report.installer}=={version}" for version in report.red}


def _shows_not(report: Report, verdict: Verdict, config: pytest.Config) -> None:
    if _foreign(report, verdict):
        _fail(f"{report.id}: {verdict.case.installer} is said not to have it", report, verdict, config)


def _foreign(report: Report, verdict: Verdict) -> bool:
    """Whether there is a violation that neither this report nor another one explains."""
    others = (one for one in map(reports.load, reports.names()) if one.id != report.id)
    # By its signs alone: how else the defect may show elsewhere is no account of what was reported.
    every = (replace(report, elsewhere=()), *others)
    return bool(strangers(every, verdict.violations, verdict.evidence))


def _fail(why: str, report: Report, verdict: Verdict, config: pytest.Config) -> None:
    saved = keep(verdict, config.rootpath)
    replay = f"exdev replay {saved}"
    pytest.fail(f"{why}\n{report.url}\n{report.why}\n\n{describe(verdict, replay=replay)}", pytrace=False)
