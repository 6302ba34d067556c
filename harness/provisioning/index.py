"""Which release of an installer is the newest: as it was recorded when it was provisioned, or as the index says."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from packaging.utils import canonicalize_name

from harness import data
from harness.errors import HarnessError, NamespaceRefused, NotProvided
from harness.provisioning import pip
from harness.provisioning.release import Release, check
from harness.provisioning.shelf import locked, python_tag


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
    check(distribution)
    return _recorded(_directory(cache), distribution) or ask(distribution, cache=cache, again=False)


def ask(distribution: str, *, cache: Path | None = None, again: bool = True) -> Release:
    """The newest release that pip can install from the index, for this Python; recorded.

    Args:
        distribution: one of `DISTRIBUTIONS`.
        cache: where releases are kept; default: `releases` in the user's cache.
        again: ask even if another process has just done so.

    Raises:
        UnknownName: the distribution is not one of ours.
        NotProvided: the index cannot be asked.
    """
    directory = _directory(cache)
    name = f"newest-{check(distribution)}-{python_tag()}"
    try:
        with locked(directory, name):
            known = None if again else _recorded(directory, distribution)
            release = known or _ask(distribution, directory)
            # Beside its place, and renamed into it: who reads meanwhile has the old one or the new one.
            fresh = directory / "locks" / f"{name}.json"
            fresh.write_text(json.dumps({"newest": release.version}) + "\n", encoding="utf-8")
            fresh.replace(directory / fresh.name)
    except OSError as refused:
        because = f"{refused.filename or directory}: {refused.strerror}"
        raise NotProvided(installer=distribution, because=because, directory=str(directory)) from refused
    return release


def _directory(cache: Path | None) -> Path:
    return (cache or data.cache("releases")).resolve()


def _ask(distribution: str, directory: Path) -> Release:
    with tempfile.TemporaryDirectory(prefix="exdev-index-") as scratch:
        report = Path(scratch) / "report.json"
        # A dry run resolves as an installation would: without releases that were yanked, are for another Python, or
        # need what the index does not have (yet).
        asked = ("--dry-run", "--ignore-installed", "--report", str(report), distribution)
        try:
            # What an archive of sources needs is known only once its build scripts have run.
            ended = pip.install("--only-binary", distribution, *asked, directory=Path(scratch), builds=Path(scratch))
        except NamespaceRefused:
            ended = pip.install(*asked, directory=Path(scratch))
        if ended.exit:
            raise NotProvided(installer=distribution, because=pip.complaint(ended), directory=str(directory))
        chosen = [one["metadata"] for one in json.loads(report.read_text(encoding="utf-8"))["install"]]
        (version,) = (one["version"] for one in chosen if canonicalize_name(one["name"]) == distribution)
        return Release(distribution, version)


def _recorded(directory: Path, distribution: str) -> Release | None:
    """What was recorded; None where nothing was, or it is not what is written here."""
    path = directory / f"newest-{distribution}-{python_tag()}.json"
    try:
        return Release(distribution, json.loads(path.read_text(encoding="utf-8"))["newest"])
    except (OSError, ValueError, LookupError, TypeError, HarnessError):
        return None
