"""A case with a released installer, beside the installer's own process started bare: what the harness adds."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING, Final

from harness import installers
from harness.bench.figure import Figure, beside
from harness.installers.commands import CommandInstaller
from harness.installers.environment import Place
from harness.layouts import build, load
from harness.model import Case, Step
from harness.run import Runner
from harness.wheels import wheel
from harness.wheels.archive import write

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory

INSTALLERS: Final = ("uv", "installer", "pip")
_LAYOUTS: Final = ("plain", "cross-device-cache", "temporary-elsewhere")
_WHEELS: Final = tuple(
    wheel(f"nvidia-{name}", files=["nvidia/__init__.py", f"nvidia/{name}/__init__.py"]) for name in ("a", "b")
)


def measure(laboratory: Laboratory, *, quick: bool) -> list[Figure]:
    """The whole case (site, environment, archives, trees, contracts) and the bare command, in turns."""
    rounds = 3 if quick else 12  # half a minute on a quiet machine
    return [_of(name, layout, laboratory, rounds) for name in INSTALLERS for layout in _LAYOUTS]


def _of(name: str, layout: str, laboratory: Laboratory, rounds: int) -> Figure:
    installer = installers.find(name)
    case = Case(
        layout=load(layout),
        wheels=_WHEELS,
        steps=(Step(action="install", wheels=tuple(one.key for one in _WHEELS)),),
        installer=installer.name,
        link_mode="copy",
    )
    runner = Runner(laboratory)
    runner.run(case)  # warm up: verified layout, control run, what is known of the interpreter
    pairs = [(_whole(runner, case), _bare(case, laboratory)) for _ in range(rounds)]
    return beside(
        f"{installer.name} on {layout}", pairs, "ms", against="its own process, started bare", aim="bare + 15 ms"
    )


def _whole(runner: Runner, case: Case) -> float:
    start = time.perf_counter()
    runner.run(case)
    return (time.perf_counter() - start) * 1e3


def _bare(case: Case, laboratory: Laboratory) -> float:
    """The same commands on such a site, without namespace, time limit and snapshots."""
    installer = installers.find(case.installer)
    if not isinstance(installer, CommandInstaller):
        raise TypeError(f"{case.installer} is no command")
    with build(case.layout, laboratory=laboratory) as site:
        installer.prepare(site)
        for one in case.wheels:
            with open(f"{site.role('wheelhouse')}/{one.filename}", "xb") as file:
                file.write(write(one))
        spent = 0.0
        for command in installer.tool.commands(case.steps[0], case, Place(site)):
            start = time.perf_counter()
            subprocess.run(  # noqa: S603 - a released installer, without a shell
                command.arguments,
                env=dict(command.environment),
                cwd=command.directory,
                check=True,
                capture_output=True,
            )
            spent += time.perf_counter() - start
    return spent * 1e3
