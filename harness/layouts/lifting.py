"""Lifting: a layout's obstacles taken out of the way of a built site."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from harness.kernel import easing, mountinfo
from harness.layouts import obstacles
from harness.layouts.inside import inside

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from harness.layouts.obstacles import Lifting


def lift(actions: Iterable[Lifting], *, root: str, mount_points: Collection[str], name: str) -> None:
    """Perform what `obstacles` says.

    An installer has been at work: a mount that is not where it was laid went along when a directory above it was
    renamed, and a directory that is gone needs no mode.

    Args:
        actions: what to do, in order.
        root: the site's.
        mount_points: where the layout mounts something.
        name: of the layout.

    Raises:
        MountFailed: the kernel refused to change or undo a mount.
        LayoutUntrue: a path leads out of the site by now.
    """
    undone = False
    for action in actions:
        path = inside(action.path, root, layout=name)
        if isinstance(action, obstacles.TakeAway):
            undone = True
            if _is_mounted(path):
                easing.take_away(path)
        elif isinstance(action, obstacles.AllowWriting):
            easing.allow_writing(path)
        elif isinstance(action, obstacles.LiftLimits):
            easing.reconfigure(path, *action.options)
        else:
            with suppress(FileNotFoundError, NotADirectoryError):
                os.chmod(path, action.mode)
    if undone:
        _take_strays_away(root, mount_points)


def _take_strays_away(root: str, mount_points: Collection[str]) -> None:
    laid = {*map(os.path.realpath, mount_points)}
    for entry in reversed(mountinfo.below(os.path.realpath(root))):
        if entry.at not in laid:
            easing.take_away(entry.at)


def _is_mounted(path: str) -> bool:
    return any(entry.at == path for entry in mountinfo.below(path))
