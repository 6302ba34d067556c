"""Whether what was installed runs, and is the release that was asked for: it is asked itself."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.version import InvalidVersion, Version

from harness.errors import NamespaceRefused
from harness.kernel import children
from harness.provisioning import surroundings

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.provisioning.shelf import Provided

_SECONDS: Final = 60
# `python -m installer` has no --version; importing it first shows that it runs.
_ASK_INSTALLER: Final = "import installer.__main__, importlib.metadata as said; print(said.version('installer'))"


def _python(made: Provided, *arguments: str) -> tuple[str, ...]:
    return (str(made.scripts / "python"), "-I", *arguments)


# As the harness runs them: pip from its directory, as it is put on a site's own interpreter.
_QUESTIONS: Final[dict[str, Callable[[Provided], tuple[str, ...]]]] = {
    "uv": lambda made: (str(made.scripts / "uv"), "--version"),
    "pip": lambda made: _python(made, str(made.library / "pip"), "--version"),
    "installer": lambda made: _python(made, "-c", _ASK_INSTALLER),
    "pdm": lambda made: _python(made, "-m", "pdm", "--version"),
    "poetry": lambda made: _python(made, "-m", "poetry", "--version"),
}


def doubt(made: Provided) -> str:
    """What speaks against an installed release; empty: it has said that it is the one.

    Raises:
        OSError: it cannot be started.
    """
    # Whatever it wants to keep in a home directory is not of the environment.
    with tempfile.TemporaryDirectory(prefix="home-", dir=made.directory) as home:
        question = children.Command(
            arguments=_QUESTIONS[made.release.distribution](made),
            environment=surroundings.of_installer(Path(home)),
            directory=home,
        )
        try:
            ended = children.run(question, seconds=_SECONDS, writable=str(made.directory))
        except NamespaceRefused:
            # Where an image is built: it is provided there for later, and consists of wheels alone.
            ended = children.run(question, seconds=_SECONDS, writable=None)
    if ended.stopped:
        return f"it was installed, but does not say its version within {_SECONDS} s"
    if ended.exit:
        said = (ended.errors.strip() or ended.output.strip() or f"exit status {ended.exit}").splitlines()[-1]
        return f"it was installed, but does not run: {said}"
    if _version(ended.output) != Version(made.release.version):
        return f"what was installed says that it is {ended.output.strip()!r}"
    return ""


def _version(said: str) -> Version | None:
    """The version in `uv 0.1.2`, `pip 24.0 from /...`, `PDM, version 2.10.0`, `Poetry (version 1.8.2)`, `0.7.0`."""
    found = re.search(r"(?<![\w.])\d[\w.+!-]*", said)
    try:
        return Version(found[0]) if found else None
    except InvalidVersion:
        return None
