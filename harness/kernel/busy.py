"""Who keeps a mount from being taken down: the mounts on it and the processes in it, in words."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from harness.kernel import mountinfo

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINKS = (("cwd", "works in"), ("root", "has as its root"), ("exe", "runs"))


def users(path: str) -> tuple[str, ...]:
    """Everything found to use the mount at `path`, a line each; empty where nothing could be seen.

    Only processes whose /proc entries this one may read are seen, and only by path: good enough to point at a culprit.
    """
    return (*_mounts_on(path), *(word for pid in _processes() for word in _uses(pid, path)))


def _mounts_on(path: str) -> Iterator[str]:
    for entry in mountinfo.below(path):
        if entry.at != path:
            yield f"{entry.type} is mounted on it at {entry.at}"


def _processes() -> list[str]:
    return [name for name in os.listdir("/proc") if name.isdigit()]


def _uses(pid: str, path: str) -> Iterator[str]:
    # Processes end while they are looked at, and other users' may not be looked at.
    with suppress(OSError):
        name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
        for what, target in (*_links(pid), *_open_files(pid)):
            if target == path or target.startswith(path + "/"):
                yield f"process {pid} ({name}) {what} {target}"


def _links(pid: str) -> Iterator[tuple[str, str]]:
    for link, what in _LINKS:
        with suppress(OSError):
            yield what, os.readlink(f"/proc/{pid}/{link}")


def _open_files(pid: str) -> Iterator[tuple[str, str]]:
    with suppress(OSError):
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                yield "has open", os.readlink(f"/proc/{pid}/fd/{descriptor}")
