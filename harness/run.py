"""The hallway: a Case on this machine -> a Verdict."""

from __future__ import annotations

import os
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from harness import installers
from harness.contracts import CONTRACTS, judge
from harness.errors import FileInvalid, LayoutUntrue, NotApplicable, Problem, errno_name
from harness.installers.environment import Place
from harness.installers.importing import import_module
from harness.installers.scripts import ScriptRunner, brought, provide_interpreter
from harness.kernel.sharing import Sharing
from harness.kernel.snapshot import snapshot
from harness.layouts import CONTROL, build, load, refuse_false_control
from harness.layouts.meddling import meddle
from harness.layouts.observe import Observer
from harness.layouts.verify import verify
from harness.model import (
    Case,
    Evidence,
    Node,
    Plan,
    ScriptEvidence,
    SharingEvidence,
    Step,
    StepEvidence,
    Tree,
    Trees,
    Violation,
)
from harness.model.case import USUAL_UMASK
from harness.model.coherence import unusable
from harness.wheels import reordered
from harness.wheels.archive import write

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from harness.installers import Installer
    from harness.kernel.laboratory import Laboratory
    from harness.layouts import Site
    from harness.model import Meddling

_CONTROLS = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the contracts say about one run.

    Attributes:
        case: what was run.
        evidence: what was seen.
        violations: broken promises; none: the verdict holds.
    """

    case: Case
    evidence: Evidence
    violations: tuple[Violation, ...]

    @property
    def holds(self) -> bool:
        """Whether every contract was kept."""
        return not self.violations


class Runner:
    """Runs cases in one laboratory, remembering what can be: verified layouts and control runs."""

    def __init__(
        self,
        laboratory: Laboratory,
        *,
        contracts: Collection[str] = tuple(CONTRACTS),
        find: Callable[[str], Installer] = installers.find,
    ) -> None:
        """See class.

        Args:
            laboratory: where sites are built.
            contracts: names of those that judge.
            find: gives the installer that a case names.
        """
        self._laboratory = laboratory
        self._find = find
        self._contracts = tuple(contracts)
        self._controls: OrderedDict[Case, Evidence | None] = OrderedDict()
        self._scripts = ScriptRunner() if "scripts-run" in self._contracts else None

    def run(self, case: Case) -> Verdict:
        """Build, do, look, judge, take down.

        Raises:
            NotApplicable: the installer does not do what the case asks for.
            MountFailed, LayoutUntrue, FileInvalid: the layout cannot be had, is not what it says it is, or goes by the
                name of the control; or a wheel's archive cannot be written into its wheelhouse.
        """
        with self._built(case) as (found, site):
            evidence = _seen(_Run(case, found, site, scripts=self._scripts))
            # What went wrong is compared with nothing; while Hypothesis shrinks, that is most of what runs.
            if evidence.steps and evidence.steps[-1].outcome.exit == 0:
                evidence = replace(evidence, control=self._control(case))
        return Verdict(case=case, evidence=evidence, violations=judge(evidence, self._contracts))

    @contextmanager
    def inside(self, case: Case) -> Iterator[tuple[Site, tuple[StepEvidence, ...]]]:
        """The site as a case's steps leave it, for people to look at, until the block is left; nothing is judged.

        Raises:
            NotApplicable, MountFailed, LayoutUntrue, FileInvalid: as `run`.
        """
        with self._built(case) as (found, site):
            yield site, tuple(_Run(case, found, site, scripts=self._scripts).steps())

    @contextmanager
    def _built(self, case: Case) -> Iterator[tuple[Mapping[str, Installer], Site]]:
        found = self._found(case)
        for name, installer in found.items():
            if missing := installer.abilities.missing(case, [one for one in case.steps if case.performer(one) == name]):
                raise NotApplicable(installer=name, what=missing)
        refuse_false_control(case.layout)
        verify(case.layout, laboratory=self._laboratory)
        with _umask(USUAL_UMASK), build(case.layout, laboratory=self._laboratory) as site:
            yield found, site

    def _found(self, case: Case) -> Mapping[str, Installer]:
        return {name: self._find(name) for name in case.performers}

    def _control(self, case: Case) -> Evidence | None:
        """The case on the plain layout with the empty plan."""
        if "order-independent" not in self._contracts:
            return None
        control = replace(case, layout=load(CONTROL), plan=Plan())
        if control not in self._controls:
            with build(control.layout, laboratory=self._laboratory) as site:
                run = _Run(control, self._found(control), site, control=True, scripts=self._scripts)
                evidence = _seen(run)
                # Where something is not there that others were to change, there is nothing to compare with.
                self._controls[control] = None if run.skipped else evidence
            if len(self._controls) > _CONTROLS:
                self._controls.popitem(last=False)
        self._controls.move_to_end(control)
        return self._controls[control]


@contextmanager
def _umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


class _Run:
    """One case on one site.

    Attributes:
        found: its installers by their names.
    """

    def __init__(
        self,
        case: Case,
        found: Mapping[str, Installer],
        site: Site,
        *,
        control: bool = False,
        scripts: ScriptRunner | None = None,
    ) -> None:
        self.case, self.found, self.site, self.control, self.scripts = case, found, site, control, scripts
        self.skipped = False  # a change of something that only the case's own layout has
        for installer in found.values():
            installer.prepare(site)
        self.observer = Observer.of(site)
        if scripts is not None and brought(case, self.observer.platlib):
            provide_interpreter(site)
        for wheel in case.wheels:
            _put(write(reordered(wheel, case.plan.creation)), wheel.filename, site)

    def steps(self) -> Iterator[StepEvidence]:
        """Every step: the image ones, then the layout's later mounts, then the rest, obstacles lifted where asked."""
        image = [step for step in self.case.steps if step.image]
        for index, step in enumerate(image):
            if index:
                self.site.next_layer()
            yield self._step(step, self.observer.trees())
        self.site.finish_image()
        self._check_wheelhouse()
        before = self.observer.trees()
        for step in self.case.steps:
            if not step.image:
                if step.lifted:
                    self.site.lift_obstacles()
                for meddling in step.meddled:
                    self.skipped |= not self._meddle(meddling)
                if step.lifted or step.meddled:
                    before = self.observer.trees()
                evidence = self._step(step, before)
                before = evidence.after
                yield evidence

    def _meddle(self, meddling: Meddling) -> bool:
        """What somebody else does; whether there was anything to do it to."""
        if meddling.do == "import":
            return import_module(meddling.module, self.site, tolerant=self.control)
        return meddle(meddling, self.site, tolerant=self.control)

    def _check_wheelhouse(self) -> None:
        """No installer is to blame for archives that a later mount or mode of the layout keeps from it."""
        wheelhouse = self.site.role("wheelhouse")
        hidden = (one.filename for one in self.case.wheels if not os.access(f"{wheelhouse}/{one.filename}", os.R_OK))
        facts = tuple(f"the wheelhouse does not show {filename} after the image steps" for filename in hidden)
        if facts:
            raise LayoutUntrue(layout=self.site.layout.name, facts=facts)

    def sharing(self) -> Sharing:
        """Who finds out which files share data."""
        return Sharing(self.case.link_mode)

    def _step(self, step: Step, before: Trees) -> StepEvidence:
        installer, home = self.found[self.case.performer(step)], self._home()
        with _umask(step.umask):
            outcome = installer.perform(step, self.case, self.site)
        after = self.observer.trees()
        scripts: Mapping[str, ScriptEvidence] = {}
        if self.scripts is not None and not self.control and outcome.exit == 0 and step.action != "warm":
            scripts = self.scripts.look(self.case, self.site, self.observer, after)
        strays = dict(_strays(home, self._home(), installer.abilities.keeps))
        return StepEvidence(step=step, outcome=outcome, before=before, after=after, scripts=scripts, home=strays)

    def _home(self) -> Tree:
        """The home directory of commands; programs have none."""
        home = Place(self.site).home
        return snapshot(home) if os.path.isdir(home) and not os.path.islink(home) else {}


