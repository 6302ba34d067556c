"""Nodes: the mounts of a machine that matter to an installation, as the layout is to have them; pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from harness.kernel.mountinfo import covering, holds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.kernel.mountinfo import MountEntry
    from harness.layouts.storage import Part, Place, Storage
    from harness.model.layout import MountFlag

# Below these an install of any size comes to their end; above them none of the harness's does.
SCARCE_BYTES: Final = 256 << 20
SCARCE_INODES: Final = 10_000
MANY: Final = 24
FULL: Final = ("ENOSPC", "EDQUOT")
_FLAGS: Final[tuple[MountFlag, ...]] = ("noexec", "nosuid", "nodev")
_OVERLAYS: Final = ("overlay", "fuse.fuse-overlayfs", "aufs")
# They hold no files that anybody installs; an environment at `/` has them inside.
_NO_STORAGE: Final = """
    autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fusectl hugetlbfs mqueue nsfs proc
    pstore rpc_pipefs securityfs selinuxfs sysfs tracefs
""".split()  # noqa: SIM905 - a paragraph of names


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One mount that the layout is to have.

    Attributes:
        at: its real path on the machine.
        device: whose files it shows: `major:minor`, or a name of our own.
        type: of its filesystem, as the machine says it.
        overlay: it shows layers.
        lower: what the image steps did lies on a lower layer of it.
        read_only: nothing can be written.
        flags: noexec and the like.
        file: it covers a single file.
        free: bytes that are left, where they are scarce.
        inodes: files that are left, where they are scarce.
        options: of its filesystem.
        why: it is no mount of the machine, but stands for this; empty: it is one.
    """

    at: str
    device: str
    type: str
    overlay: bool = False
    lower: bool = False
    read_only: bool = False
    flags: tuple[MountFlag, ...] = ()
    file: bool = False
    free: int | None = None
    inodes: int | None = None
    options: tuple[str, ...] = ()
    why: str = ""


def nodes(storage: Storage) -> tuple[Node, ...]:
    """The mounts that hold a part, those inside the environment, and what stands in for refusals; outermost first."""
    found = {entry.at: _node(entry, storage) for entry in _relevant(storage)}
    for node in _stand_ins(storage, tuple(found.values())):
        if node.at not in found or node.read_only:
            found[node.at] = node
    return tuple(sorted(found.values(), key=lambda node: (node.at.count("/") if node.at != "/" else 0, node.at)))


def on(nodes: tuple[Node, ...], path: str) -> Node | None:
    """The node that holds a real path; None: none does."""
    return max((node for node in nodes if holds(node.at, path)), key=lambda node: len(node.at), default=None)


def is_full(node: Node) -> bool:
    """Whether nothing is left on it, which a small tmpfs has as well; of an overlay's layers none is small."""
    return 0 in (node.free, node.inodes) and not node.overlay


def inside(storage: Storage) -> tuple[MountEntry, ...]:
    """The mounts strictly inside the environment, or inside its site-packages where those lie elsewhere."""
    homes = [place.path for place in storage.places if place.part in ("environment", "purelib")]
    roles = {place.path for place in storage.places if place.part in ("cache", "temporary")}
    return tuple(
        entry
        for entry in storage.mounts
        if entry.type not in _NO_STORAGE
        and entry.at not in roles
        and any(holds(home, entry.at) and entry.at != home.rstrip("/") for home in homes)
    )


def _relevant(storage: Storage) -> Iterator[MountEntry]:
    for place in storage.places:
        entry = covering(storage.mounts, place.path)
        if entry is not None:
            yield entry
    yield from inside(storage)[:MANY]


def _node(entry: MountEntry, storage: Storage) -> Node:
    here = [place for place in storage.places if covering(storage.mounts, place.path) is entry]
    overlay = entry.type in _OVERLAYS
    return Node(
        at=entry.at,
        device=entry.device,
        type=entry.type,
        overlay=overlay,
        lower=overlay and any(_is_lower(place) for place in here),
        read_only="ro" in entry.options or "ro" in entry.super_options,
        flags=tuple(flag for flag in _FLAGS if flag in entry.options),
        file=entry.at in storage.files,
        free=_scarce((place.free for place in here), SCARCE_BYTES),
        inodes=_scarce((place.inodes for place in here if place.inodes is not None), SCARCE_INODES),
        options=entry.super_options,
    )


def _is_lower(place: Place) -> bool:
    """An overlay on which something was installed before it was looked at, unless the kernel says otherwise."""
    return place.part in ("environment", "purelib", "cache") and place.exists and place.lower is not False


def _scarce(left: Iterator[int], limit: int) -> int | None:
    least = min(left, default=limit)
    return least if least < limit else None


def _stand_ins(storage: Storage, real: tuple[Node, ...]) -> Iterator[Node]:
    """Mounts that the machine has not, where a filesystem itself refuses what a model's only refuses across mounts."""
    parts: tuple[Part, ...] = ("cache", storage.target, "temporary")
    for part in parts:
        place = storage.place(part)
        home = on(real, place.path) if place else None
        if place is None or home is None:
            continue
        if written := _unwritable(storage, home, part):
            yield _read_only(home, place.path, f"writing into {part} is refused with {written}")
        elif (refusal := _refusal(storage, real, part)) and home.at != place.path:
            yield _own(home, place.path, refusal, other=_parted(storage, part))


def _unwritable(storage: Storage, home: Node, part: Part) -> str:
    """The errno with which every write is refused, where a read-only mount can say so; empty: none, or none can."""
    written, place = storage.answer("write", part), storage.place(part)
    if written in (None, "ok") or place is None or home.read_only or (written in FULL and is_full(home)):
        return ""
    tried = {"cache", storage.target, "temporary"} - {part}
    others = [other for other in storage.places if other.part in tried and holds(place.path, other.path)]
    # What lies in it and can be written to, or was not tried, would be read-only as well.
    return "" if any(storage.answer("write", other.part) in (None, "ok") for other in others) else written


def _refusal(storage: Storage, real: tuple[Node, ...], part: Part) -> str:
    """A link from here that its own mount refuses."""
    if part == storage.target:
        return ""
    here, there = storage.place(part), storage.place(storage.target)
    gives = storage.answer("link", part, storage.target)
    if here is None or there is None or gives in (None, "ok") or on(real, here.path) is not on(real, there.path):
        return ""
    return f"a link from {part} to {storage.target} is refused with {gives} on one mount"


def _parted(storage: Storage, part: Part) -> bool:
    """Whether one mount shows two devices, as btrfs does with subvolumes."""
    here, there = storage.place(part), storage.place(storage.target)
    return here is not None and there is not None and here.device != there.device


def _read_only(home: Node, path: str, why: str) -> Node:
    """The mount that a part lies on, or one of its own, to which nothing can be written."""
    return replace(home, read_only=True) if home.at == path else replace(_own(home, path, why), read_only=True)


def _own(home: Node, path: str, why: str, *, other: bool = False) -> Node:
    device = f"{home.device} {path}" if other else home.device
    return replace(home, at=path, device=device, overlay=False, lower=False, free=None, inodes=None, why=why)
