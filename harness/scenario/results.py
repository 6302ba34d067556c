"""The results of one pytest run: the matrix at its end, and no success where nothing ran."""

from __future__ import annotations

import os
import platform
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import pytest

import harness
from harness.layouts import picture
from harness.matrix import INCOMPLETE, Matrix, Shown, dump, table
from harness.output import overwrite
from harness.plugin import LABORATORY
from harness.scenario import reporting
from harness.scenario.selection import SELECTION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.matrix import Result


class Exclusion(NamedTuple):
    """What was named on the command line, and why which scenario is not about it."""

    what: str
    reason: str
    scenario: str


# How many instances of slow installers others stand for.
THINNED: pytest.StashKey[int] = pytest.StashKey()
EXCLUSIONS: pytest.StashKey[set[Exclusion]] = pytest.StashKey()
_SENT, _SENT_EXCLUSIONS = "exdev_thinned", "exdev_exclusions"
_WIDTH = 118


class _Worker(Protocol):
    """What pytest-xdist tells of a worker; it has no types of its own."""

    config: pytest.Config


class Results:
    """What became of the scenarios of one run: also of those that workers ran, whose reports reach their controller."""

    def __init__(self) -> None:
        self._reports: list[pytest.TestReport] = []
        self._unread: dict[str, None] = {}
        self._incomplete = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep it."""
        self._reports.append(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file of scenarios that cannot be imported has no instances that could fail."""
        if report.failed:
            self._unread[report.nodeid] = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: _Worker) -> None:
        """A worker of pytest-xdist, each of which collects all there is, has ended."""
        config = node.config
        output = getattr(node, "workeroutput", {})
        config.stash[THINNED] = max(output.get(_SENT, 0), config.stash.get(THINNED, 0))
        config.stash.setdefault(EXCLUSIONS, set()).update(Exclusion(*one) for one in output.get(_SENT_EXCLUSIONS, ()))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Scenarios that were all skipped are no success."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[_SENT] = session.config.stash.get(THINNED, 0)
            session.config.workeroutput[_SENT_EXCLUSIONS] = [
                tuple(one) for one in session.config.stash.get(EXCLUSIONS, ())
            ]
        self._incomplete = "; ".join(_incomplete(session, tuple(self._unread)))
        results = reporting.results(self._reports, session.config)
        ran = any(result.state in {"pass", "known", "violation", "error"} for result in results)
        if results and not ran and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The matrix, and what it does not show."""
        if exclusions := terminalreporter.config.stash.get(EXCLUSIONS, set()):
            terminalreporter.section("left out by scenarios")
            for line in _exclusion_lines(exclusions):
                terminalreporter.write_line(line)
        results = reporting.results(self._reports, terminalreporter.config)
        if results:
            terminalreporter.section("layout x link mode")
            terminalreporter.write_line(table(results))
        if thinned := terminalreporter.config.stash.get(THINNED, 0):
            terminalreporter.write_line(
                f"{thinned} instances of slow installers were left to others to stand for; all of them:"
                " fewer at a time (--layout, -k), or --hypothesis-profile thorough"
            )
        if path := terminalreporter.config.getoption("matrix"):
            overwrite(Path(path), dump(_matrix(results, terminalreporter.config, self._incomplete)))
            terminalreporter.write_line(f"saved: {path} ({len(results)} results)")


def _exclusion_lines(exclusions: Iterable[Exclusion]) -> Iterator[str]:
    """Each reason once: what was named, and the scenarios that are not about it."""
    by_reason: dict[tuple[str, str], set[str]] = {}
    for one in exclusions:
        by_reason.setdefault((one.what, one.reason), set()).add(one.scenario)
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (what, reason), names in sorted(by_reason.items()):
        alike.setdefault((reason, tuple(sorted(names))), []).append(what)
    for (reason, scenarios), whats in alike.items():
        line = f"{', '.join(whats)}: by scenarios {reason}: {', '.join(scenarios)}"
        yield from textwrap.wrap(line, _WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def _incomplete(session: pytest.Session, unread: tuple[str, ...]) -> Iterator[str]:
    """Why instances may be missing of which nothing else tells."""
    if unread:
        yield f"could not be imported: {', '.join(unread)}"
    if session.exitstatus == pytest.ExitCode.INTERNAL_ERROR:
        yield "pytest failed"
    elif session.shouldfail or session.shouldstop:
        yield f"stopped: {session.shouldfail or session.shouldstop}"
    elif session.exitstatus == pytest.ExitCode.INTERRUPTED:
        yield "interrupted"


def _matrix(results: list[Result], config: pytest.Config, incomplete: str) -> Matrix:
    """What is saved: also what was left out, and the layouts for those who do not have this catalogue."""
    named = {result.layout for result in results}
    layouts = [layout for layout in config.stash[SELECTION].layouts if layout.name in named]
    thinned = config.stash.get(THINNED, 0)
    return Matrix(
        results=tuple(results),
        about={
            **_about(config),
            **({"thinned": f"{thinned} instances were left to others to stand for"} if thinned else {}),
            **({INCOMPLETE: incomplete} if incomplete else {}),
        },
        layouts={layout.name: Shown(about=layout.about, picture=picture(layout)) for layout in layouts},
    )


def _about(config: pytest.Config) -> dict[str, str]:
    """What a run is made with. In a user namespace a plain user looks like root."""
    opened = config.stash.get(LABORATORY, None)
    is_root = os.getuid() == 0 and not (opened and opened.entered.user)
    return {
        "exdev": harness.__version__,
        "python": platform.python_version(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "user": "root" if is_root else "plain",
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
    }
