"""The report that the project began with: its work-around works, and its text is that of the thread."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness import reports
from harness.reproduction import describe
from harness.run import Runner

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory

RELEASE = "uv==0.1.2"


@pytest.mark.parametrize("name", ["uv-1513", "uv-1513-small", "uv-1513-torch"])
def test_copying_works_around_it(laboratory: Laboratory, name: str) -> None:
    case = replace(reports.case(reports.load(name), RELEASE), link_mode="copy")
    verdict = Runner(laboratory).run(case)
    assert [step.outcome.exit for step in verdict.evidence.steps] == [0]
    # What that release did wrong in every install (INSTALLER in RECORD) is another report.
    assert {one.id for one in reports.known(verdict.violations, verdict.evidence)} == {"uv#2336"}
    assert reports.strangers([reports.load("uv-2336")], verdict.violations, verdict.evidence) == ()


def test_the_message_is_that_of_the_thread(laboratory: Laboratory) -> None:
    verdict = Runner(laboratory).run(reports.case(reports.load("uv-1513"), RELEASE))
    (step,) = verdict.evidence.steps
    assert step.outcome.exit == 2
    first, second, third = step.outcome.message.splitlines()
    assert first.startswith("error: Failed to install: nvidia_")
    assert "failed to rename file from " in second
    assert second.endswith("/nvidia/__init__.py")
    assert third.endswith("No such file or directory (os error 2)")
    assert step.outcome.errnos == ("ENOENT",)
    assert [path.rpartition("/")[2] for path in step.outcome.paths] == ["__init__.py", "__init__.py"]
    command = "uv pip install --no-index --no-deps --offline --link-mode hardlink --find-links"
    assert f"runs       {command}" in describe(verdict)
