"""Warm hardlink install of the torch 2.2.0 closure's skeletons by the reference core, beside `cp -al` of the files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from harness.bench import installing
from harness.bench.figure import Figure, beside
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
# Of the closure's wheels, the smallest first; the last is torch itself, with more files than all others together.
_GROWTH = (1, 2, 4, 8, 12, 13)


def measure(laboratory: Laboratory, *, quick: bool) -> list[Figure]:
    """Time and peak memory, for the whole closure and as they grow with the number of wheels."""
    rounds = 2 if quick else 9
    with build(load("plain"), laboratory=laboratory) as site:
        archives = _wheelhouse(site)
        settings = settings_at(site.role("cache"), site.role("temporary"), f"{site.root}/measured")
        unpacked = [run(warm(archive, settings), perform).path for archive in archives]
        parts = [_Part(archives[:count], unpacked[:count]) for count in _GROWTH]
        whole = replace(_beside_cp(parts[-1], settings, rounds), aim="<= 1.5 times")
        memory = replace(_memory(parts[-1], settings), aim="< 100 MB above")
        times = [_beside_cp(part, settings, rounds) for part in parts[:-1]]
        return [whole, *times, memory, *(_memory(part, settings) for part in parts[:-1])]


class _Part(NamedTuple):
    """Some of the closure's wheels: their archives, and where each is unpacked in the cache."""

    archives: Sequence[str]
    unpacked: Sequence[str]

    def said(self) -> str:
        """How many wheels and files."""
        files = sum(len(names) for path in self.unpacked for _, _, names in os.walk(path))
        return f"{len(self.archives)} wheels, {files} files"


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


def _copy(unpacked: Sequence[str], settings: Settings) -> float:
    """Milliseconds of `cp -al` of the same wheels' files in the cache."""
    target = f"{settings.data}-copied"
    os.mkdir(target)
    start = time.perf_counter()
    subprocess.run(["cp", "-al", *unpacked, target], check=True)  # noqa: S603, S607 - coreutils, our own paths
    elapsed = (time.perf_counter() - start) * 1e3
    shutil.rmtree(target)
    return elapsed


def _beside_cp(part: _Part, settings: Settings, rounds: int) -> Figure:
    pairs = [(_install(part.archives, settings), _copy(part.unpacked, settings)) for _ in range(rounds)]
    return beside(
        f"warm hardlink install, {part.said()}",
        pairs,
        "ms",
        against="cp -al",
    )


def _memory(part: _Part, settings: Settings) -> Figure:
    """Peak resident memory of a process that does it, beside an interpreter that does nothing."""
    # By path, not -m: importing the package that a module lies in would be measured as the interpreter's own.
    command = [sys.executable, installing.__file__]
    arguments = [settings.cache, settings.temporary, settings.data, *part.archives]
    pairs = []
    for _ in range(3):
        pairs.append((_peak([*command, *arguments]), _peak(command)))
        shutil.rmtree(settings.data)
    return beside(
        f"its peak memory, {part.said()}",
        pairs,
        "MB",
        against="the interpreter alone",
    )


def _peak(command: Sequence[str]) -> float:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)  # noqa: S603 - our own
    return float(done.stdout)
