"""What an installer is to the harness: a name, what it can do, and one way to have a step done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from harness.layouts.build import Site
    from harness.model import Action, Case, LinkMode, Outcome, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What an installer can do. What it cannot is "not applicable" to it: neither a pass nor a violation.

    Attributes:
        actions: the steps it knows.
        link_modes: the ways it can place files.
        strict: it can be told not to fall back.
        interleaved: several of its installs can be run as programs, one operation at a time.
        data: it knows `.data` directories.
    """

    actions: frozenset[Action]
    link_modes: frozenset[LinkMode]
    strict: bool = False
    interleaved: bool = False
    data: bool = True

    def missing(self, case: Case) -> str:
        """What of a case it cannot do; empty: nothing."""
        for step in case.steps:
            if step.action not in self.actions:
                return f"action {step.action}"
        if case.link_mode not in self.link_modes:
            return f"link mode {case.link_mode}"
        if case.strict and not self.strict:
            return "strict link modes"
        if case.plan.schedule is not None and not self.interleaved:
            return "drawn schedules"
        if not self.data and any(".data/" in entry.path for wheel in case.wheels for entry in wheel.entries):
            return "wheels with .data directories"
        return ""


class Installer(Protocol):
    """An installer under test."""

    @property
    def name(self) -> str:
        """How it is selected and reported."""

    @property
    def abilities(self) -> Abilities:
        """What it can do."""

    def perform(self, step: Step, case: Case, site: Site) -> Outcome:
        """Have one step done on a site whose wheelhouse holds the case's archives.

        Returns:
            What it said and did; its failure is an Outcome, not an exception.
        """
