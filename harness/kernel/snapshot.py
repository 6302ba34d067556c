"""Snapshots: what lies below a directory, mount points entered and links not followed, as a Tree."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING

from harness.model import Node

if TYPE_CHECKING:
    from collections.abc import Mapping

_EMPTY: Mapping[str, str] = {}


def snapshot(
    root: str, *, prefix: str = "", skip: frozenset[str] = frozenset(), renamed: Mapping[str, str] = _EMPTY
) -> dict[str, Node]:
    """Everything below `root`; nothing when it does not exist.

    Args:
        root: an absolute path; itself not part of the result.
        prefix: what keys start with; without it they are relative to `root`.
        skip: absolute paths of directories of which everything below is left out.
        renamed: absolute paths of directories that get a key of their own, which is their content's prefix too.
    """
    tree: dict[str, Node] = {}
    pending = [(root, prefix)]
    while pending:
        directory, above = pending.pop()
        try:
            names = os.listdir(directory)
        except FileNotFoundError:
            continue
        for name in names:
            path = f"{directory}/{name}"
            status = os.lstat(path)
            mode = status.st_mode
            key = f"{above}/{name}" if above else name
            if stat.S_ISREG(mode):
                tree[key] = Node("file", stat.S_IMODE(mode), status.st_size, _digest(path, status.st_size))
            elif stat.S_ISDIR(mode):
                key = renamed.get(path, key)
                tree[key] = Node("directory", stat.S_IMODE(mode))
                if path not in skip:
                    pending.append((path, key))
            elif stat.S_ISLNK(mode):
                tree[key] = Node("symlink", 0o777, target=os.readlink(path))
            else:
                tree[key] = Node("other", stat.S_IMODE(mode))
    return tree


_OF_NOTHING = hashlib.sha256(b"").hexdigest()


def _digest(path: str, size: int) -> str:
    if size == 0:
        return _OF_NOTHING
    # O_NONBLOCK: an installer under test may have left a fifo where lstat just saw a file.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        return _digest_of(descriptor)
    finally:
        os.close(descriptor)


def _digest_of(descriptor: int) -> str:
    data = os.read(descriptor, 1 << 16)
    digest = hashlib.sha256(data)
    while data := os.read(descriptor, 1 << 20):
        digest.update(data)
    return digest.hexdigest()
