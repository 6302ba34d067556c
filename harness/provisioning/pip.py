"""pip, as it is used here: it finds out what the index has, downloads, resolves and installs."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Final

from harness.kernel import children
from harness.provisioning import surroundings

if TYPE_CHECKING:
    from pathlib import Path

    from harness.kernel.children import Ended

_SECONDS: Final = 300
_PATIENCE: Final = ("--retries", "1", "--timeout", "20")
# The first with `--python`, `--dry-run` and `--report`.
_NEEDED: Final = "22.3"
_END_OF_BUILD: Final = "[end of output]"


def install(*arguments: str, directory: Path, python: Path | None = None, builds: Path | None = None) -> Ended:
    """Run `pip install`, of this environment; from wheels alone, unless it may build others.

    Args:
        arguments: what follows `pip install`.
        directory: where it runs; empty, as Python imports from there.
        python: the interpreter of the environment to install into.
        builds: what was published without a wheel is built. Its build scripts run, with a network, on a machine of
            which they can write to this directory alone. None: nothing of what is installed is run.

    Raises:
        OSError: it cannot be started.
        NamespaceRefused: the machine allows no private namespaces, in which alone something is built.
    """
    kinds = ("--only-binary", ":all:") if builds is None else ("--prefer-binary",)
    into = () if python is None else ("--python", str(python))
    brief = ("--quiet", "--root-user-action", "ignore", *_PATIENCE)
    return _run(*into, "install", *brief, *kinds, *arguments, directory=directory, builds=builds)


def versions(distribution: str, *, directory: Path) -> Ended:
    """Run `pip index versions`, of this environment: what it prints lists the releases.

    Args:
        distribution: its name on the index.
        directory: as for `install`.

    Raises:
        OSError: it cannot be started.
    """
    # The command was called experimental from pip 21.2 to 25.0; what it prints first has stayed the same.
    return _run("index", "versions", *_PATIENCE, distribution, directory=directory)


def _run(*arguments: str, directory: Path, builds: Path | None = None) -> Ended:
    # In a cache that build scripts could write to, they could leave something for whoever trusts it later.
    own = {} if builds is None else {"PIP_NO_CACHE_DIR": "1", "TMPDIR": str(directory)}
    command = children.Command(
        arguments=(sys.executable, "-m", "pip", *arguments),
        environment=surroundings.of_pip() | own,
        directory=str(directory),
    )
    writable = None if builds is None else str(builds)
    return children.run(command, seconds=_SECONDS, writable=writable, network=True)


def found_nothing(ended: Ended) -> bool:
    """Whether the index did answer, but has nothing that fits."""
    nothing = "No matching distribution found" in ended.errors or "ResolutionImpossible" in ended.errors
    return ended.exit != 0 and nothing and not _connection(ended.errors)


def complaint(ended: Ended) -> str:
    """Why pip failed, in its own last words."""
    said = [line.strip() for line in ended.errors.splitlines() if line.strip()]
    if ended.stopped:
        return f"pip did not end within {_SECONDS} s"
    if any(line.endswith("No module named pip") for line in said):
        return f"{sys.executable} has no pip, which installs releases; `{sys.executable} -m ensurepip` installs it"
    if any(line.startswith("no such option") for line in said):
        return (
            f"the pip of {sys.executable} is older than {_NEEDED}; `{sys.executable} -m pip install -U pip` renews it"
        )
    broken = _connection(ended.errors)
    return f"pip says: {_last(said) or f'exit status {ended.exit}'}" + (f" ({broken})" if broken else "")


def _last(said: list[str]) -> str:
    """The line of what pip said that names the cause."""
    if _END_OF_BUILD in said:
        # Of a build that failed; what pip says after it is general advice.
        return said[said.index(_END_OF_BUILD) - 1]
    errors = [line.removeprefix("ERROR: ") for line in said if line.startswith("ERROR: ")]
    return (errors or said or [""])[-1]


def _connection(errors: str) -> str:
    """Why the index was not reached; empty: nothing speaks of that."""
    found = re.findall(r"connection broken by (['\"])(.*)\1: /", errors)
    if not found:
        return ""
    # What follows `NewConnectionError('<an object at 0x7f...>: `, if it is that.
    return str(found[-1][1]).rpartition(">: ")[2].rstrip("')\"")
