"""Cells: the results of scenario instances, merged by layout, link mode and installer; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

State: TypeAlias = Literal["pass", "known", "flaky", "violation", "error", "not applicable", "not run"]
STATES: Final[tuple[State, ...]] = get_args(State)
# Those that fail a run.
FAILING: Final[frozenset[State]] = frozenset({"violation", "flaky", "error"})

# The worst first.
SEVERITY: Final[tuple[State, ...]] = ("error", "violation", "flaky", "known", "pass", "not run", "not applicable")

# Beside the words, never instead of them.
SYMBOLS: Final[Mapping[State, str]] = {
    "error": "!",
    "violation": "\N{MULTIPLICATION X}",
    "flaky": "\N{ALMOST EQUAL TO}",
    "known": "\N{CIRCLE WITH LEFT HALF BLACK}",
    "pass": "\N{CHECK MARK}",
    "not run": "\N{WHITE CIRCLE}",
    "not applicable": "\N{MIDDLE DOT}",
}

# Stands for layout and link mode of a scenario that draws them, where no failure says which they were.
DRAWN = "drawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one scenario instance.

    Attributes:
        scenario: its name.
        layout, link_mode, installer: what it was about.
        state: `error` is the harness' or the scenario's own failure; `flaky`: two runs of it came to two states.
        why: the contracts broken, the reports that explain it, the capability missing, what the installer does not do.
        saved: the file that holds the violating or known case, as a shell in this directory names it.
        seconds: how long it took.
        instance: file, test and the test's own parameters, without layout, link mode and installer: equal in every run
            of the same scenarios, on any machine.
        drawn: the scenario draws layout and link mode, so that those told here are what a failure met.
        message: what the installer said, in one line.
        story: the whole evidence, as text of bounded length; nothing for what passed or did not run.
        replay: the command line that shows it again.
    """

    scenario: str
    layout: str
    link_mode: str
    installer: str
    state: State
    why: tuple[str, ...] = ()
    saved: str = ""
    seconds: float = 0.0
    instance: str = ""
    drawn: bool = False
    message: str = ""
    story: str = ""
    replay: str = ""

    @property
    def identity(self) -> tuple[str, ...]:
        """Equal for the same instance in two runs: installer, layout, link mode, instance."""
        layout, link_mode = (DRAWN, DRAWN) if self.drawn else (self.layout, self.link_mode)
        return self.installer, layout, link_mode, self.instance


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """All results of one layout, link mode and installer."""

    results: tuple[Result, ...]

    @property
    def state(self) -> State:
        """The worst state that says something; skipped scenarios count only where nothing else ran."""
        states = {result.state for result in self.results}
        return next(state for state in SEVERITY if state in states)

    @property
    def passed(self) -> int:
        """How many scenarios passed."""
        return sum(result.state == "pass" for result in self.results)

    @property
    def failed(self) -> int:
        """How many did not."""
        return sum(result.state in FAILING for result in self.results)

    @property
    def known(self) -> int:
        """How many met nothing but what open reports explain."""
        return sum(result.state == "known" for result in self.results)

    @property
    def ran(self) -> int:
        """How many came to a verdict, or should have."""
        return self.failed + self.passed + self.known

    @property
    def count(self) -> int:
        """How many of those that ran its state is about: all that failed, or those that are known, or that passed."""
        if self.state in FAILING:
            return self.failed
        return {"known": self.known, "pass": self.passed}.get(self.state, 0)

    @property
    def why(self) -> tuple[str, ...]:
        """Why there is no pass: all that went wrong; of what did not run, what all its scenarios have in common."""
        reasons = [result.why for result in self.results if result.state == self.state]
        every = tuple(dict.fromkeys(why for several in reasons for why in several))
        if self.state == "known" or self.state in FAILING:
            return every
        return tuple(why for why in every if all(why in several for several in reasons)) or every

    @property
    def saved(self) -> str:
        """The case to look at first: of those that broke the most contracts, the first."""
        kept = [result for result in self.results if result.saved and result.state in FAILING]
        return max(kept, key=lambda result: len(result.why)).saved if kept else ""


def merge(results: Iterable[Result]) -> Mapping[tuple[str, str, str], Cell]:
    """Cells by (installer, layout, link mode), in the order in which they first appear."""
    found: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        found.setdefault((result.installer, result.layout, result.link_mode), []).append(result)
    return {key: Cell(results=tuple(cell)) for key, cell in found.items()}
