"""Which release of an installer is the newest: as it was recorded when it was provisioned, or as the index says."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from packaging.utils import canonicalize_name

from harness import data
from harness.errors import HarnessError, NotProvided
from harness.provisioning import pip
from harness.provisioning.release import Release, check
from harness.provisioning.shelf import python_tag


def newest(distribution: str, *, cache: Path | None = None) -> Release:
    """The newest release, as it was when `exdev provision NAME` asked last; the index is asked where nobody has.

    So a run without a network, and every worker of a run with one, means the same release.

    Args:
        distribution: one of `DISTRIBUTIONS`.
        cache: where releases are kept; default: `releases` in the user's cache.

    Raises:
        UnknownName: the distribution is not one of ours.
        NotProvided: it is not recorded, and the index cannot be asked.
    """
    directory = cache or data.cache("releases")
    version = _recorded(directory).get(check(distribution))
    try:
        return Release(distribution, version or "")
    except HarnessError:
        return ask(distribution, cache=directory)


def ask(distribution: str, *, cache: Path | None = None) -> Release:
    """The newest release that pip can install from the index, for this Python; recorded.

    Raises:
        UnknownName: the distribution is not one of ours.
        NotProvided: the index cannot be asked.
    """
    directory = cache or data.cache("releases")
    try:
        release = _ask(check(distribution), directory)
        _record(directory, release)
    except OSError as refused:
        because = f"{refused.filename or directory}: {refused.strerror}"
        raise NotProvided(installer=distribution, because=because, directory=str(directory)) from refused
    return release


def _ask(distribution: str, directory: Path) -> Release:
    with tempfile.TemporaryDirectory(prefix="exdev-index-") as scratch:
        report = Path(scratch) / "report.json"
        # A dry run resolves as an installation would: without releases that were yanked, are for another Python, or
        # need what the index does not have (yet).
        ended = pip.install(
            *("--dry-run", "--ignore-installed", "--prefer-binary", "--only-binary", distribution),
            *("--report", str(report), distribution),
            directory=Path(scratch),
        )
        if ended.exit:
            raise NotProvided(installer=distribution, because=pip.complaint(ended), directory=str(directory))
        chosen = [one["metadata"] for one in json.loads(report.read_text(encoding="utf-8"))["install"]]
        (version,) = (one["version"] for one in chosen if canonicalize_name(one["name"]) == distribution)
        return Release(distribution, version)


def _record(directory: Path, release: Release) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    recorded = _recorded(directory) | {release.distribution: release.version}
    # Beside its place, and renamed into it: whoever reads it meanwhile has the old one or the new one.
    with tempfile.NamedTemporaryFile("w", dir=directory, prefix=".newest-", encoding="utf-8", delete=False) as fresh:
        fresh.write(json.dumps(recorded, indent=2) + "\n")
    os.replace(fresh.name, _path(directory))


def _recorded(directory: Path) -> dict[str, str]:
    """Versions by distribution; none where the file is not there, or is not what was written."""
    try:
        said = json.loads(_path(directory).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return (
        {name: version for name, version in said.items() if isinstance(version, str)} if isinstance(said, dict) else {}
    )


def _path(directory: Path) -> Path:
    return directory / f"newest-{python_tag()}.json"
