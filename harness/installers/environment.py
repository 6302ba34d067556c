"""The smallest valid virtual environment (PEP 405) on a site: pyvenv.cfg, the interpreter's link, the schemes."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from harness.errors import LayoutUntrue, errno_name
from harness.kernel.children import Command, run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.layouts.build import Site
    from harness.model import Layout

PYTHON: Final = f"python{sys.version_info.major}.{sys.version_info.minor}"
_SECONDS: Final = 30.0

# Where the interpreter of a virtual environment looks for each scheme by itself; headers are a convention of pip and
# uv, which no sysconfig scheme knows.
USUAL: Final = {
    "purelib": f"lib/{PYTHON}/site-packages",
    "platlib": f"lib/{PYTHON}/site-packages",
    "scripts": "bin",
    "data": "",
}

# Distributions that have their own places (Debian) change sysconfig's schemes as well. A line of a .pth file is what an
# isolated interpreter (-I) still runs; `sitecustomize` would be Debian's own, which comes first. Who has libraries of
# another name looks into them: Debian's site.getsitepackages() names dist-packages, Fedora's has lib64.
_SCHEMES_PTH: Final = (
    "import sys, sysconfig; [scheme.update({places}) for scheme in sysconfig._INSTALL_SCHEMES.values()]; "
    "sys.path.extend(path for path in {libraries} if path not in sys.path)\n"
)
_LIBRARIES: Final = ("purelib", "platlib")


@dataclass(frozen=True, slots=True)
class Place:
    """A site with a virtual environment, as the commands of an installer need it.

    Attributes:
        site: the site.
    """

    site: Site

    @property
    def python(self) -> str:
        """The environment's interpreter."""
        return f"{self.site.role('environment')}/bin/python"

    @property
    def aside(self) -> str:
        """A directory beside the site's root, gone with it, that no contract looks at."""
        return f"{os.path.dirname(self.site.root)}/aside"

    @property
    def home(self) -> str:
        """A home directory of its own."""
        return f"{self.aside}/home"

    @property
    def schemes(self) -> tuple[str, ...]:
        """The environment and its schemes: what its interpreter knows of the layout."""
        return tuple(self.site.role(role) for role in ("environment", *USUAL))

    @property
    def writable(self) -> str:
        """All that a command may write to: see `harness.kernel.children.run`."""
        return os.path.dirname(os.path.dirname(self.site.root))

    def command(self, *arguments: str, **variables: str) -> Command:
        """A command in a clean environment: nothing of the user's own settings, home or locale reaches it.

        It keeps to one processor: in which order uv unpacks and places several wheels is then nearly always the same.
        """
        settings = {
            "HOME": self.home,
            "LC_ALL": "C.UTF-8",
            "PATH": "/usr/bin:/bin",
            "TMPDIR": self.site.role("temporary"),
            "VIRTUAL_ENV": self.site.role("environment"),
            "XDG_CONFIG_DIRS": f"{self.home}/.config/everybody",
            "XDG_CACHE_HOME": f"{self.home}/.cache",
            "XDG_CONFIG_HOME": f"{self.home}/.config",
            "XDG_DATA_HOME": f"{self.home}/.local/share",
            "XDG_STATE_HOME": f"{self.home}/.local/state",
            "PYTHONHASHSEED": "0",
            **variables,
        }
        return Command(arguments=arguments, environment=settings, directory=self.home, pinned=True)


def schemes_pth(places: Mapping[str, str]) -> str:
    """The line of a `.pth` file by which an interpreter has some of its schemes elsewhere, and imports from there.

    Args:
        places: the directory of each of those schemes.
    """
    libraries = dict.fromkeys(places[name] for name in _LIBRARIES if name in places)
    return _SCHEMES_PTH.format(places=json.dumps(places), libraries=json.dumps(list(libraries)))


def make(site: Site) -> Place:
    """Make a site's environment a virtual environment of the interpreter that runs us, unless it has been made so.

    Raises:
        LayoutUntrue: the layout has no room for one, or its interpreter takes itself for another one: then no
            installer may be let loose on it.
    """
    place = Place(site)
    if os.path.isdir(place.home):
        return place  # by another release of the same installer
    try:
        os.makedirs(place.home)
        spread(site.role("environment"), {role: site.role(role) for role in USUAL})
    except OSError as refused:
        fact = f"no virtual environment can be made: {refused.filename}: {errno_name(refused.errno)}"
        raise LayoutUntrue(layout=site.layout.name, facts=(fact,)) from refused
    _check(place)
    return place


def spread(environment: str, places: dict[str, str] | None = None) -> None:
    """Write a virtual environment's files.

    Args:
        environment: its directory, which may be there.
        places: the directory of each scheme, where they are not the usual ones.

    Raises:
        OSError: one of them cannot be written.
    """
    home, interpreter = os.path.split(base_interpreter())
    site_packages = f"{environment}/lib/{PYTHON}/site-packages"
    for directory in (f"{environment}/bin", site_packages):
        os.makedirs(directory, exist_ok=True)
    with open(f"{environment}/pyvenv.cfg", "x", encoding="utf-8") as file:
        file.write(f"home = {home}\ninclude-system-site-packages = false\n")
    os.symlink(f"{home}/{interpreter}", f"{environment}/bin/python")
    unusual = {
        name: path for name, path in (places or {}).items() if path != (f"{environment}/{USUAL[name]}".rstrip("/"))
    }
    if unusual:
        with open(f"{site_packages}/exdev-schemes.pth", "x", encoding="utf-8") as file:
            file.write(schemes_pth(unusual))


@lru_cache(maxsize=1)
def base_interpreter() -> str:
    """The interpreter that no virtual environment is around, all links resolved."""
    name = getattr(sys, "_base_executable", sys.executable)  # the venv module's own way
    return os.path.realpath(name)


_SEEN: Final = """
import os, sys
print(sys.prefix)
seen = {os.path.realpath(path) for path in sys.path}
print(*(path for path in sys.argv[1:] if os.path.realpath(path) not in seen), sep="\\n", end="")
"""
_CHECKED: Final[set[tuple[Layout, str]]] = set()


def _check(place: Place) -> None:
    """Once for each layout in each place: that the interpreter takes the environment for its own, and its libraries."""
    checked = (place.site.layout, place.site.root)
    if checked in _CHECKED:
        return
    libraries = {place.site.role(name): f"{{{name}}}" for name in _LIBRARIES}
    command = place.command(place.python, "-IBc", _SEEN, *libraries)
    ended = run(command, seconds=_SECONDS, writable=place.writable)
    prefix, *unseen = ended.output.splitlines() or [""]
    facts = [f"its interpreter does not import from {libraries.get(path, path)}" for path in unseen]
    if prefix != place.site.role("environment"):
        facts = [f"its interpreter's sys.prefix is {prefix or ended.errors.strip()}, not {{environment}}"]
    if facts:
        raise LayoutUntrue(layout=place.site.layout.name, facts=tuple(facts))
    _CHECKED.add(checked)
