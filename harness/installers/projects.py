"""What a project's files say of wheels: for installers that are given a project and its lock file, and no wheel."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.installers.environment import Place
    from harness.model import Case, Step, Wheel

_SEPARATORS = re.compile(r"[-_.]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A wheel as a lock file names it.

    Attributes:
        name: its distribution, normalised (PEP 503).
        version: its version.
        path: its archive.
        sha256: that archive's digest, hexadecimal.
    """

    name: str
    version: str
    path: str
    sha256: str

    @property
    def filename(self) -> str:
        """The archive's name."""
        return os.path.basename(self.path)


def quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's, but for DEL, which TOML does not allow as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def normalised(name: str) -> str:
    """A distribution's name as PEP 503 has it, which is how lock files spell it."""
    return _SEPARATORS.sub("-", name).lower()


def declared(step: Step, case: Case, place: Place) -> tuple[Locked, ...]:
    """What the project asks for in a step, sorted by name.

    To remove something, everything else that is installed, as both tools remove what a project no longer asks for.
    Otherwise what the step names and nothing more: they leave alone what is installed beside it, as they do for people
    who share an environment between projects. So no step does again what an earlier one failed to do.
    """
    asked = [case.wheel(key) for key in step.wheels]
    if step.action == "uninstall":
        removed = {normalised(wheel.name) for wheel in asked}
        asked = [one for one in case.wheels if normalised(one.name) not in removed and _is_installed(one, place)]
    wheelhouse = place.site.role("wheelhouse")
    # Of two versions of one distribution, the later one in the case: an upgrade that failed may leave both.
    found = {normalised(wheel.name): _locked(wheel, f"{wheelhouse}/{wheel.filename}") for wheel in asked}
    return tuple(found[name] for name in sorted(found))


def _is_installed(wheel: Wheel, place: Place) -> bool:
    libraries = (place.site.role("purelib"), place.site.role("platlib"))
    return any(os.path.exists(f"{library}/{wheel.dist_info}/METADATA") for library in libraries)


def _locked(wheel: Wheel, path: str) -> Locked:
    with open(path, "rb") as archive:
        digest = hashlib.file_digest(archive, "sha256").hexdigest()
    return Locked(name=normalised(wheel.name), version=wheel.version, path=path, sha256=digest)


def write(directory: str, files: Mapping[str, str]) -> None:
    """Write files, name to content, in the place of those of the step before.

    Raises:
        OSError: they cannot be written; or the directory is a link by now: the installer, which has been at work since,
            is kept out of the machine, and we are not.
    """
    os.makedirs(directory, exist_ok=True)
    if os.path.realpath(directory) != directory:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), directory)
    for name, content in files.items():
        with suppress(FileNotFoundError):
            os.unlink(f"{directory}/{name}")
        with open(f"{directory}/{name}", "x", encoding="utf-8") as file:
            file.write(content)
