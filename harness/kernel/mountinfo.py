"""What is mounted, as the kernel itself lists it in /proc/PID/mountinfo."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# The id of the parent of what lies on no mount that is listed: the root, and all mounts of a chroot(2).
_NOT_LISTED = -1
_ESCAPE = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class MountEntry:
    """One line of mountinfo; proc_pid_mountinfo(5).

    Attributes:
        id: of the mount; reused after unmounting.
        parent: id of the mount it lies on.
        device: `major:minor`, the `st_dev` of files on it.
        root: which directory of the filesystem is mounted: `/`, or something below it for a bind.
        at: the mount point, seen from the process' root.
        options: per-mount options (`ro`, `noexec`, ...).
        type: filesystem type.
        source: the device or whatever name the mounter gave; empty where it gave none.
        super_options: options of the filesystem itself.
        propagation: `shared:N`, `master:N`, ...; empty: private.
    """

    id: int
    parent: int
    device: str
    root: str
    at: str
    options: tuple[str, ...]
    type: str
    source: str
    super_options: tuple[str, ...]
    propagation: tuple[str, ...]


def read(pid: int | str = "self") -> tuple[MountEntry, ...]:
    """Every mount of a process' mount namespace, in the kernel's order: later ones lie on earlier ones.

    Raises:
        OSError: no such process, or it may not be looked at.
    """
    return tuple(parse(line) for line in Path(f"/proc/{pid}/mountinfo").read_bytes().splitlines())


def below(path: str, pid: int | str = "self") -> tuple[MountEntry, ...]:
    """The mounts at `path` and below it.

    Raises:
        OSError: as `read`.
    """
    prefix = path.rstrip("/") + "/"
    return tuple(entry for entry in read(pid) if entry.at == path or entry.at.startswith(prefix))


def seen(entries: Iterable[MountEntry]) -> tuple[MountEntry, ...]:
    """Those that a path leads to; the others are hidden by mounts at their places or above them."""
    listed = tuple(entries)
    ids = {entry.id for entry in listed}
    laid = {(entry.parent if entry.parent in ids - {entry.id} else _NOT_LISTED, entry.at): entry for entry in listed}
    return tuple(entry for entry in listed if _reached(entry.at, laid) is entry)


def _reached(path: str, laid: Mapping[tuple[int, str], MountEntry]) -> MountEntry | None:
    """The mount that a walk along a path ends on: at every name it goes on to what is laid there, and on that."""
    entry = None
    for place in ("/", *(path[:end] for end in range(1, len(path) + 1) if path[end : end + 1] in ("", "/"))):
        while (above := laid.get((entry.id if entry else _NOT_LISTED, place))) is not None:
            entry = above
    return entry


def covering(entries: Iterable[MountEntry], path: str) -> MountEntry | None:
    """The mount on which an absolute path without links lies; None: none of those listed has it (chroot(2)).

    Args:
        entries: as `seen` gives them.
        path: need not exist.
    """
    holding = [entry for entry in entries if holds(entry.at, path)]
    return max(holding, key=lambda entry: len(entry.at), default=None)


def holds(directory: str, path: str) -> bool:
    """Whether a path is a directory's own, or lies below it; by the names alone."""
    return f"{path.rstrip('/')}/".startswith(f"{directory.rstrip('/')}/")


def parse(line: bytes) -> MountEntry:
    """One line of mountinfo as a value. Paths are bytes to the kernel: undecodable ones round-trip (os.fsdecode)."""
    # The optional fields (propagation) are of any number; a lone hyphen ends them. The source may be empty.
    head, _, tail = line.partition(b" - ")
    number, parent, device, root, at, options, *propagation = head.split(b" ")
    # Not every filesystem escapes what it shows of its options: 9p of WSL has `path=C:\Program Files\...` in them.
    kind, source, super_options = tail.split(b" ", 2)
    return MountEntry(
        id=int(number),
        parent=int(parent),
        device=device.decode(),
        root=_text(root),
        at=_text(at),
        options=_listed(options),
        type=_text(kind),
        source=_text(source),
        super_options=_listed(super_options),
        propagation=tuple(field.decode() for field in propagation),
    )


def _text(field: bytes) -> str:
    r"""Space, tab, newline and backslash are written as `\ooo` (fs/proc_namespace.c, seq_path)."""
    return os.fsdecode(_ESCAPE.sub(lambda match: bytes((int(match[1], 8),)), field))


def _listed(field: bytes) -> tuple[str, ...]:
    return tuple(_text(option) for option in field.split(b","))
