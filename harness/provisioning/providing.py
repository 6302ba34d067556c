"""Providing a release: from the cache, or installed into it once, and checked before anybody can find it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import data
from harness.errors import NotProvided
from harness.provisioning import shelf
from harness.provisioning.filling import fill
from harness.provisioning.verify import doubt

if TYPE_CHECKING:
    from pathlib import Path

    from harness.provisioning.release import Release


def provide(release: Release, *, cache: Path | None = None) -> shelf.Provided:
    """A release, from the cache; installed into it first where it is not there yet.

    Processes that ask for the same release at the same time install it once: the others wait.

    Args:
        release: which.
        cache: where releases are kept; default: `releases` in the user's cache.

    Raises:
        NotProvided: it is not there and cannot be installed, or does not run.
    """
    directory = (cache or data.cache("releases")).resolve()
    try:
        return shelf.find(directory, release) or _provide(directory, release)
    except OSError as refused:
        because = f"{refused.filename or directory}: {refused.strerror}"
        raise NotProvided(installer=str(release), because=because, directory=str(directory)) from refused


def is_provided(release: Release, *, cache: Path | None = None) -> bool:
    """Whether a release is there already."""
    return shelf.find((cache or data.cache("releases")).resolve(), release) is not None


def _provide(directory: Path, release: Release) -> shelf.Provided:
    with shelf.locked(directory, shelf.key(release)):
        found = shelf.find(directory, release)
        if found is not None:
            return found
        with shelf.building(directory, release) as build:
            made = shelf.at(build, release)
            if because := fill(made):
                raise NotProvided(installer=str(release), because=because, directory=str(directory))
            if because := doubt(made):
                raise NotProvided(installer=str(release), because=because, directory=str(directory), runs=False)
            shelf.publish(directory, release, build)
    return made
