"""Warm hardlink install of the torch 2.2.0 closure's skeletons by the reference core, beside `cp -al` of the files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from harness.bench import installing
from harness.bench.figure import Figure, figure
from harness.bench.settings import settings_at
from harness.drivers import perform, run
from harness.layouts import build, load
from harness.reference import install, warm
from harness.wheels import manifests
from harness.wheels.archive import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.kernel.laboratory import Laboratory
    from harness.layouts import Site
    from harness.reference import Settings

_CLOSURE = "torch-2.2.0"
_GROWTH = (1, 2, 4, 8, 13)


def measure(laboratory: Laboratory, *, quick: bool) -> list[Figure]:
    """Time, growth with the number of wheels, and peak memory."""
    rounds = 2 if quick else 9
    with build(load("plain"), laboratory=laboratory) as site:
        archives = _wheelhouse(site)
        settings = settings_at(site.role("cache"), site.role("temporary"), f"{site.root}/measured")
        for archive in archives:
            run(warm(archive, settings), perform)
        entries = sum(len(files) for _, _, files in os.walk(settings.cache))
        return [
            _beside_cp(archives, settings, entries, rounds),
            *_growth(archives, settings, rounds),
            _memory(archives, settings),
        ]


def _wheelhouse(site: Site) -> list[str]:
    """The closure's archives, the smallest first, so that growth is seen over wheels of one kind."""
    wheels = sorted(
        map(manifests.skeleton, map(manifests.load, manifests.closure(_CLOSURE))), key=lambda one: len(one.entries)
    )
    paths = []
    for wheel in wheels:
        path = f"{site.role('wheelhouse')}/{wheel.filename}"
        with open(path, "xb") as file:
            file.write(write(wheel))
        paths.append(path)
    return paths


def _install(archives: Sequence[str], settings: Settings) -> float:
    """Milliseconds of a warm install into a new environment."""
    start = time.perf_counter()
    for archive in archives:
        run(install(archive, settings), perform)
    elapsed = (time.perf_counter() - start) * 1e3
    shutil.rmtree(settings.data)
    return elapsed


def _copy(settings: Settings) -> float:
    """Milliseconds of `cp -al` of everything that is in the cache."""
    target = f"{settings.data}-copied"
    start = time.perf_counter()
    subprocess.run(["cp", "-al", settings.cache, target], check=True)  # noqa: S603, S607 - coreutils, our own paths
    elapsed = (time.perf_counter() - start) * 1e3
    shutil.rmtree(target)
    return elapsed


def _beside_cp(archives: Sequence[str], settings: Settings, entries: int, rounds: int) -> Figure:
    pairs = [(_install(archives, settings), _copy(settings)) for _ in range(rounds)]
    return figure(
        f"warm hardlink install, {len(archives)} wheels, {entries} files",
        [one for one, _ in pairs],
        "ms",
        baseline=figure("", [two for _, two in pairs], "").value,
        against="cp -al",
        aim="<= 1.5 times",
    )


def _growth(archives: Sequence[str], settings: Settings, rounds: int) -> list[Figure]:
    """Without torch itself, which has more files than all others: wheels of 12 to 101 entries."""
    small = archives[:-1]
    figures = []
    for count in _GROWTH:
        if count <= len(small):
            values = [_install(small[:count], settings) for _ in range(rounds)]
            files = sum(1 for archive in small[:count] for _ in _names(archive))
            figures.append(figure(f"  of {count} nvidia wheels, {files} files", values, "ms"))
    return figures


def _names(archive: str) -> list[str]:
    import zipfile  # noqa: PLC0415 - only here, after everything has been measured

    with zipfile.ZipFile(archive) as opened:
        return opened.namelist()


def _memory(archives: Sequence[str], settings: Settings) -> Figure:
    """Peak resident memory of a process that does it, beside an interpreter that does nothing."""
    # By path, not -m: importing the package that a module lies in would be measured as the interpreter's own.
    command = [sys.executable, installing.__file__]
    arguments = [settings.cache, settings.temporary, settings.data, *archives]
    pairs = []
    for _ in range(3):
        pairs.append((_peak([*command, *arguments]), _peak(command)))
        shutil.rmtree(settings.data)
    return figure(
        "peak memory of that install",
        [one for one, _ in pairs],
        "MB",
        baseline=figure("", [two for _, two in pairs], "").value,
        against="the interpreter alone",
        aim="< 100 MB above",
    )


def _peak(command: Sequence[str]) -> float:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)  # noqa: S603 - our own
    return float(done.stdout)
