"""The results of one pytest run: the matrix at its end, and no success where nothing ran."""

from __future__ import annotations

import pytest

from harness.matrix import table
from harness.scenario import reporting


class Results:
    """What became of the scenarios of one run: also of those that workers ran, whose reports reach their controller."""

    def __init__(self) -> None:
        self._reports: list[pytest.TestReport] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep it."""
        self._reports.append(report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Scenarios that were all skipped are no success."""
        results = reporting.results(self._reports)
        ran = any(result.state in {"pass", "known", "violation", "error"} for result in results)
        if results and not ran and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The matrix."""
        text = table(reporting.results(self._reports))
        if text:
            terminalreporter.section("layout x link mode")
            terminalreporter.write_line(text)
