"""Installers that are programs: the reference core and the specimens, driven under a Plan."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.drivers import Done, Ending, interleave, limited, listed, perform, run, told, traced
from harness.errors import HarnessError, LimitReached
from harness.installers.environment import Place
from harness.installers.printed import errno_names_in, paths_in
from harness.model import Outcome
from harness.model import operation as op
from harness.reference import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.drivers import Perform
    from harness.installers.protocol import Abilities
    from harness.layouts.build import Site
    from harness.model import Action, Case, Step, Wheel

    # Makes the program that does one wheel's part of a step: wheel, path of its archive, settings.
    Maker = Callable[[Wheel, str, Settings], op.Program[Any]]

# An honest install makes a few operations for each entry; pip#3532 and its like make them for ever.
_OPERATIONS, _OPERATIONS_PER_ENTRY = 4000, 80


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramInstaller:
    """An installer whose every operation the harness performs itself.

    Attributes:
        name: how it is selected.
        abilities: see Abilities.
        makers: for each action, what makes its program.
        driver: performs the operations.
    """

    name: str
    abilities: Abilities
    makers: Mapping[Action, Maker]
    driver: Perform = perform

    def prepare(self, site: Site) -> None:
        """Programs need nothing."""

    def perform(self, step: Step, case: Case, site: Site) -> Outcome:
        """Have a step done: one program for each wheel, in order or interleaved as the plan says."""
        entries = sum(len(wheel.entries) for wheel in case.wheels)
        watch = _Watch(driver=self.driver, limit=_OPERATIONS + _OPERATIONS_PER_ENTRY * entries)
        programs = [self._program(step, key, case, site, index) for index, key in enumerate(step.wheels)]
        started = time.perf_counter()
        try:
            endings = _drive(programs, case, watch)
        except LimitReached as limit:
            endings, ended = (Ending(error=limit),), "limit"
        else:
            ended = "exit"
        errors = [ending.error for ending in endings if ending.error is not None]
        message = "\n".join(map(str, errors))
        return Outcome(
            exit=1 if errors else 0,
            message=message,
            notes=tuple(done.operation.text for done in watch.log if isinstance(done.operation, op.Note)),
            paths=paths_in(message, site.root) if message else (),
            errnos=errno_names_in(message) if message else (),
            trace=told(watch.log),
            operations=len(watch.log),
            seconds=time.perf_counter() - started,
            ended="limit" if ended == "limit" else "exit",
        )

    def _program(self, step: Step, key: str, case: Case, site: Site, index: int) -> op.Program[Any]:
        wheel = case.wheel(key)
        archive = f"{site.role('wheelhouse')}/{wheel.filename}"
        return self.makers[step.action](wheel, archive, _settings(case, site, step, index))


@dataclass(slots=True, kw_only=True)
class _Watch:
    """What is kept while programs run."""

    driver: Perform
    limit: int
    going: int = 0
    log: list[Done] = field(default_factory=list)

    def condition(self, case: Case) -> Perform:
        """The way to perform under a case's plan, watched."""
        chosen = self.driver
        if case.plan.listing is not None:
            chosen = listed(chosen, case.plan.listing)
        return limited(traced(chosen, program=lambda: self.going, keep=self.log.append), self.limit)

    def go(self, index: int) -> None:
        """The program of this index goes next."""
        self.going = index


def _drive(programs: list[op.Program[Any]], case: Case, watch: _Watch) -> tuple[Ending[Any], ...]:
    """Interleaved where the plan has a schedule; otherwise one after the other, ending with the first that fails."""
    condition = watch.condition(case)
    if case.plan.schedule is not None:
        return interleave(programs, condition, case.plan.schedule, going=watch.go)
    endings: list[Ending[Any]] = []
    for index, program in enumerate(programs):
        watch.go(index)
        try:
            endings.append(Ending(answer=run(program, condition)))
        except LimitReached:
            raise
        except HarnessError as error:
            return (*endings, Ending(error=error))
    return tuple(endings)


def _settings(case: Case, site: Site, step: Step, index: int) -> Settings:
    together = range(len(step.wheels)) if case.plan.schedule is not None else ()
    return Settings(
        cache=site.role("cache"),
        temporary=site.role("temporary"),
        purelib=site.role("purelib"),
        platlib=site.role("platlib"),
        scripts=site.role("scripts"),
        data=site.role("data"),
        headers=site.role("headers"),
        python=Place(site).python,
        link_mode=case.link_mode,
        strict=case.strict,
        umask=step.umask,
        token=str(index),
        siblings=tuple(str(other) for other in together if other != index),
    )
