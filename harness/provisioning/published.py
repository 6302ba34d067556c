"""Which releases of an installer are published, for this Python: as the index says, or those that are here already."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from packaging.version import InvalidVersion, Version

from harness import data
from harness.errors import NotProvided
from harness.provisioning import pip, shelf
from harness.provisioning.release import Release, check

_LISTED: Final = "Available versions: "


def published(distribution: str) -> tuple[Release, ...]:
    """Every release that pip could install from the index here, from the oldest to the newest.

    Without releases that were yanked (PEP 592), pre-releases, and those for another Python.

    Raises:
        UnknownName: the distribution is not one of ours.
        NotProvided: the index cannot be asked.
    """
    check(distribution)
    with tempfile.TemporaryDirectory(prefix="exdev-index-") as scratch:
        ended = pip.versions(distribution, directory=Path(scratch))
    lines = [line for line in ended.output.splitlines() if line.startswith(_LISTED)]
    found = _sorted(distribution, lines[-1].removeprefix(_LISTED).split(", ")) if lines else ()
    if ended.exit or not found:
        shown = str(data.cache("releases"))
        raise NotProvided(installer=distribution, because=pip.complaint(ended), directory=shown)
    return found


def here(distribution: str) -> tuple[Release, ...]:
    """Every release that is provided for this Python, from the oldest to the newest; pre-releases are left out.

    Raises:
        UnknownName: the distribution is not one of ours.
    """
    check(distribution)
    kept = shelf.listed(data.cache("releases"))
    mine = [
        one.release for one in kept if one.python == shelf.python_tag() and one.release.distribution == distribution
    ]
    return _sorted(distribution, [release.version for release in mine])


def _sorted(distribution: str, versions: list[str]) -> tuple[Release, ...]:
    ordered = sorted({version for text in versions if (version := _version(text)) and not version.is_prerelease})
    return tuple(Release(distribution, str(version)) for version in ordered)


def _version(text: str) -> Version | None:
    try:
        return Version(text.strip())
    except InvalidVersion:
        return None
