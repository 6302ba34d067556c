"""Public bug reports: red on the releases that have the defect, green on those that have not."""

from __future__ import annotations

import pytest

from harness.run import Runner
from harness.scenario.reported import Told, show, told


@pytest.mark.parametrize("one", list(told()), ids=lambda one: one.id)
def test_a_report_is_true_of_the_releases_it_names(one: Told, runner: Runner, pytestconfig: pytest.Config) -> None:
    show(one, runner, pytestconfig)
