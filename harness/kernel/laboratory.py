"""The laboratory: one tmpfs in a private mount namespace, on which every site and temporary directory lies."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.errors import LaboratoryHomeless
from harness.kernel import mountinfo, mounts, namespaces

if TYPE_CHECKING:
    from collections.abc import Iterator

# The name under which mountinfo lists a lab; how a child process recognises the one it was started in.
SOURCE: Final = "exdev-lab"
VARIABLE: Final = "EXDEV_LAB"

# Directories that the filesystem hierarchy standard wants to exist and that are often empty. Mounting over one of them
# needs no directory of our own on the machine, so nothing is left when the process is killed. Short, because overlay
# options name them again and again (fsconfig(2) takes 255 bytes).
_CANDIDATES: Final = (
    "/mnt",
    "/media",
    "/srv",
    "/opt",
    "/home",
    "/var/empty",
    "/var/local",
    "/boot",
    "/var/opt",
    "/usr/local/games",
    "/usr/games",
    "/lost+found",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Laboratory:
    """An open laboratory.

    Attributes:
        root: its mount point.
        sites: an empty directory for sites, this process' own.
        temporary: temporary root for pytest and `tempfile`, mode 0700. A process started inside a laboratory has it in
            common with its parent: pytest-xdist puts each worker's base directory into the controller's.
        entered: the namespaces.
    """

    root: str
    sites: str
    temporary: str
    entered: namespaces.Entered


@contextmanager
def open_laboratory() -> Iterator[Laboratory]:
    """Enter private namespaces (they are not left again) and mount a tmpfs there, taken down on leaving.

    It covers an empty directory of the machine: that of the environment variable EXDEV_LAB, or the first of a few that
    most machines have. In a process started inside a laboratory, only the sites get a tmpfs of their own.

    Raises:
        NamespaceRefused: the machine allows no private namespaces.
        LaboratoryHomeless: there is no empty directory to cover.
        MountFailed: the tmpfs was refused.
    """
    entered = namespaces.enter()
    inherited = _inherited()
    root = inherited or _choose()
    sites, temporary = f"{root}/s", f"{root}/tmp"  # noqa: S108 - the laboratory's own, never the host's
    with ExitStack() as stack:
        # Detached when left: files that are still open (a log, a child's) must not turn a good end into a bad one.
        if inherited:
            stack.enter_context(mounts.tmpfs(sites, mode="755", source=SOURCE, leave="detach"))
        else:
            stack.enter_context(mounts.tmpfs(root, mode="755", source=SOURCE, leave="detach"))
            Path(sites).mkdir(mode=0o755)
            Path(temporary).mkdir(mode=0o700)
        yield Laboratory(root=root, sites=sites, temporary=temporary, entered=entered)


def _inherited() -> str | None:
    """The root of the laboratory this process was started in, if any: the first of that name, later ones are sites."""
    for entry in mountinfo.read():
        if entry.source == SOURCE and entry.type == "tmpfs" and Path(entry.at, "s").is_dir():
            return entry.at
    return None


def _choose() -> str:
    wanted = os.environ.get(VARIABLE)
    if wanted:
        objection = _objection(wanted)
        if objection:
            raise LaboratoryHomeless(tried=((wanted, objection),), variable=VARIABLE, chosen=True)
        return str(Path(wanted).resolve())
    tried = []
    for candidate in _CANDIDATES:
        objection = "a symbolic link" if Path(candidate).is_symlink() else _objection(candidate)
        if not objection:
            return candidate
        tried.append((candidate, objection))
    raise LaboratoryHomeless(tried=tuple(tried), variable=VARIABLE, chosen=False)


def _objection(path: str) -> str:
    """Why a directory cannot be covered by the laboratory; empty: it can."""
    if not os.path.isabs(path):
        return "not an absolute path"
    try:
        if os.listdir(path):
            return "not empty"
    except OSError as refused:
        return errno.errorcode.get(refused.errno or 0, "") + ": " + os.strerror(refused.errno or 0)
    covered = Path(path).resolve()
    # An empty directory holds none of these, but may be one: a process can work in it.
    for used in (Path.cwd(), Path(sys.prefix), Path(sys.executable)):
        if used.is_relative_to(covered):
            return f"holds {used}"
    return ""
