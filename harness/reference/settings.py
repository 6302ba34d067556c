"""Settings: what a user would have configured before asking the reference core for anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.model import LinkMode


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where things lie and how files get there. All paths are absolute and real.

    Attributes:
        cache, temporary: directories of the installer's own.
        purelib, platlib, scripts, data, headers: the environment's scheme directories (sysconfig's names).
        python: the interpreter that scripts name in their first line.
        link_mode: how files get from the cache into the environment.
        strict: fail where the link mode cannot be had, instead of copying.
        token: makes temporary names unique; two programs running at once need different ones (an installer of the
            world: process id and a random number). Short: names of wheel files may already be 255 bytes long, so
            temporary names never contain them.
        umask: permission bits that installed files and directories do not get.
        siblings: tokens of programs that run at the same time: what has a name of theirs is no leftover.
    """

    cache: str
    temporary: str
    purelib: str
    platlib: str
    scripts: str
    data: str
    headers: str
    python: str = "/usr/bin/python3"
    link_mode: LinkMode = "hardlink"
    strict: bool = False
    token: str = "0"  # noqa: S105 - a name, no secret
    umask: int = 0o022
    siblings: tuple[str, ...] = ()

    def file_mode(self, *, executable: bool) -> int:
        """The permission bits of a new file."""
        return (0o777 if executable else 0o666) & ~self.umask

    def scheme(self, name: str) -> str:
        """The directory of one scheme key (`purelib`, `platlib`, `scripts`, `data`, `headers`)."""
        path: str = getattr(self, name)
        return path


# Every temporary name starts with this: a dot hides it from imports, and `repair` knows it again.
TEMPORARY_PREFIX = ".exdev-"
# A .dist-info that is about to appear: whoever removes files meanwhile honours what its RECORD claims.
INCOMING = ".new"
# One that has been set aside and may come back: it still claims.
OUTGOING = ".old"
# One that does not come back: it claims nothing, but its RECORD tells `repair` what may be left of it.
GONE = ".gone"
