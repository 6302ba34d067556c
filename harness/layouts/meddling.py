"""Meddling: what somebody else does to a built site's storage between two steps."""

from __future__ import annotations

import glob
import os
import shutil
from typing import TYPE_CHECKING, Final

from harness.errors import LayoutUntrue, errno_name

if TYPE_CHECKING:
    from harness.layouts.build import Site
    from harness.model import Meddling

_OCTAL: Final = 8
_EDITED: Final = b"\n# edited in place\n"


def meddle(meddling: Meddling, site: Site, *, tolerant: bool = False) -> bool:
    """Do it, to everything that its pattern names; answers whether there was anything.

    Args:
        meddling: what to do.
        site: where.
        tolerant: there may be nothing: a control run has not all that the case's own layout has.

    Raises:
        LayoutUntrue: there is no such thing on the site (one that is to be created: there is), it leads out of the
            site, or it was refused.
    """
    if meddling.do == "create":
        return _create(meddling, site, tolerant=tolerant)
    pattern = site.path(meddling.at)
    found = sorted(glob.glob(pattern, include_hidden=True))
    if not found and not tolerant:
        raise _untrue(site, f"cannot {meddling.do} {meddling.at}: there is none")
    for path in found:
        _guard(path, site)
        try:
            _do(meddling, path)
        except OSError as refused:
            raise _untrue(site, f"cannot {meddling.do} {path}: {errno_name(refused.errno)}") from refused
    return bool(found)


def _guard(path: str, site: Site) -> None:
    """An installer has been at work: its links may lead anywhere."""
    parent = os.path.realpath(os.path.dirname(path))
    if not f"{parent}/".startswith(f"{os.path.realpath(site.root)}/"):
        raise _untrue(site, f"{path} leads out of the site, to {parent}")


def _create(meddling: Meddling, site: Site, *, tolerant: bool) -> bool:
    path = site.path(meddling.at)
    _guard(path, site)
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644), "wb") as file:
            file.write(meddling.content)
            os.fchmod(file.fileno(), int(meddling.mode, _OCTAL))
    except OSError as refused:
        if tolerant:
            return False
        # `makedirs` says EEXIST too, of a directory that is a file.
        is_there = isinstance(refused, FileExistsError) and refused.filename == path
        why = "is there already: edit it, or remove it first" if is_there else errno_name(refused.errno)
        fact = f"{meddling.at}: {why}"
        raise _untrue(site, f"cannot create {fact}") from refused
    return True


def _do(meddling: Meddling, path: str) -> None:
    if meddling.do == "remove":
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)
        return
    # In place: whoever has a link to it sees the change; not through a symbolic link, nor waiting at a pipe.
    flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags | (os.O_TRUNC if meddling.do == "empty" else os.O_APPEND))
    try:
        if meddling.do == "edit":
            os.write(descriptor, _EDITED)
    finally:
        os.close(descriptor)


def _untrue(site: Site, fact: str) -> LayoutUntrue:
    return LayoutUntrue(layout=site.layout.name, facts=(fact,))
