"""Exported reports: each one's script, run as anybody runs it, comes to what the replay of its case comes to."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from harness import provisioning, reports
from harness.errors import HarnessError
from harness.provisioning import Release
from harness.reports import missing
from harness.reproduction.asked import Asked
from harness.reproduction.export.recording import record
from harness.reproduction.export.script import script
from harness.reproduction.export.telling import tell
from harness.scenario.reported import is_asked_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.kernel.laboratory import Laboratory
    from harness.model.report import Report
    from harness.reproduction.export.told import Told

REPRODUCED: Final = 1
NOT_REPRODUCED: Final = 0
# Reports whose first green release leaves the very same files with the same exit status, and why it is right to do so:
# a script with that release says "reproduced".
ALIKE: Final[Mapping[str, str]] = {"pip-stash-stays": "pip 26.3 says which directory it leaves behind; 19.2.3 does not"}
_SECONDS: Final = 600
# What a person's shell has; nothing of the harness.
_KEPT: Final = ("PATH", "HOME", "LANG")


def show(name: str, laboratory: Laboratory, config: pytest.Config, directory: Path) -> None:
    """Export a report and run its script, with the first release that shows it, and with the first that does not.

    Raises:
        pytest.fail.Exception: a script and the replay disagree.
        pytest.skip.Exception: this run is not about reports.
    """
    if not is_asked_for(config):
        # Each takes six runs of an installer: a run about something else is not to wait for them.
        pytest.skip("scripts of reports are tried by `pytest scenarios -k reports`")
    report = reports.load(name)
    told_apart = report.green[:1] if name not in ALIKE else ()
    releases = [Release(report.installer, version) for version in (report.red[0], *told_apart)]
    try:
        red = tell(_asked(name, report, releases[0]), laboratory)
        if not _is_shown(report, red):
            pytest.fail(
                f"{releases[0]} shows no sign of {report.id}: there is nothing for a script to show", pytrace=False
            )
        _compare(red, report, releases[0], directory / "red.sh")
        for release in releases[1:]:
            # Its own commands, as an earlier release may not know those of a later one; the same facts.
            green = record(_asked(name, report, release).case, laboratory, runs=1)
            told = replace(red, recorded=replace(green, verdicts=(green.verdicts[0], *red.recorded.verdicts)))
            _compare(told, report, release, directory / "green.sh")
    except HarnessError as refused:
        pytest.fail(str(refused), pytrace=False)


def _asked(name: str, report: Report, release: Release) -> Asked:
    return Asked(file=name, case=reports.case(report, str(release)), report=report)


def _is_shown(report: Report, told: Told) -> bool:
    verdict = told.recorded.verdicts[0]
    return not missing(report, verdict.violations, verdict.evidence)


def _compare(told: Told, report: Report, release: Release, path: Path) -> None:
    """The script's verdict with that of the replay: the report's signs are there, or they are not."""
    shows = _is_shown(report, told)
    path.write_text(script(told), encoding="utf-8")
    done = run(path, release)
    if done.returncode != (REPRODUCED if shows else NOT_REPRODUCED):
        said = (
            f"{release}: the replay {'shows' if shows else 'does not show'} it, the script ends with {done.returncode}"
        )
        pytest.fail(f"{said}\n{done.stdout}{done.stderr}", pytrace=False)


def run(path: Path, release: Release) -> subprocess.CompletedProcess[str]:
    """A script with a release that is provided."""
    provided = provisioning.provide(release)
    program = provided.scripts / ("uv" if release.distribution == "uv" else "python")
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment |= {"INSTALLER": str(program), "TMPDIR": str(path.parent)}
    return subprocess.run(  # noqa: S603 - the script that was just written
        ["sh", path],  # noqa: S607 - whichever shell people have
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=_SECONDS,
        env=environment,
    )
