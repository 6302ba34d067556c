"""pip: run from its own directory by the site's interpreter, wheels found by name and version.

That is how `pip --python` itself puts a pip to work on an environment that has none. Files come out as they do for
people, with the bytecode that pip compiles. A wheel that lies in a directory goes from its archive straight into the
environment: pip's cache sees none of it, and there is nothing to warm.

19.2 is the first that runs under Python 3.11: earlier ones import `collections.Mapping`. From 20.2 on files are created
in the archive's order; before, wheels are unpacked into the temporary directory and copied as that is listed.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from packaging.version import Version

from harness.installers.commands import CommandInstaller
from harness.installers.printed import Style
from harness.installers.protocol import Abilities

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from harness.installers.environment import Place
    from harness.kernel.children import Command
    from harness.model import Action, Case, Step

_STYLE: Final = Style(
    # What pip says of a failure that it knows, which may be indented; of one that it does not, the line that the
    # traceback ends with.
    error=re.compile(r"^(?: *ERROR: (?!Exception:$)|(?:\w+\.)*[A-Z]\w*[a-z]\w*(?:: |$))", re.MULTILINE),
    warning=re.compile(r"\s*(?:WARNING|DEPRECATION): "),
)
# The resolver of earlier ones keeps the order in which wheels are named; this one's order is by name, backwards.
_RESOLVELIB: Final = Version("20.3b1")
_OPTIONS: Final[Mapping[Action, tuple[str, ...]]] = {"upgrade": ("--upgrade",), "reinstall": ("--force-reinstall",)}


def pip(name: str, library: Path, version: Version) -> CommandInstaller:
    """A release of pip.

    Args:
        name: how it is selected.
        library: the site-packages directory that holds it.
        version: what it says it is.
    """
    return CommandInstaller(
        name=name,
        abilities=Abilities(
            actions=frozenset({"install", "upgrade", "reinstall", "uninstall"}),
            link_modes=frozenset({"copy"}),
            strict=True,  # Copying is all it does: there is nothing to fall back to.
            listings=False,
            ordered=version < _RESOLVELIB,
            outside=False,  # "Not uninstalling ..., outside environment" (pip/_internal/req/req_uninstall.py)
            effort=100,
        ),
        tool=_Pip(f"{library}/pip"),
    )


@dataclass(frozen=True, slots=True)
class _Pip:
    package: str

    @property
    def style(self) -> Style:
        return _STYLE

    def prepare(self, place: Place) -> None:
        """It keeps nothing that could be found out beforehand."""

    def commands(self, step: Step, case: Case, place: Place) -> Iterator[Command]:
        wheels = [case.wheel(key) for key in step.wheels]
        if step.action == "uninstall":
            yield self._command(place, "uninstall", "--yes", *(wheel.name for wheel in wheels))
            return
        yield self._command(
            *(place, "install", "--no-index", "--no-deps", "--find-links", place.site.role("wheelhouse")),
            *_OPTIONS.get(step.action, ()),
            *(f"{wheel.name}=={wheel.version}" for wheel in wheels),
        )

    def _command(self, place: Place, *arguments: str) -> Command:
        return place.command(
            *(place.python, self.package, *arguments),
            # As in an activated environment; pip warns about scripts that are not on it.
            PATH=f"{place.site.role('scripts')}:/usr/bin:/bin",
            PIP_CACHE_DIR=place.site.role("cache"),
            # Of all files that pip would read settings from, none is read (documented for this one value).
            PIP_CONFIG_FILE=os.devnull,
            PIP_DISABLE_PIP_VERSION_CHECK="1",
            PIP_NO_INPUT="1",
            # Of what it imports itself; what it installs is compiled all the same.
            PYTHONDONTWRITEBYTECODE="1",
        )
