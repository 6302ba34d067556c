"""Probing one release: the case is run on it, twice, and the verdict compared with what is looked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness import reports
from harness.errors import LayoutUntrue, NotApplicable, NotProvided
from harness.reproduction.bisect.span import Probe
from harness.reproduction.recognise import broken
from harness.reproduction.sameness import same

if TYPE_CHECKING:
    from harness.model import Case
    from harness.reproduction.recognise import Sought
    from harness.run import Runner, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Prober:
    """Probes releases.

    Attributes:
        runner: runs the case.
        case: whose installer is put in.
        sought: the violation that is looked for.
        installer: the distribution (`uv`).
    """

    runner: Runner
    case: Case
    sought: Sought
    installer: str

    def probe(self, version: str) -> tuple[Probe, bool]:
        """What a release is, and whether that is worth keeping: one that could not be downloaded may be there later.

        Raises:
            HarnessError: the machine cannot build the layout.
        """
        case = replace(self.case, installer=f"{self.installer}=={version}")
        try:
            first, second = self.runner.run(case), self.runner.run(case)
        except NotProvided as refused:
            return Probe(version=version, label="cannot", why=refused.because), not refused.runs
        except (NotApplicable, LayoutUntrue) as refused:
            # The layout was true for another release: what this one needs of it is not to be had.
            return Probe(version=version, label="cannot", why=str(refused)), True
        if not same(first, second):
            return Probe(version=version, label="uncontrolled", why="two runs of it differ"), True
        label = self.sought.shown(first)
        # Of one that is bad, what else explains a part of it is of no interest: neighbours are to look alike.
        why = ", ".join(broken(first)) + (self._known(first) if label == "other" else "")
        return Probe(version=version, label=label, why=why), True

    def _known(self, verdict: Verdict) -> str:
        """The reports that explain some of it; that which is looked for may show in part, or in another way."""
        own = self.sought.report
        found = reports.known(verdict.violations, verdict.evidence, own_report=own)
        known = [f"{one.id} in part" if own and one.id == own.id else one.id for one in found]
        return f" ({', '.join(known)})" if known else ""
