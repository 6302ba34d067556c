"""Finding an installer by the name a user gives."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from harness.errors import UnknownName
from harness.installers.reference import REFERENCE
from harness.installers.specimen import SPECIMENS

if TYPE_CHECKING:
    from harness.installers.protocol import Installer

_INSTALLERS: dict[str, Installer] = {installer.name: installer for installer in (REFERENCE, *SPECIMENS)}


def names() -> tuple[str, ...]:
    """All of them, the reference core first."""
    return tuple(_INSTALLERS)


def find(name: str) -> Installer:
    """The installer of this name.

    Raises:
        UnknownName: there is none.
    """
    try:
        return _INSTALLERS[name]
    except KeyError:
        nearest = difflib.get_close_matches(name, _INSTALLERS, n=1, cutoff=0.4)
        raise UnknownName(kind="installer", name=name, known=names(), nearest=nearest[0] if nearest else None) from None
