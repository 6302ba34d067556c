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

_EDITED: Final = b"\n# edited in place\n"


def meddle(meddling: Meddling, site: Site, *, tolerant: bool = False) -> bool:
    """Do it, to everything that its pattern names; answers whether there was anything.

    Args:
        meddling: what to do.
        site: where.
        tolerant: there may be nothing: a control run has not all that the case's own layout has.

    Raises:
        LayoutUntrue: there is no such thing on the site, it leads out of the site, or it was refused.
    """
    pattern = site.path(meddling.at)
    found = sorted(glob.glob(pattern, include_hidden=True))
    if not found and not tolerant:
        raise _untrue(site, f"cannot {meddling.do} {meddling.at}: there is none")
    for path in found:
        # An installer has been at work: its links may lead anywhere.
        parent = os.path.realpath(os.path.dirname(path))
        if not f"{parent}/".startswith(f"{os.path.realpath(site.root)}/"):
            raise _untrue(site, f"{path} leads out of the site, to {parent}")
        try:
            _do(meddling, path)
        except OSError as refused:
            raise _untrue(site, f"cannot {meddling.do} {path}: {errno_name(refused.errno)}") from refused
    return bool(found)


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
