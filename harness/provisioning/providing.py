"""Providing a release: from the cache, or installed into it once, and checked before anybody can find it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from harness import data
from harness.errors import NotProvided
from harness.kernel import children
from harness.provisioning import pip, shelf, surroundings
from harness.provisioning.verify import doubt

if TYPE_CHECKING:
    from pathlib import Path

    from harness.provisioning.release import Release

_SECONDS: Final = 60


def provide(release: Release, *, cache: Path | None = None) -> shelf.Provided:
    """A release, from the cache; installed into it first where it is not there yet.

    Processes that ask for the same release at the same time install it once: the others wait.

    Args:
        release: which.
        cache: where releases are kept; default: `releases` in the user's cache.

    Raises:
        NotProvided: it is not there and cannot be installed, or does not run.
    """
    directory = cache or data.cache("releases")
    try:
        return shelf.find(directory, release) or _provide(directory, release)
    except OSError as refused:
        because = f"{refused.filename or directory}: {refused.strerror}"
        raise NotProvided(installer=str(release), because=because, directory=str(directory)) from refused


def _provide(directory: Path, release: Release) -> shelf.Provided:
    with shelf.locked(directory, release):
        found = shelf.find(directory, release)
        if found is not None:
            return found
        with shelf.building(directory, release) as build:
            made = shelf.at(build, release)
            problem = _environment(build) or _install(release, made) or doubt(made)
            if problem:
                raise NotProvided(installer=str(release), because=problem, directory=str(directory))
            shelf.publish(directory, release, build)
    return made


def _environment(build: Path) -> str:
    """Makes a virtual environment of the interpreter that runs us, or of the one behind its own environment."""
    # Isolated (-I): neither the user's own packages nor PYTHON* variables have a say in it.
    command = children.Command(
        arguments=(sys.executable, "-I", "-m", "venv", "--without-pip", str(build)),
        environment=surroundings.of_installer(build),
        directory=str(build),
    )
    ended = children.run(command, seconds=_SECONDS, writable=None)
    return f"python -m venv fails: {ended.errors.strip() or ended.output.strip()}" if ended.exit else ""


def _install(release: Release, made: shelf.Provided) -> str:
    """Has pip fill the environment; answers why it could not."""
    # Compiled now: whoever runs it later has nothing left to write here.
    wanted = ("--compile", str(release))
    work = made.directory / "work"
    work.mkdir()
    ended = pip.install("--only-binary", ":all:", *wanted, directory=work, python=made.scripts / "python")
    if pip.lacks_a_wheel(ended):
        # Some old releases were published without one. What runs then is the release's own build script.
        ended = pip.install("--prefer-binary", *wanted, directory=work, python=made.scripts / "python")
    work.rmdir()
    return pip.complaint(ended) if ended.exit else ""
