"""Recording: a case run in the laboratory, with the commands that its installer really gives, and what they read."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from harness import installers, provisioning
from harness.errors import NotExportable
from harness.installers.commands import CommandInstaller
from harness.provisioning import Release
from harness.run import Runner

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.installers import Abilities, Installer
    from harness.installers.commands import Tool
    from harness.installers.environment import Place
    from harness.installers.printed import Style
    from harness.kernel.children import Command
    from harness.kernel.laboratory import Laboratory
    from harness.layouts import Site
    from harness.model import Case, Outcome, Step
    from harness.run import Verdict

_PATH: Final = "path:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One command, with what was written for it to read.

    Attributes:
        command: as it was run.
        files: real path -> content.
        environments: directories in which a second virtual environment was made.
        hashed: the text whose SHA-256 the files hold as their content hash; empty: none.
    """

    command: Command
    files: Mapping[str, str] = field(default_factory=dict)
    environments: tuple[str, ...] = ()
    hashed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A case that was run.

    Attributes:
        verdicts: of each run, each at a place of its own: what differs between them is chance, or the place.
        commands: of the first run, for each step in the order of the evidence.
        base: the directory below which that run's site lay.
        installer: real path -> the script's variable for it: the program, and its library; of other releases, too.
        release: which; None for a build of somebody's own.
        others: further releases, which do some of the steps.
    """

    verdicts: tuple[Verdict, ...]
    commands: tuple[tuple[Ran, ...], ...]
    base: str
    installer: Mapping[str, str]
    release: Release | None
    others: tuple[Release, ...] = ()

    @property
    def case(self) -> Case:
        """What was run."""
        return self.verdicts[0].case


def record(case: Case, laboratory: Laboratory, *, runs: int = 2) -> Recorded:
    """Run a case, each time at another place.

    Raises:
        NotExportable: its installer is no command.
        HarnessError: see `Runner.run`.
    """
    release, paths = _installer(case.installer)
    others = []
    for number, name in enumerate(case.performers[1:], 2):
        other, theirs = _installer(name)
        others += [other] if other else []
        paths = {**{path: f"{variable}_{number}" for path, variable in theirs.items()}, **paths}
    verdicts, recorders = [], []
    for number in range(runs):
        # Of another length: what holds the path of the site has another size there.
        sites = f"{laboratory.root}/{'elsewhere' * number or 's'}"
        os.makedirs(sites, mode=0o755, exist_ok=True)
        recorder = _Recorder(case)
        verdicts.append(Runner(replace(laboratory, sites=sites), find=recorder.find).run(case))
        recorders.append(recorder)
    first = recorders[0]
    steps = len(verdicts[0].evidence.steps)
    return Recorded(
        verdicts=tuple(verdicts),
        commands=tuple(map(tuple, first.steps[:steps])),
        base=first.base,
        installer=paths,
        release=release,
        others=tuple(others),
    )


def _installer(name: str) -> tuple[Release | None, Mapping[str, str]]:
    if name.startswith(_PATH):
        return None, {str(Path(name.removeprefix(_PATH)).expanduser().absolute()): "INSTALLER"}
    distribution, _, version = name.partition("==")
    if distribution not in provisioning.DISTRIBUTIONS or not version:
        raise NotExportable(
            installer=name,
            because="it is part of the harness, and no command that a script could run",
            remedy="name a release that breaks the same promise, for example --installer uv==0.1.2",
        )
    release = Release(distribution, version)
    provided = provisioning.provide(release)
    program = "uv" if distribution == "uv" else "python"
    return release, {str(provided.scripts / program): "INSTALLER", str(provided.library): "library"}


class _Recorder:
    """Finds the installer of a case, and writes down what it does."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.steps: list[list[Ran]] = []
        self.base = ""

    def find(self, name: str) -> Installer:
        """For `Runner`."""
        found = installers.find(name)
        if not isinstance(found, CommandInstaller):
            raise NotExportable(installer=name, because="it is no command", remedy="name a release with --installer")
        return _Recording(found, self)


@dataclass(frozen=True, slots=True)
class _Recording:
    """An installer that is watched."""

    installer: CommandInstaller
    recorder: _Recorder

    @property
    def name(self) -> str:
        return self.installer.name

    @property
    def abilities(self) -> Abilities:
        return self.installer.abilities

    def prepare(self, site: Site) -> None:
        self.installer.prepare(site)

    def perform(self, step: Step, case: Case, site: Site) -> Outcome:
        noted: list[Ran] = []
        outcome = replace(self.installer, tool=_Noting(self.installer.tool, noted)).perform(step, case, site)
        if case == self.recorder.case:  # and not the control run on the plain layout
            self.recorder.base = self.recorder.base or os.path.dirname(site.root)
            self.recorder.steps.append(noted)
        return outcome


@runtime_checkable
class _Hashing(Protocol):
    """A tool that is given a project with a lock file, which holds the hash of what the project asks for."""

    def hashed(self, step: Step, case: Case, place: Place) -> str: ...


@dataclass(frozen=True, slots=True)
class _Noting:
    """A tool whose commands are written down."""

    tool: Tool
    noted: list[Ran]

    @property
    def style(self) -> Style:
        return self.tool.style

    def prepare(self, place: Place) -> None:
        self.tool.prepare(place)

    def commands(self, step: Step, case: Case, place: Place) -> Iterator[Command]:
        before = _files(place.aside)
        for command in self.tool.commands(step, case, place):
            written = [path for path, told in _files(place.aside).items() if before.get(path) != told]
            made = tuple(os.path.dirname(path) for path in written if path.endswith("/pyvenv.cfg"))
            mine = [path for path in written if not path.startswith(tuple(f"{one}/" for one in made))]
            hashed = self.tool.hashed(step, case, place) if isinstance(self.tool, _Hashing) else ""
            files = {path: Path(path).read_text(encoding="utf-8") for path in sorted(mine)}
            self.noted.append(Ran(command=command, files=files, environments=made, hashed=hashed))
            yield command
            before = _files(place.aside)


def _files(directory: str) -> dict[str, tuple[int, int]]:
    """Every regular file, with what tells whether it was written anew."""
    found = {}
    for path in Path(directory).rglob("*"):
        if path.is_file() and not path.is_symlink():
            status = path.stat()
            found[str(path)] = (status.st_ino, status.st_mtime_ns)
    return found
