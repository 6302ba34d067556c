"""pypa/installer: `python -m installer`, run by the site's interpreter, wheels named by their paths.

It installs, and that is all: it knows nothing of what is installed already. Asked plainly, it refuses to write where a
file is (installer#106), and so refuses every second wheel of a namespace. Releases that can be told to overwrite what
is there are told so, in every step: what their way of overwriting does to a site is what there is to learn about them.
The earlier ones have only the plain way. Everything else is left as it is by default: RECORD is not validated.

0.5 is the first that is a command, and no library alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from packaging.version import Version

from harness.installers.commands import CommandInstaller
from harness.installers.printed import Style
from harness.installers.protocol import Abilities

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.installers.environment import Place
    from harness.kernel.children import Command
    from harness.model import Action, Case, Step

_STYLE: Final = Style(
    # It has no words of its own for a failure: the line that a traceback ends with (`OSError: [Errno 18] ...`).
    error=re.compile(r"^(?:\w+\.)*[A-Z]\w*[a-z]\w*(?:: |$)", re.MULTILINE),
    warning=re.compile(r"\S+: \w*Warning: "),
)
# The first whose command takes several wheels, and `--overwrite-existing`.
_OVERWRITES: Final = Version("1.0")


def pypa_installer(name: str, library: Path, version: Version) -> CommandInstaller:
    """A release of pypa/installer.

    Args:
        name: how it is selected.
        library: the site-packages directory that holds it.
        version: what it says it is.
    """
    actions: set[Action] = {"install"}
    if version >= _OVERWRITES:
        actions.add("reinstall")
    return CommandInstaller(
        name=name,
        abilities=Abilities(
            actions=frozenset(actions),
            link_modes=frozenset({"copy"}),
            strict=True,  # Copying is all it does: there is nothing to fall back to.
            listings=False,
            effort=25,
        ),
        tool=_PypaInstaller(str(library), overwrites=version >= _OVERWRITES),
    )


@dataclass(frozen=True, slots=True)
class _PypaInstaller:
    library: str
    overwrites: bool

    @property
    def style(self) -> Style:
        return _STYLE

    def prepare(self, place: Place) -> None:
        """It keeps nothing, and has no cache."""

    def commands(self, step: Step, case: Case, place: Place) -> Iterator[Command]:
        wheelhouse = place.site.role("wheelhouse")
        archives = tuple(f"{wheelhouse}/{case.wheel(key).filename}" for key in step.wheels)
        if self.overwrites:
            yield self._command(place, "--overwrite-existing", *archives)
        else:
            yield from (self._command(place, archive) for archive in archives)

    def _command(self, place: Place, *arguments: str) -> Command:
        return place.command(
            *(place.python, "-m", "installer", *arguments),
            PYTHONPATH=self.library,
            # Of what it imports itself; what it installs is compiled all the same.
            PYTHONDONTWRITEBYTECODE="1",
        )
