"""Deeds: what a fact says is done with scratch files in a throwaway site, and what the kernel answers."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from harness.errors import errno_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.layouts.build import Site
    from harness.model import Fact
    from harness.model.layout import Deed

_SCRIPT: Final = b"#!/bin/sh\nexit 0\n"
_SECONDS: Final = 60


class Deeds:
    """Does facts in one site.

    For a fact after the image, `prepare` makes the scratch file or directory while the image is made, so that the deed
    is done to something that lies on a lower layer, or on what is read-only by then.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._covered_files = {site.path(mount.at) for mount in site.layout.mounts if mount.file}
        self._made: list[str] = []
        self._prepared: dict[Fact, str] = {}
        self._ways: Mapping[Deed, Callable[[Fact], None]] = {
            "link": lambda fact: os.link(self._scratch(fact), self._target(fact), follow_symlinks=False),
            "rename": lambda fact: os.rename(self._scratch(fact), self._target(fact)),
            "rename-directory": self._rename_directory,
            "write": self._write,
            "execute": self._execute,
        }

    def prepare(self, fact: Fact) -> None:
        """Make what the deed needs, ahead of time; where that is refused, the deed itself will tell."""
        path = self._site.path(fact.source)
        with suppress(OSError):
            if path not in self._covered_files:
                os.makedirs(path, exist_ok=True)
            if fact.do not in ("rename-directory", "same-device"):
                self._prepared[fact] = self._make_scratch(fact)

    def do(self, fact: Fact) -> str:
        """What came of it: `ok` or the name of an errno; `yes` or `no` for `same-device`."""
        made = len(self._made)
        try:
            if fact.do == "same-device":
                return self._same_device(fact)
            self._ways[fact.do](fact)
        except OSError as refused:
            return errno_name(refused.errno)
        else:
            return "ok"
        finally:
            # On a filesystem of a few inodes, what one deed leaves behind would be the next one's ENOSPC.
            for path in self._made[made:]:
                with suppress(OSError):
                    os.unlink(path)

    def _scratch(self, fact: Fact) -> str:
        return self._left(fact) or self._make_scratch(fact)

    def _left(self, fact: Fact) -> str | None:
        """What was prepared; None: nothing was, or a mount that was laid since hides it."""
        path = self._prepared.get(fact)
        return path if path and os.path.lexists(path) else None

    def _make_scratch(self, fact: Fact) -> str:
        """A fresh file in the fact's directory; the fact's own path where that is a file."""
        path = self._site.path(fact.source)
        if not os.path.isdir(path):
            return path
        path = self._fresh(path)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o755)
        try:
            os.fchmod(descriptor, 0o755)  # whatever the umask is
            os.write(descriptor, _SCRIPT)
        finally:
            os.close(descriptor)
        return path

    def _target(self, fact: Fact) -> str:
        """A fresh name in the second directory (of a fact with one path: the first); a path that is a file, itself."""
        path = self._site.path(fact.to or fact.source)
        return self._fresh(path) if os.path.isdir(path) else path

    def _fresh(self, directory: str) -> str:
        path = f"{directory}/exdev-scratch-{len(self._made)}"
        self._made.append(path)
        return path

    def _rename_directory(self, fact: Fact) -> None:
        """And back, for the facts that follow. Without a second path, to a fresh name beside it."""
        source = self._site.path(fact.source)
        target = self._target(fact) if fact.to else self._fresh(os.path.dirname(source))
        os.rename(source, target)
        os.rename(target, source)

    def _write(self, fact: Fact) -> None:
        """Over what was prepared, and to a new file: a lower layer's file may refuse where its directory grants."""
        if path := self._left(fact):
            os.close(os.open(path, os.O_WRONLY | os.O_CLOEXEC))
        path = self._target(fact)
        if os.path.isfile(path):
            os.close(os.open(path, os.O_WRONLY | os.O_CLOEXEC))
        else:
            self._make_scratch(fact)

    def _execute(self, fact: Fact) -> None:
        script = self._scratch(fact)
        # Not from within the site: a working directory keeps its mount busy.
        subprocess.run([script], cwd="/", check=False, timeout=_SECONDS, stdin=subprocess.DEVNULL)  # noqa: S603 - ours

    def _same_device(self, fact: Fact) -> str:
        first, second = (os.stat(self._site.path(path)).st_dev for path in (fact.source, fact.to or fact.source))
        return "yes" if first == second else "no"
