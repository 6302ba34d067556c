"""Public bug reports as scripts: whoever runs one without the harness sees what its replay sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness import reports
from harness.kernel.laboratory import Laboratory
from harness.scenario.exported import show

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", reports.names())
def test_a_script_shows_what_the_replay_shows(
    name: str, laboratory: Laboratory, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    show(name, laboratory, pytestconfig, tmp_path)
