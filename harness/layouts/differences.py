"""Differences: what a machine's storage does that no rebuilt layout does, in words; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.layouts.nodes import MANY, inside, on

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.layouts.nodes import Node
    from harness.layouts.storage import Storage

_NETWORK: Final = "a server answers: locks, renames and errors come over a network, and others write at the same time"
_SHARED: Final = "the host's files, shared: its own filesystem, users and modes show through"
_FOREIGN: Final = "no Unix filesystem: modes, links, names and case are the driver's to choose"
_SERVED: Final = "a program serves its files: refusals and times are that program's"
_LISTS: Final = "it lists directories in an order of its own, a tmpfs lists the newest name first"
_TYPES: Final[Mapping[str, str]] = {
    "nfs": f"{_NETWORK}; a file removed while it is open stays as .nfs..., so that its directory is not empty",
    "nfs4": f"{_NETWORK}; a file removed while it is open stays as .nfs..., so that its directory is not empty",
    "cifs": f"{_NETWORK}; {_FOREIGN}",
    "smb3": f"{_NETWORK}; {_FOREIGN}",
    "ceph": _NETWORK,
    "lustre": _NETWORK,
    "gpfs": _NETWORK,
    "9p": f"{_SHARED} (a drive of Windows in WSL is one, drvfs)",
    "drvfs": _FOREIGN,
    "virtiofs": _SHARED,
    "vboxsf": _SHARED,
    "vfat": _FOREIGN,
    "exfat": _FOREIGN,
    "ntfs": _FOREIGN,
    "ntfs3": _FOREIGN,
    "fuseblk": _FOREIGN,
}
_QUOTAS: Final = ("usrquota", "grpquota", "prjquota", "quota", "usrjquota", "grpjquota", "uqnoenforce", "pquota")
_ALONE: Final[Mapping[str, tuple[str, str]]] = {
    "symlink": ("ok", "a symbolic link in {part} gives {gives}; here one can be made"),
    "modes": ("kept", "modes of files in {part} are {gives} by the filesystem; here they are kept"),
    "case": ("kept", "case of names in {part} is {gives}; here it counts"),
    "long-name": ("ok", "a name of 255 bytes in {part} gives {gives}; here it is possible"),
    "flock": ("ok", "flock in {part} gives {gives}; here locks are had"),
    "lockf": ("ok", "fcntl locks in {part} give {gives}; here they are had"),
}


def remarks(storage: Storage, nodes: tuple[Node, ...]) -> tuple[str, ...]:
    """What is otherwise on the machine than in the layout that is made of these nodes, a sentence each."""
    found = [*_filesystems(nodes), *_mounts(storage, nodes), *_trials(storage), *_places(storage, nodes)]
    return tuple(dict.fromkeys(found))


def _filesystems(nodes: tuple[Node, ...]) -> Iterator[str]:
    for kind in dict.fromkeys(node.type for node in nodes if not node.why):
        at = next(node.at for node in nodes if node.type == kind)
        if kind in ("tmpfs", "overlay"):
            continue
        general = _SERVED if kind.startswith("fuse") else _LISTS
        yield f"{kind} at {at}: rebuilt on tmpfs. On the machine {_TYPES.get(kind, general)}"


def _mounts(storage: Storage, nodes: tuple[Node, ...]) -> Iterator[str]:
    within = inside(storage)
    if len(within) > MANY:
        yield f"{len(within)} mounts inside the environment: the first {MANY} are mirrored"
    for entry in storage.mounts:
        if "idmapped" in entry.options and any(node.at == entry.at for node in nodes):
            yield f"{entry.at} is mapped to other users (idmapped); here it is not"
    for node in nodes:
        if node.why:
            yield f"{node.why}; the nearest here is a {'read-only ' * node.read_only}mount of its own at {node.at}"
        if set(_QUOTAS) & {option.partition("=")[0] for option in node.options}:
            yield f"{node.at} has quotas, of which only the free space now is looked at"
        if node.free is not None:
            yield f"{node.at} has {node.free >> 10} KiB left, which is all that the rebuilt one has"
        if node.lower:
            yield f"how many lower layers {node.at} has is not seen: one is rebuilt"


def _trials(storage: Storage) -> Iterator[str]:
    if not storage.probed:
        yield "nothing was tried (--no-probe): what is verified comes from the mount table"
    for answer in storage.answers:
        usual, words = _ALONE.get(answer.do, ("", ""))
        if words and answer.gives != usual:
            yield words.format(part=answer.source, gives=answer.gives)
    clones = storage.answer("clone", "cache", storage.target)
    if clones == "ok":
        yield f"files can be cloned from cache to {storage.target}; here clone falls back, as tmpfs has no reflinks"


def _places(storage: Storage, nodes: tuple[Node, ...]) -> Iterator[str]:
    for place in storage.places:
        if not place.exists:
            tried = "" if not storage.probed else ", and nothing was tried in it: make it, and capture again"
            yield f"{place.part} {place.asked} does not exist yet{tried}"
        elif place.asked != place.path and place.part in ("cache", "temporary", "environment"):
            yield f"{place.part} {place.asked} is reached through a symbolic link; the layout has where it leads"
        node = on(nodes, place.path)
        if place.exists and place.lower is None and node and node.lower and place.part != "scripts":
            yield f"whether {place.part} comes from a lower layer is not seen; rebuilt as if it did"