def _strays(before: Tree, after: Tree, kept: tuple[str, ...]) -> Iterator[tuple[str, Node]]:
    """What is new or changed in a home directory, without what may be kept there."""
    for path, node in after.items():
        if node.kind != "directory" and before.get(path) != node and not any(fnmatchcase(path, one) for one in kept):
            yield path, node


def _seen(run: _Run) -> Evidence:
    """What a run shows. Who shares data with whom is not asked of a control run."""
    case, site = run.case, run.site
    steps = tuple(run.steps())
    # After image steps alone the cache may lie hidden below a later mount.
    sharing = bool(steps) and not run.control and not steps[-1].step.image
    furniture = run.observer.keys(site.furniture) | (steps[0].before.environment.keys() if steps else frozenset())
    return Evidence(
        case=case,
        steps=steps,
        furniture=furniture,
        roots=dict(site.roles),
        root=run.observer.root,
        places=run.observer.places,
        platlib=run.observer.platlib,
        ordered=all(installer.abilities.ordered for installer in run.found.values()),
        sharing=_sharing(run.sharing(), steps[-1].after, run.observer) if sharing else {},
    )


def _sharing(sharing: Sharing, trees: Trees, observer: Observer) -> dict[str, SharingEvidence]:
    """For each installed file with cached content: whether it shares the data. Destructive, hence last."""
    cached: dict[str, list[str]] = {}
    for key, node in trees.cache.items():
        if node.kind == "file":
            cached.setdefault(node.digest, []).append(f"{observer.cache}/{key}")
    return {
        key: sharing.of(observer.path(key), cached[node.digest])
        for key, node in trees.environment.items()
        if node.kind == "file" and node.digest in cached
    }


def _put(archive: bytes, filename: str, site: Site) -> None:
    """Write an archive into the wheelhouse."""
    flaw = unusable(filename)
    if flaw:
        raise FileInvalid(file=f"wheel {filename!r:.100}", problems=(Problem(where="", message=flaw),))
    try:
        with open(f"{site.role('wheelhouse')}/{filename}", "xb") as file:
            # Buffered: write(2) on a filesystem that is nearly full takes what fits, and says how much.
            file.write(archive)
    except OSError as refused:
        fact = f"the wheelhouse cannot hold {filename}: {errno_name(refused.errno)}"
        raise LayoutUntrue(layout=site.layout.name, facts=(fact,)) from refused
