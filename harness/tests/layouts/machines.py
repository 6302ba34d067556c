"""Machines as people have them, in the words of their own mountinfo."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from harness.kernel import mountinfo
from harness.layouts.storage import Answer, Place, Storage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.layouts.storage import Part

# A container with a named volume at ~/.cache, the files that Docker binds into every one, and a secret.
DOCKER: Final = r"""
    600 500 0:50 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/var/lib/docker/a:/b,upperdir=/c,workdir=/d
    601 600 0:52 / /proc rw,nosuid,nodev,noexec - proc proc rw
    602 600 0:53 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755
    610 600 254:1 /docker/volumes/uv/_data /root/.cache rw,relatime - ext4 /dev/vda1 rw
    611 600 254:1 /docker/containers/1/hosts /etc/hosts rw,relatime - ext4 /dev/vda1 rw
"""
# Two volumes of one disk: one st_dev, and no link between them.
TWO_VOLUMES: Final = DOCKER + "612 600 254:1 /docker/volumes/venv/_data /venvs/test rw,relatime - ext4 /dev/vda1 rw\n"
# A read-only root, an emptyDir in memory for the cache, one on disk for the environment, a config map's file in it.
KUBERNETES: Final = r"""
    900 800 0:80 / / ro,relatime - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w
    901 900 0:81 / /cache rw,relatime - tmpfs tmpfs rw,size=1048576k
    902 900 259:1 /kubelet/pods/1/volumes/empty-dir/venv /venvs rw,relatime - xfs /dev/nvme0n1p1 rw,attr2,prjquota
    903 902 259:1 /kubelet/pods/1/volumes/config /venvs/test/lib/python3.12/site-packages/app/settings.py ro - xfs x rw
    904 900 0:82 / /tmp rw,noexec - tmpfs tmpfs rw
"""
WSL: Final = r"""
    60 50 8:32 / / rw,relatime - ext4 /dev/sdc rw,discard
    61 60 0:70 / /mnt/c rw,noatime - 9p C:\134 rw,dirsync,aname=drvfs;path=C:\;uid=1000;gid=1000,mmap
"""
NFS_HOME: Final = r"""
    30 1 253:0 / / rw,relatime - xfs /dev/mapper/root rw,attr2
    31 30 0:44 / /home rw,relatime - autofs /etc/auto.home rw,fd=5
    32 31 0:45 / /home/ada rw,relatime - nfs4 server:/export/ada rw,vers=4.2,local_lock=none
    33 30 0:40 / /tmp rw,nosuid,nodev - tmpfs tmpfs rw,size=8388608k
"""
# An unprivileged container: its root is one mapped directory of the host's disk, the cache another.
LXC: Final = r"""
    400 300 8:5 /lxc/one/rootfs / rw,relatime,idmapped - ext4 /dev/sda5 rw
    401 400 8:5 /lxc/cache /var/cache/uv rw,relatime - ext4 /dev/sda5 rw
"""
BTRFS: Final = "30 1 0:30 /@ / rw,relatime - btrfs /dev/sda2 rw,subvolid=256,subvol=/@\n"
# A mount, to be named, on a plain root.
ONE_MOUNT: Final = """
    30 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
    31 30 0:40 / {at} rw,relatime - tmpfs tmpfs rw
"""


def machine(
    text: str,
    *,
    cache: str,
    environment: str,
    temporary: str = "/tmp",  # noqa: S108 - a name on another machine
    packages: bool = True,
    answers: Mapping[str, str] = MappingProxyType({}),
) -> Storage:
    """What `survey` would have seen: everything exists, and every trial went well, but for what is said.

    Args:
        text: of mountinfo.
        cache: where it lies.
        environment: where it lies.
        temporary: where it lies.
        packages: whether it has a site-packages.
        answers: by trial and parts, as in `{"link cache purelib": "EPERM"}`.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    mounts = mountinfo.seen(tuple(mountinfo.parse(line.encode("utf-8", "surrogateescape")) for line in lines))
    paths: dict[Part, str] = {"cache": cache, "environment": environment, "temporary": temporary}
    if packages:
        paths["purelib"] = f"{environment}/lib/python3.12/site-packages"
    places = tuple(_place(mounts, part, path) for part, path in paths.items())
    usual: dict[tuple[str, ...], str] = {}
    parts = ("cache", "purelib" if packages else "environment", "temporary")
    for part in parts:
        usual |= {("write", part): "ok", ("execute", part): "ok"}
        here = mountinfo.covering(mounts, paths[part])  # type: ignore[index]
        for other in parts:
            if other != part:
                one = here is mountinfo.covering(mounts, paths[other])  # type: ignore[index]
                usual |= {(do, part, other): "ok" if one else "EXDEV" for do in ("link", "rename")}
    usual |= {tuple(name.split()): gives for name, gives in answers.items()}
    refused = {key[1] for key, gives in usual.items() if key[0] == "write" and gives != "ok"}
    return Storage(
        mounts=mounts,
        places=places,
        files=frozenset(entry.at for entry in mounts if entry.at.endswith(".py")),
        answers=tuple(
            Answer(do=key[0], source=key[1], to=key[2] if len(key) > 2 else None, gives=gives)  # type: ignore[arg-type]
            for key, gives in usual.items()
            if key[0] == "write" or refused.isdisjoint(key)  # where nothing can be written, nothing else is tried
        ),
    )


def _place(mounts: tuple[mountinfo.MountEntry, ...], part: Part, path: str) -> Place:
    entry = mountinfo.covering(mounts, path)
    major, _, minor = (entry.device if entry else "0:0").partition(":")
    device = int(major) << 20 | int(minor)
    return Place(
        part=part,
        asked=path,
        path=path,
        there=path,
        device=device,
        mode=0o755,
        free=1 << 40,
        inodes=1 << 30,
        lower=False,
    )


def changed(storage: Storage, part: Part, **fields: object) -> Storage:
    """The same machine with another state of one place."""
    places = (replace(one, **fields) if one.part == part else one for one in storage.places)  # type: ignore[arg-type]
    return replace(storage, places=tuple(places))
