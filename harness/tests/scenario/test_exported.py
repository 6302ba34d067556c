"""Trying the scripts of reports: a script that disagrees with the replay is found out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness import provisioning, reports
from harness.provisioning import Release
from harness.reproduction.asked import Asked
from harness.reproduction.export.telling import tell
from harness.scenario.exported import ALIKE, _compare

if TYPE_CHECKING:
    from pathlib import Path

    from harness.kernel.laboratory import Laboratory

RED, GREEN = Release("uv", "0.1.2"), Release("uv", "0.1.3")


@pytest.mark.skipif(
    not (provisioning.is_provided(RED) and provisioning.is_provided(GREEN)),
    reason="uv 0.1.2 and 0.1.3 are not provided; `exdev provision uv==0.1.2 uv==0.1.3`",
)
def test_a_script_that_disagrees_with_the_replay_is_found_out(laboratory: Laboratory, tmp_path: Path) -> None:
    report = reports.load("uv-1513-small")
    told = tell(Asked(file="uv-1513-small", case=reports.case(report, str(RED)), report=report), laboratory)
    _compare(told, report, RED, tmp_path / "red.sh")
    with pytest.raises(pytest.fail.Exception, match="the replay shows it, the script ends with 0"):
        _compare(told, report, GREEN, tmp_path / "green.sh")


def test_what_a_script_cannot_tell_apart_is_a_report_with_both_colours() -> None:
    assert all(reports.load(name).green for name in ALIKE)
