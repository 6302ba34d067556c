"""Installing a release: a virtual environment for it alone, filled by pip."""

from __future__ import annotations

import importlib.metadata
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from harness.errors import NamespaceRefused
from harness.kernel import children
from harness.provisioning import pip, surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.kernel.children import Ended
    from harness.provisioning.shelf import Provided

_SECONDS: Final = 60
# pdm publishes with each release the versions of its dependencies that it was tested with. Without them a release gets
# those of today: pdm 2.29.3 and 2.29.4 say their version, but cannot install anything, with hishel 2.0.0.
_EXTRAS: Final = {"pdm": "locked"}


def fill(made: Provided) -> str:
    """Install a release into an empty directory; answers why that could not be done; empty: it is done.

    Raises:
        OSError: a program cannot be started, or the directory not be written.
    """
    return _environment(made) or _install(made)


def _environment(made: Provided) -> str:
    """Makes a virtual environment of the interpreter that runs us, or of the one behind its own environment."""
    directory = made.directory
    # Isolated (-I): neither the user's own packages nor PYTHON* variables have a say in it.
    command = children.Command(
        arguments=(sys.executable, "-I", "-m", "venv", "--without-pip", str(directory)),
        environment=surroundings.of_installer(directory),
        directory=str(directory),
    )
    ended = children.run(command, seconds=_SECONDS, writable=None)
    return f"python -m venv fails: {ended.errors.strip() or ended.output.strip()}" if ended.exit else ""


def _install(made: Provided) -> str:
    said = ""
    with tempfile.TemporaryDirectory(prefix="work-", dir=made.directory) as work:
        for wanted, builds in _ways(made, Path(work)):
            try:
                ended = _pip(made, Path(work), *wanted, builds=builds)
            except NamespaceRefused as refused:
                return (
                    f"it, or what it needs, has no wheel, and build scripts run in private namespaces only: {refused}"
                )
            said = pip.complaint(ended) if ended.exit else ""
            if not pip.found_nothing(ended):
                break
    return said


def _pip(made: Provided, work: Path, *wanted: str, builds: Path | None = None) -> Ended:
    # Compiled now: whoever runs it later has nothing left to write here.
    return pip.install("--compile", *wanted, directory=work, python=made.scripts / "python", builds=builds)


def _ways(made: Provided, work: Path) -> Iterator[tuple[tuple[str, ...], Path | None]]:
    """What to ask pip for, and where builds may write; each where what the one before asks for is not on the index."""
    release = made.release
    if extra := _EXTRAS.get(release.distribution):
        yield (f"{release.distribution}[{extra}]=={release.version}",), None
        if _pip(made, work, "--no-deps", str(release)).exit == 0:
            # One of them is not on the index any more: pdm 2.29.4 was tested with certifi 2026.10.19.
            near = work / "near.txt"
            near.write_text("".join(f"{one}\n" for one in _near(made, extra)), encoding="utf-8")
            yield ("--constraint", str(near), str(release)), None
    yield (str(release),), None
    # Some old releases, or what they need, were published without a wheel. Their own build scripts run then.
    yield (str(release),), made.directory


def _near(made: Provided, extra: str) -> Iterator[str]:
    """No later versions than those that an extra of an installed release pins; their post-releases, yes."""
    for found in importlib.metadata.distributions(name=made.release.distribution, path=[str(made.library)]):
        for text in found.requires or ():
            try:
                pinned = Requirement(text)
                version = Version(next(one.version for one in pinned.specifier if one.operator == "=="))
            except (InvalidRequirement, InvalidVersion, StopIteration):
                continue
            if pinned.marker and pinned.marker.evaluate({"extra": extra}):
                *first, last = version.release
                yield f"{pinned.name}<{version.epoch}!{'.'.join(map(str, (*first, last + 1)))}"
