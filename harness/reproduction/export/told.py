"""What a script and a bug report are made of: a recorded case, and what shows its violation; pure."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.installers.environment import USUAL
from harness.layouts.blueprint import site_path
from harness.reproduction.export.shell import Names

if TYPE_CHECKING:
    from harness.model import Case, Step
    from harness.model.report import Report
    from harness.reproduction.export.facts import Facts
    from harness.reproduction.export.recording import Ran, Recorded

ROLES: Final = ("cache", "environment", "temporary", "wheelhouse", "purelib")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A case to be told.

    Attributes:
        recorded: the run.
        facts: what shows the violation.
        report: whose case it is.
        notes: what a reader has to know besides, one sentence each.
    """

    recorded: Recorded
    facts: Facts
    report: Report | None = None
    notes: tuple[str, ...] = ()

    @property
    def case(self) -> Case:
        """What was run."""
        return self.recorded.case

    @property
    def distribution(self) -> str:
        """`uv`."""
        return self.recorded.release.distribution if self.recorded.release else "uv"

    @property
    def installer(self) -> str:
        """`uv 0.1.2`."""
        release = self.recorded.release
        return f"{release.distribution} {release.version}" if release else "a build of uv"

    @property
    def ran(self) -> tuple[Ran, ...]:
        """Every command."""
        return tuple(ran for commands in self.recorded.commands for ran in commands)

    @property
    def steps(self) -> tuple[Step, ...]:
        """As they are done: image steps come first."""
        return tuple(step.step for step in self.recorded.verdicts[0].evidence.steps)

    @property
    def apart(self) -> tuple[str, ...]:
        """The schemes that lie where no virtual environment has them by itself."""
        layout = self.case.layout
        return tuple(
            role
            for role, usual in USUAL.items()
            if site_path(layout, f"{{{role}}}") != posixpath.normpath(f"{site_path(layout, '{environment}')}/{usual}")
        )

    @property
    def names(self) -> Names:
        """The script's variables for the paths of the run."""
        roots, base = self.recorded.verdicts[0].evidence.roots, self.recorded.base
        variables = {f"{base}/root": "root", f"{base}/aside": "aside"}
        # Where two roles have one directory, the one that readers know better.
        variables |= {roots[role]: role for role in (*self.apart, *ROLES)}
        return Names(variables={**variables, **self.recorded.installer})
