"""What an installer is to the harness: a name, what it can do, and one way to have a step done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from packaging.utils import canonicalize_name

from harness.model import Roles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.layouts.build import Site
    from harness.model import Action, Case, Layout, LinkMode, Outcome, Step

_USUAL: Final = Roles()
# Actions that remove what is there, before anything else.
REMOVING: Final = frozenset({"upgrade", "reinstall", "repair", "uninstall"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What an installer can do. What it cannot is "not applicable" to it: neither a pass nor a violation.

    Attributes:
        actions: the steps it knows.
        link_modes: the ways it can place files.
        strict: it can be told not to fall back.
        interleaved: several of its installs can be run as programs, one operation at a time.
        listings: it lists directories in the order that a plan draws.
        ordered: of several wheels that bring a path, the one that a step names last wins.
        data: it knows `.data` directories.
        headers: it can be told where headers lie. No virtual environment says that: sysconfig has no key for them.
        outside: it removes what lies in a library outside of the environment. Some take that for somebody else's.
        keeps: what it may leave in its user's home directory, as patterns of paths below that (`.config/pdm/*`).
        effort: how much longer a step takes than one of the reference core, roughly: scenarios draw as many times fewer
            examples.
    """

    actions: frozenset[Action]
    link_modes: frozenset[LinkMode]
    strict: bool = False
    interleaved: bool = False
    listings: bool = True
    ordered: bool = True
    data: bool = True
    headers: bool = False
    outside: bool = True
    keeps: tuple[str, ...] = ()
    effort: int = 1

    def missing(self, case: Case, steps: Iterable[Step] | None = None) -> str:
        """What of a case it cannot do; empty: nothing.

        Args:
            case: which.
            steps: those that it does; None: all.
        """
        plan = case.plan
        asked = case.steps if steps is None else steps
        lacking = [f"action {step.action}" for step in asked if step.action not in self.actions]
        lacking += [f"link mode {case.link_mode}"] * (case.link_mode not in self.link_modes)
        lacking += ["strict link modes"] * (case.strict and not self.strict)
        lacking += ["drawn schedules"] * (plan.schedule is not None and not self.interleaved)
        lacking += ["drawn listings"] * (plan.listing is not None and not self.listings)
        if not self.data and any(".data/" in entry.path for wheel in case.wheels for entry in wheel.entries):
            lacking.append("wheels with .data directories")
        brought = any(".data/headers/" in entry.path for wheel in case.wheels for entry in wheel.entries)
        lacking += self.untold(case.layout, headers=brought, removal=_removes(case))
        return lacking[0] if lacking else ""

    def untold(self, layout: Layout, *, headers: bool, removal: bool) -> Iterator[str]:
        """What of a layout's schemes no interpreter can tell it, in words.

        Args:
            layout: where it is to work.
            headers: wheels bring headers.
            removal: something that is installed is to go.
        """
        roles = layout.roles
        place, usual = roles.path("headers"), roles.resolve(_USUAL.headers)
        if headers and not self.headers and place != usual:
            yield f"headers in {place}: a virtual environment has them in {usual}"
        home = roles.path("environment").rstrip("/") + "/"
        far = [role for role in ("purelib", "platlib") if not f"{roles.path(role)}/".startswith(home)]
        if removal and not self.outside and far:
            yield f"removal from {far[0]} outside of the environment ({roles.path(far[0])})"


def _removes(case: Case) -> bool:
    """Whether a step removes what one before it has installed."""
    installed: dict[str, str] = {}
    for step in case.steps:
        wheels = {str(canonicalize_name(wheel.name)): wheel.version for wheel in map(case.wheel, step.wheels)}
        there = installed.keys() & wheels.keys()
        if there and (step.action in REMOVING or any(installed[name] != wheels[name] for name in there)):
            return True
        if step.action != "warm":
            installed |= wheels
    return False


class Installer(Protocol):
    """An installer under test."""

    @property
    def name(self) -> str:
        """How it is selected and reported."""

    @property
    def abilities(self) -> Abilities:
        """What it can do."""

    def prepare(self, site: Site) -> None:
        """Before the first step, and before anything is looked at: what it needs on the site to work at all.

        Several releases that work on one site each prepare it.

        Raises:
            LayoutUntrue: the site has no room for it.
        """

    def perform(self, step: Step, case: Case, site: Site) -> Outcome:
        """Have one step done on a site whose wheelhouse holds the case's archives.

        Returns:
            What it said and did; its failure is an Outcome, not an exception.
        """
