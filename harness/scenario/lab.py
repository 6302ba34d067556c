"""The lab: one layout, link mode and installer, in which a scenario runs cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model import Case, Plan
from harness.reproduction import describe

if TYPE_CHECKING:
    from harness.model import Layout, LinkMode
    from harness.run import Runner, Verdict
    from harness.scenario.steps import Ask


class Violated(AssertionError):  # noqa: N818 - reads as what happened
    """A case broke a contract. Its text is the whole story."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict)
        self.verdict = verdict

    def __str__(self) -> str:
        return describe(self.verdict)


class Lab:
    """What a scenario gets.

    Attributes:
        layout, link_mode, installer: what this instance of the scenario is about.
        failure: the verdict that failed last, for reporting.
        examples: how many cases ran.
    """

    def __init__(self, runner: Runner, *, layout: Layout, link_mode: LinkMode, installer: str) -> None:
        self._runner = runner
        self.layout = layout
        self.link_mode = link_mode
        self.installer = installer
        self.failure: Verdict | None = None
        self.examples = 0

    def case(self, *asks: Ask, plan: Plan | None = None, strict: bool = False) -> Case:
        """The case that these steps make here."""
        wheels = {wheel.key: wheel for ask in asks for wheel in ask.wheels}
        return Case(
            layout=self.layout,
            wheels=tuple(wheels.values()),
            steps=tuple(ask.step() for ask in asks),
            plan=plan or Plan(),
            installer=self.installer,
            link_mode=self.link_mode,
            strict=strict,
        )

    def run(self, *asks: Ask, plan: Plan | None = None, strict: bool = False) -> Verdict:
        """Run steps on a fresh site and judge them.

        Returns:
            The verdict, which holds.

        Raises:
            Violated: it does not.
        """
        self.examples += 1
        verdict = self._runner.run(self.case(*asks, plan=plan, strict=strict))
        if not verdict.holds:
            self.failure = verdict
            raise Violated(verdict)
        return verdict

    def again(self, case: Case) -> Verdict:
        """Run a case once more, without raising: whether a failure is under control."""
        return self._runner.run(case)
