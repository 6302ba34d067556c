"""The lab: one layout, link mode and installer, in which a scenario runs cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model import Case, Plan
from harness.reports.signs import affects, explaining, strangers
from harness.reproduction import describe

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model import Layout, LinkMode
    from harness.model.report import Report
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
        layouts, link_modes: what the scenario may draw from; one each, but for a scenario that draws them.
        installer: who is tested.
        published: files of published wheels, where they were asked for.
        failure: the verdict that failed last: the smallest one, once Hypothesis has shrunk it.
        first_failure: the one that failed first.
        known: the open reports that explain violations met so far.
        met: the verdicts that met them, for each report the first one, with the reports that explain it.
        examples: how many cases ran.
    """

    def __init__(
        self,
        runner: Runner,
        *,
        layouts: tuple[Layout, ...],
        link_modes: tuple[LinkMode, ...],
        installer: str,
        published: tuple[Path, ...] = (),
        reports: tuple[Report, ...] = (),
    ) -> None:
        self._runner = runner
        self._reports = tuple(report for report in reports if affects(report, installer))
        self.layouts = layouts
        self.link_modes = link_modes
        self.installer = installer
        self.published = published
        self.begin()

    def begin(self) -> None:
        """Forget what an earlier scenario left: one lab serves all scenarios of a file that are about the same."""
        self.failure: Verdict | None = None
        self.first_failure: Verdict | None = None
        self.known: dict[str, Report] = {}
        self.met: list[tuple[Verdict, tuple[Report, ...]]] = []
        self.examples = 0

    def case(self, *asks: Ask, plan: Plan | None = None, strict: bool = False) -> Case:
        """The case that these steps make here."""
        wheels = {wheel.key: wheel for ask in asks for wheel in ask.wheels}
        return Case(
            layout=self.layouts[0],
            wheels=tuple(wheels.values()),
            steps=tuple(ask.step() for ask in asks),
            plan=plan or Plan(),
            installer=self.installer,
            link_mode=self.link_modes[0],
            strict=strict,
        )

    def run(self, *asks: Ask, plan: Plan | None = None, strict: bool = False) -> Verdict:
        """Run steps on a fresh site and judge them; see `judge`."""
        return self.judge(self.case(*asks, plan=plan, strict=strict))

    def judge(self, case: Case) -> Verdict:
        """Run a whole case and judge it.

        Returns:
            The verdict, which holds; or all of whose violations are known.

        Raises:
            Violated: it does not hold, and no open report explains all of it.
        """
        self.examples += 1
        verdict = self._runner.run(case)
        if verdict.holds:
            return verdict
        if strangers(self._reports, verdict.violations, verdict.evidence):
            self.failure = verdict
            self.first_failure = self.first_failure or verdict
            raise Violated(verdict)
        known = {one.id: one for one in explaining(self._reports, verdict.violations, verdict.evidence)}
        if known.keys() - self.known.keys():
            self.met.append((verdict, tuple(known.values())))
        self.known |= known
        return verdict

    def again(self, case: Case) -> Verdict:
        """Run a case once more, without raising: whether a failure is under control."""
        return self._runner.run(case)
