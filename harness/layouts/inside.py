"""Whether a path stays in a site: an installer has been at work there, and its links may lead anywhere."""

from __future__ import annotations

import os

from harness.errors import LayoutUntrue


def inside(path: str, root: str, *, layout: str) -> str:
    """Where a path really leads, its links followed, which is a directory or below it.

    Args:
        path: what is to be used; it need not exist.
        root: the directory.
        layout: the name of the site's layout.

    Raises:
        LayoutUntrue: it leads out of the directory.
    """
    real = os.path.realpath(path)
    if f"{real}/".startswith(f"{os.path.realpath(root)}/"):
        return real
    raise LayoutUntrue(layout=layout, facts=(f"{path} leads out of the site, to {real}",))
