"""Finding an installer by the name a user gives."""

from __future__ import annotations

import difflib
import os
import re
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.version import InvalidVersion, Version

from harness import provisioning
from harness.errors import NotAnInstaller, UnknownName
from harness.installers.pdm import pdm
from harness.installers.pip import pip
from harness.installers.poetry import poetry
from harness.installers.pypa_installer import pypa_installer
from harness.installers.reference import REFERENCE
from harness.installers.specimen import SPECIMENS
from harness.installers.uv import uv
from harness.kernel import children
from harness.provisioning import Release

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.installers.protocol import Installer
    from harness.provisioning import Provided

_PROGRAMS: Final[Mapping[str, Installer]] = {installer.name: installer for installer in (REFERENCE, *SPECIMENS)}
_SECONDS: Final = 30


def _uv(provided: Provided) -> Installer:
    version = Version(provided.release.version)
    return uv(str(provided.release), provided.scripts / "uv", version)


def _pdm(provided: Provided) -> Installer:
    return pdm(str(provided.release), provided.scripts / "python", Version(provided.release.version))


def _poetry(provided: Provided) -> Installer:
    return poetry(str(provided.release), provided.scripts / "python", Version(provided.release.version))


def _pip(provided: Provided) -> Installer:
    return pip(str(provided.release), provided.library, Version(provided.release.version))


def _pypa_installer(provided: Provided) -> Installer:
    return pypa_installer(str(provided.release), provided.library, Version(provided.release.version))


# What makes an installer of a release: one entry for each distribution that can be put to the test.
RELEASED: Final[Mapping[str, Callable[[Provided], Installer]]] = {
    "uv": _uv,
    "pip": _pip,
    "installer": _pypa_installer,
    "pdm": _pdm,
    "poetry": _poetry,
}
_PATH: Final = "path:"
_SAYS_UV: Final = re.compile(r"uv (\S+)")


def names() -> tuple[str, ...]:
    """All that can be named, the reference core first; a release of the later ones as `NAME==VERSION`."""
    return (*_PROGRAMS, *RELEASED)


@lru_cache(maxsize=64)
def find(name: str) -> Installer:
    """The installer of this name: `reference`, `specimen:...`, `uv==0.1.2`, `uv` (the newest), `path:/path/to/uv`.

    A release that is not there is installed; see `harness.provisioning`. The name of what is returned says which
    release it is, and finds the same one again.

    Raises:
        UnknownName: there is none.
        NotProvided: the release is not there, and cannot be had.
        NotAnInstaller: what lies at a path is none.
        NamespaceRefused: the machine allows no private namespaces to ask what lies there.
    """
    if name in _PROGRAMS:
        return _PROGRAMS[name]
    if name.startswith(_PATH):
        return _built(name)
    distribution, _, version = name.partition("==")
    if distribution not in RELEASED:
        nearest = difflib.get_close_matches(name, names(), n=1, cutoff=0.4)
        raise UnknownName(kind="installer", name=name, known=names(), nearest=nearest[0] if nearest else None)
    release = Release(distribution, version) if version else provisioning.newest(distribution)
    return RELEASED[distribution](provisioning.provide(release))


def _built(name: str) -> Installer:
    """Somebody's own build of uv."""
    binary = Path(name.removeprefix(_PATH)).expanduser().absolute()
    with tempfile.TemporaryDirectory(prefix="exdev-built-") as home:
        settings = {"HOME": home, "PATH": os.defpath, "LC_ALL": "C.UTF-8"}
        question = children.Command(arguments=(str(binary), "--version"), environment=settings, directory=home)
        try:
            ended = children.run(question, seconds=_SECONDS, writable=home)
        except OSError as refused:
            raise NotAnInstaller(path=str(binary), because=str(refused)) from refused
    if ended.stopped:
        raise NotAnInstaller(path=str(binary), because=f"it does not say its version within {_SECONDS} s")
    said = _SAYS_UV.match(ended.output)
    try:
        version = Version(said[1]) if said else None
    except InvalidVersion:
        version = None
    if version is None:
        because = f"its --version says {(ended.output or ended.errors).strip()!r:.100}, not `uv` and a version"
        raise NotAnInstaller(path=str(binary), because=because)
    return uv(f"{_PATH}{binary}", binary, version)
