"""uv, any release: `uv pip install`, one worker, offline, wheels found in the wheelhouse by name and version."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.version import Version

from harness.installers import environment
from harness.installers.commands import CommandInstaller
from harness.installers.printed import Style
from harness.installers.protocol import Abilities
from harness.kernel import children

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.installers.environment import Place
    from harness.kernel.children import Command
    from harness.model import Case, LinkMode, Step

_STYLE: Final = Style(
    # Errors, solver failures (a multiplication sign before `No solution found`), what a panic leaves.
    error=re.compile(r"^(?:error: |\s*\xd7 |thread .* panicked)", re.MULTILINE),
    warning=re.compile(r"warning: "),
)
# Until 0.2.26 its command line refuses the mode: "possible values: clone, copy, hardlink".
_SYMLINKS: Final = Version("0.2.27")
# The first seen to read UV_CACHE_DIR: 0.0.5 has its cache in the home directory, wherever the layout has it.
_CACHE_DIR: Final = Version("0.1.0")
_SECONDS: Final = 30.0

# Several workers make the order of two wheels, and with it every order a case asks for, a matter of luck.
_ONE_AT_A_TIME: Final = {
    "RAYON_NUM_THREADS": "1",
    "UV_CONCURRENT_INSTALLS": "1",
    "UV_CONCURRENT_BUILDS": "1",
    "UV_CONCURRENT_DOWNLOADS": "1",
}


def uv(name: str, binary: Path, version: Version) -> CommandInstaller:
    """A release of uv, or a build of one's own.

    Args:
        name: how it is selected.
        binary: the program.
        version: what it says it is.
    """
    link_modes: set[LinkMode] = {"clone", "hardlink", "copy"}
    if version >= _SYMLINKS:
        link_modes.add("symlink")
    return CommandInstaller(
        name=name,
        abilities=Abilities(
            actions=frozenset({"warm", "install", "upgrade", "reinstall", "uninstall"}),
            link_modes=frozenset(link_modes),
            listings=False,
            ordered=False,
            keeps=(".cache/uv/*",) if version < _CACHE_DIR else (),
            effort=10,
        ),
        tool=_Uv(str(binary)),
    )


@dataclass(frozen=True, slots=True)
class _Uv:
    binary: str

    @property
    def style(self) -> Style:
        return _STYLE

    def prepare(self, place: Place) -> None:
        """Put what uv knows about the environment's interpreter into the cache: asking it costs more than installing.

        A cache that cannot be written to stays as it is.
        """
        known = _known(self, place)
        cache = place.site.role("cache")
        with suppress(OSError):
            for path, content in known.items():
                os.makedirs(os.path.dirname(f"{cache}/{path}"), exist_ok=True)
                with open(f"{cache}/{path}", "xb") as file:
                    file.write(content)

    def commands(self, step: Step, case: Case, place: Place) -> Iterator[Command]:
        wheels = [case.wheel(key) for key in step.wheels]
        if step.action == "uninstall":
            yield self.command(place, "uninstall", *(wheel.name for wheel in wheels))
            return
        options = ["--no-index", "--no-deps", "--offline", "--link-mode", case.link_mode]
        options += ["--find-links", place.site.role("wheelhouse")]
        options += ["--reinstall"] if step.action == "reinstall" else []
        requirements = [f"{wheel.name}=={wheel.version}" for wheel in wheels]
        if step.action == "warm":
            # uv fills its cache by installing; where to does not matter to the cache.
            scratch = f"{place.aside}/scratch"
            if not os.path.exists(scratch):
                environment.spread(scratch)
            yield self.command(place, "install", "--reinstall", *options, *requirements, VIRTUAL_ENV=scratch)
        else:
            yield self.command(place, "install", *options, *requirements)

    def command(self, place: Place, *arguments: str, **variables: str) -> Command:
        """`uv pip ...` in the site's environment."""
        settings = {
            **_ONE_AT_A_TIME,
            "UV_CACHE_DIR": place.site.role("cache"),
            "UV_NO_CONFIG": "1",
            "UV_PYTHON_DOWNLOADS": "never",
        }
        return place.command(self.binary, "pip", *arguments, **{**settings, **variables})


_KNOWN: Final[dict[tuple[str, ...], Mapping[str, bytes]]] = {}


def _known(uv: _Uv, place: Place) -> Mapping[str, bytes]:
    """What uv keeps about the interpreter of an environment with these schemes: file in the cache -> content."""
    key = (uv.binary, *place.schemes)
    if key not in _KNOWN:
        scratch = f"{place.aside}/interpreter-cache"
        asked = uv.command(place, "freeze", UV_CACHE_DIR=scratch)
        children.run(asked, seconds=_SECONDS, writable=place.writable)
        _KNOWN[key] = {
            str(path.relative_to(scratch)): path.read_bytes()
            for path in Path(scratch).glob("interpreter-*/**/*")
            if path.is_file()
        }
    return _KNOWN[key]
