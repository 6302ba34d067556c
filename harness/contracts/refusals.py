"""Refusals that a layout allows."""

from __future__ import annotations

import errno

from harness.model.errnos import errnos_in


def allows(refusals: tuple[str, ...], message: str) -> bool:
    """Whether a message fails with one of these errnos. One that names none at all is another contract's concern."""
    named = errnos_in(message)
    return not named or any(getattr(errno, name, None) in named for name in refusals)
