"""pdm, from 2.12 on: `pdm sync` of a project with its lock file, one worker, wheels found in the wheelhouse.

The project lies beside the site. Its lock file is written here: what is put to the test is how files get to their
places, not how versions are chosen. Parallel workers are off: which of two wheels comes last would be a matter of luck.

By default pdm unpacks each wheel into the environment. Linking is what its `install.cache` does: it keeps wheels
unpacked in the cache, and the environment gets links to them, by `install.cache_method`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.version import Version

from harness.errors import NotProvided
from harness.installers import environment, projects
from harness.installers.commands import CommandInstaller
from harness.installers.printed import Style
from harness.installers.projects import quoted
from harness.installers.protocol import Abilities

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.installers.environment import Place
    from harness.installers.projects import Locked
    from harness.kernel.children import Command
    from harness.model import Case, Step

_STYLE: Final = Style(
    # The line that a traceback ends with (`OSError: [Errno 18] ...`), or what pdm says instead of a traceback
    # (`[OSError]: ...`). That some operations failed is what it adds to each of them.
    error=re.compile(
        r"^(?:\[(?!InstallationError\]: Some package)\w+\]: |(?:\w+\.)*[A-Z]\w*[a-z]\w*(?:: |$))", re.MULTILINE
    ),
    warning=re.compile(r"WARNING: (?!Add '-v')"),
)
_OLDEST: Final = Version("2.12")

# The lock format that a release writes; it reads those with the same first two numbers.
_FORMATS: Final = (
    (Version("2.28.1"), "4.5.1"),
    (Version("2.17"), "4.5.0"),
    (Version("2.16"), "4.4.2"),
    (_OLDEST, "4.4.1"),
)
_TARGETS: Final = Version("2.17")  # since then it says which interpreters it was made for
_RESOLUTION: Final = Version("2.16")  # since then the content hash covers all settings of `resolution`, not just one
_PYTHONS: Final = ">=3.8"


def pdm(name: str, python: Path, version: Version) -> CommandInstaller:
    """A release of pdm.

    Args:
        name: how it is selected.
        python: the interpreter of the environment that holds it.
        version: what it says it is.

    Raises:
        NotProvided: it is too old to be sure that it stays offline.
    """
    if version < _OLDEST:
        because = (
            f"pdm is put to the test from {_OLDEST} on; 2.10.0 was seen to ask the index for what a directory holds"
        )
        raise NotProvided(installer=name, because=because, directory="", runs=False)
    return CommandInstaller(
        name=name,
        abilities=Abilities(
            actions=frozenset({"warm", "install", "upgrade", "reinstall", "uninstall"}),
            link_modes=frozenset({"symlink", "hardlink", "copy"}),
            strict=True,  # It never falls back, told or not.
            listings=False,
            ordered=False,
            outside=False,  # It looks for what is installed below the prefix.
            # The settings that we give it, and its logs (`log_dir` among its settings).
            keeps=(".config/pdm/*", ".local/state/pdm/*"),
            effort=200,
        ),
        tool=_Pdm(str(python), version),
    )


@dataclass(frozen=True, slots=True)
class _Pdm:
    python: str
    version: Version

    @property
    def style(self) -> Style:
        return _STYLE

    def prepare(self, place: Place) -> None:
        """It keeps nothing that could be found out beforehand."""

    def commands(self, step: Step, case: Case, place: Place) -> Iterator[Command]:
        wheels = projects.declared(step, case, place)
        source = _source(place)
        method: str = "" if case.link_mode == "copy" else case.link_mode
        target = place.site.role("environment")
        if step.action == "warm":
            # It fills its cache by installing; where to does not matter to the cache, nor does how: what is no link
            # becomes a copy.
            method, target = "copy", f"{place.aside}/scratch"
            if not os.path.exists(target):
                environment.spread(target)
        project = f"{place.aside}/pdm"
        files = {
            "pyproject.toml": pyproject(source, wheels),
            "pdm.lock": lock(self.version, source, wheels),
            # As `pdm use` leaves it: the environment was chosen, and need not be announced.
            ".pdm-python": f"{target}/bin/python",
        }
        projects.write(project, files)
        projects.write(f"{place.home}/.config/pdm", {"config.toml": _settings(place, method)})
        options = {"uninstall": ("--clean",), "reinstall": ("--reinstall",), "warm": ("--reinstall",)}
        yield place.command(
            *(self.python, "-m", "pdm", "sync", "--no-self", "--project", project),
            *options.get(step.action, ()),
            # Wide enough for any path: what it prints is broken across lines otherwise.
            COLUMNS="1000",
            VIRTUAL_ENV=target,
        )

    def hashed(self, step: Step, case: Case, place: Place) -> str:
        """What the lock file's content hash is made of, in a step."""
        return hashed(self.version, _source(place), projects.declared(step, case, place))


