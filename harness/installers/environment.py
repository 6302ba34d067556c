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
# isolated interpreter (-I) still runs; `sitecustomize` would be Debian's own, which comes first.
SCHEMES_PTH: Final = "import sysconfig; [scheme.update({places}) for scheme in sysconfig._INSTALL_SCHEMES.values()]\n"


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


def make(site: Site) -> Place:
    """Make a site's environment a virtual environment of the interpreter that runs us.

    Raises:
        LayoutUntrue: the layout has no room for one, or its interpreter takes itself for another one: then no
            installer may be let loose on it.
    """
    place = Place(site)
    try:
        os.makedirs(place.home, exist_ok=True)
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
            file.write(SCHEMES_PTH.format(places=json.dumps(unusual)))


@lru_cache(maxsize=1)
def base_interpreter() -> str:
    """The interpreter that no virtual environment is around, all links resolved."""
    name = getattr(sys, "_base_executable", sys.executable)  # the venv module's own way
    return os.path.realpath(name)


_CHECKED: Final[set[tuple[Layout, str]]] = set()


def _check(place: Place) -> None:
    """Once for each layout in each place: that the interpreter takes the site's environment for its own."""
    checked = (place.site.layout, place.site.root)
    if checked in _CHECKED:
        return
    ended = run(
        place.command(place.python, "-IBc", "import sys; print(sys.prefix)"), seconds=_SECONDS, writable=place.writable
    )
    prefix = ended.output.strip()
    if prefix != place.site.role("environment"):
        fact = f"its interpreter's sys.prefix is {prefix or ended.errors.strip()}, not {{environment}}"
        raise LayoutUntrue(layout=place.site.layout.name, facts=(fact,))
    _CHECKED.add(checked)
