"""poetry, from 1.2 on: `poetry install` or `poetry sync` of a project with its lock file, one worker.

The project lies beside the site and names each wheel by the path of its archive in the wheelhouse. Its lock file is
written here: what is put to the test is how files get to their places, not how versions are chosen. Parallel workers
are off: which of two wheels comes last would be a matter of luck.

Archives that are files already never enter poetry's cache, so there is nothing with which it could be filled offline;
and it has no way to install again what is installed.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from packaging.version import Version

from harness.errors import NotProvided
from harness.installers import projects
from harness.installers.commands import CommandInstaller
from harness.installers.printed import Style
from harness.installers.projects import quoted
from harness.installers.protocol import Abilities

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from harness.installers.environment import Place
    from harness.installers.projects import Locked
    from harness.kernel.children import Command
    from harness.model import Case, Step

_STYLE: Final = Style(
    # An exception's name, indented and alone on a line; or what poetry says instead of one.
    error=re.compile(r"^(?: +[A-Z]\w*[a-z]\w*$|Error: )", re.MULTILINE),
    warning=re.compile(r"(?i:warning: )|Installing .* over existing file$"),
)
_OLDEST: Final = Version("1.2")
_LOCKS_2: Final = Version("1.3")  # the lock file's format 2.0
_LOCKS_2_1: Final = Version("2.0")  # 2.1: groups and markers, so that nothing has to be resolved again
_SYNC: Final = Version("2.0")  # `poetry sync`; it was `poetry install --sync`
_PYTHONS: Final = ">=3.7"


def poetry(name: str, python: Path, version: Version) -> CommandInstaller:
    """A release of poetry.

    Args:
        name: how it is selected.
        python: the interpreter of the environment that holds it.
        version: what it says it is.

    Raises:
        NotProvided: it is too old for environments without pip.
    """
    if version < _OLDEST:
        because = f"poetry is put to the test from {_OLDEST} on; before, it wants pip in the environment it installs to"
        raise NotProvided(installer=name, because=because, directory="", runs=False)
    return CommandInstaller(
        name=name,
        abilities=Abilities(
            actions=frozenset({"install", "upgrade", "uninstall"}),
            link_modes=frozenset({"copy"}),
            listings=False,
            ordered=False,
            outside=False,  # It looks for what is installed below the prefix.
            effort=200,
        ),
        tool=_Poetry(str(python), version),
    )


@dataclass(frozen=True, slots=True)
class _Poetry:
    python: str
    version: Version

    @property
    def style(self) -> Style:
        return _STYLE

    def prepare(self, place: Place) -> None:
        """It keeps nothing that could be found out beforehand."""

    def commands(self, step: Step, case: Case, place: Place) -> Iterator[Command]:
        wheels = projects.declared(step, case, place)
        project = f"{place.aside}/poetry"
        projects.write(project, {"pyproject.toml": pyproject(wheels), "poetry.lock": lock(self.version, wheels)})
        command = ["install"]
        if step.action == "uninstall":
            command = ["sync"] if self.version >= _SYNC else ["install", "--sync"]
        run = place.command(
            *(self.python, "-m", "poetry", *command, "--no-root", "--no-interaction"),
            POETRY_CACHE_DIR=place.site.role("cache"),
            POETRY_INSTALLER_MAX_WORKERS="1",
            POETRY_INSTALLER_PARALLEL="false",
            PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring",
        )
        yield replace(run, directory=project)

    def hashed(self, step: Step, case: Case, place: Place) -> str:
        """What the lock file's content hash is made of, in a step."""
        return hashed(projects.declared(step, case, place))


def pyproject(wheels: Sequence[Locked]) -> str:
    """A project that asks for these wheels and no others."""
    lines = ["[tool.poetry]", 'name = "project"', 'version = "0"', 'description = ""', "authors = []"]
    lines += ["", "[tool.poetry.dependencies]", f"python = {quoted(_PYTHONS)}"]
    lines += [f"{quoted(wheel.name)} = {{path = {quoted(wheel.path)}}}" for wheel in wheels]
    return "\n".join(lines) + "\n"


def lock(version: Version, wheels: Sequence[Locked]) -> str:
    """The lock file that this release of poetry writes for that project."""
    number = "2.1" if version >= _LOCKS_2_1 else "2.0" if version >= _LOCKS_2 else "1.1"
    lines = [] if wheels else ["package = []", ""]
    for wheel in wheels:
        lines += ["[[package]]", f"name = {quoted(wheel.name)}", f"version = {quoted(wheel.version)}"]
        lines += ['description = ""', 'category = "main"', "optional = false", 'python-versions = "*"']
        lines += ['groups = ["main"]', f"files = {_files(wheel)}"]
        lines += ["", "[package.source]", 'type = "file"', f"url = {quoted(wheel.path)}", ""]
    lines += ["[metadata]", f"lock-version = {quoted(number)}", f"python-versions = {quoted(_PYTHONS)}"]
    lines += [f"content-hash = {quoted(content_hash(wheels))}"]
    lines += ["", "[metadata.files]", *(f"{quoted(wheel.name)} = {_files(wheel)}" for wheel in wheels)]
    return "\n".join(lines) + "\n"


def content_hash(wheels: Sequence[Locked]) -> str:
    """The hash of what poetry takes of a project, to find out later whether the lock file still belongs to it."""
    return hashlib.sha256(hashed(wheels).encode()).hexdigest()


def hashed(wheels: Sequence[Locked]) -> str:
    """What it takes."""
    relevant = {
        "dependencies": {"python": _PYTHONS, **{wheel.name: {"path": wheel.path} for wheel in wheels}},
        "source": None,
        "extras": None,
        "dev-dependencies": None,
    }
    return json.dumps(relevant, sort_keys=True)


def _files(wheel: Locked) -> str:
    return f"[{{file = {quoted(wheel.filename)}, hash = {quoted(f'sha256:{wheel.sha256}')}}}]"