def pyproject(source: Mapping[str, str], wheels: Sequence[Locked]) -> str:
    """A project that asks for these wheels and no others."""
    tables = ["[project]", 'name = "project"', 'version = "0"', f"requires-python = {quoted(_PYTHONS)}"]
    tables += ["dependencies = [", *(f"    {quoted(one)}," for one in _dependencies(wheels)), "]"]
    tables += ["", "[[tool.pdm.source]]", *(f"{key} = {quoted(value)}" for key, value in source.items())]
    return "\n".join(tables) + "\n"


def lock(version: Version, source: Mapping[str, str], wheels: Sequence[Locked]) -> str:
    """The lock file that this release of pdm writes for that project, summaries aside."""
    number = next(number for since, number in _FORMATS if version >= since)
    lines = ["[metadata]", 'groups = ["default"]', f"lock_version = {quoted(number)}"]
    lines += ['strategy = ["inherit_metadata"]']
    lines += [f"content_hash = {quoted(f'sha256:{content_hash(version, source, wheels)}')}"]
    lines += ["", "[[metadata.targets]]", f"requires_python = {quoted(_PYTHONS)}"] if version >= _TARGETS else []
    for wheel in wheels:
        lines += ["", "[[package]]", f"name = {quoted(wheel.name)}", f"version = {quoted(wheel.version)}"]
        lines += ['groups = ["default"]']
        lines += [f"files = [{{file = {quoted(wheel.filename)}, hash = {quoted(f'sha256:{wheel.sha256}')}}}]"]
    return "\n".join(lines) + "\n"


def content_hash(version: Version, source: Mapping[str, str], wheels: Sequence[Locked]) -> str:
    """The hash of what pdm takes of a project, to find out later whether the lock file still belongs to it."""
    return hashlib.sha256(hashed(version, source, wheels).encode()).hexdigest()


def hashed(version: Version, source: Mapping[str, str], wheels: Sequence[Locked]) -> str:
    """What it takes."""
    relevant = {
        "sources": [source],
        "dependencies": _dependencies(wheels),
        "dev-dependencies": {},
        "optional-dependencies": {},
        "requires-python": _PYTHONS,
        ("resolution" if version >= _RESOLUTION else "overrides"): {},
    }
    return json.dumps(relevant, sort_keys=True)


def _source(place: Place) -> dict[str, str]:
    """The wheelhouse; of this name, it stands in for the index that every project has."""
    return {"name": "pypi", "type": "find_links", "url": Path(place.site.role("wheelhouse")).as_uri()}


def _dependencies(wheels: Sequence[Locked]) -> list[str]:
    return [f"{wheel.name}=={wheel.version}" for wheel in wheels]


def _settings(place: Place, method: str) -> str:
    """The user's settings: there is not a variable for each of them."""
    lines = ["check_update = false", f"cache_dir = {quoted(place.site.role('cache'))}"]
    lines += ["[install]", "parallel = false", f"cache = {'true' if method else 'false'}"]
    lines += [f"cache_method = {quoted(method)}"] if method else []
    return "\n".join(lines) + "\n"
