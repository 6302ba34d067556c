"""Installing a release: a virtual environment for it alone, filled by pip."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.errors import NamespaceRefused
from harness.kernel import children
from harness.provisioning import pip, surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.provisioning.shelf import Provided

_SECONDS: Final = 60
# pdm publishes with each release the versions of its dependencies that it was tested with. Without them an old release
# gets those of today: pdm 2.29.3 says its version, but cannot install anything, with hishel 2.0.0.
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
        for wanted, builds in _ways(made):
            # Compiled now: whoever runs it later has nothing left to write here.
            try:
                ended = pip.install(
                    "--compile", wanted, directory=Path(work), python=made.scripts / "python", builds=builds
                )
            except NamespaceRefused as refused:
                return (
                    f"it, or what it needs, has no wheel, and build scripts run in private namespaces only: {refused}"
                )
            said = pip.complaint(ended) if ended.exit else ""
            if not pip.found_nothing(ended):
                break
    return said


def _ways(made: Provided) -> Iterator[tuple[str, Path | None]]:
    """What to ask pip for, and where builds may write; each where the one before does not exist on the index."""
    release = made.release
    if extra := _EXTRAS.get(release.distribution):
        yield f"{release.distribution}[{extra}]=={release.version}", None
    yield str(release), None
    # Some old releases, or what they need, were published without a wheel. Their own build scripts run then.
    yield str(release), made.directory
