"""Installers that are commands: released programs, unmodified, run in the site's own virtual environment."""

from __future__ import annotations

import errno
import os
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from harness.errors import LayoutUntrue, errno_name
from harness.installers import environment, printed
from harness.kernel import children
from harness.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.installers.environment import Place
    from harness.installers.protocol import Abilities
    from harness.kernel.children import Command, Ended
    from harness.layouts.build import Site
    from harness.model import Case, Step

# For each command. The largest install that scenarios ask for takes pip some twenty seconds on a slow machine.
_SECONDS: Final = 90.0


class Tool(Protocol):
    """What is special about one installer: one file for each."""

    @property
    def style(self) -> printed.Style:
        """How it marks errors and warnings."""

    def prepare(self, place: Place) -> None:
        """Before the first step: what it would otherwise have to find out in every cache anew."""

    def commands(self, step: Step, case: Case, place: Place) -> Iterator[Command]:
        """What does a step: run one after the other, until one fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandInstaller:
    """A release of an installer.

    Attributes:
        name: `uv==0.1.2`, or `path:/path/to/uv`.
        abilities: see Abilities.
        tool: how it is asked for something.
    """

    name: str
    abilities: Abilities
    tool: Tool

    def prepare(self, site: Site) -> None:
        """Make the environment.

        Raises:
            LayoutUntrue: the site has no room for one.
        """
        self.tool.prepare(environment.make(site))

    def perform(self, step: Step, case: Case, site: Site) -> Outcome:
        """Run the commands of a step; the first that fails is the last.

        Raises:
            LayoutUntrue: a command cannot be started, or has no environment to work in: a later mount or mode of the
                layout hides its program, or the environment's interpreter.
        """
        place = environment.Place(site)
        if not os.path.exists(place.python) and _is_hidden(place.python, site):
            raise _unstartable(place.python, errno.ENOENT, site)
        ended: list[Ended] = []
        lines: list[str] = []
        for command in self.tool.commands(step, case, place):
            program, *arguments = command.arguments
            lines.append(shlex.join([os.path.basename(program), *arguments]))
            try:
                ended.append(children.run(command, seconds=_SECONDS, writable=place.writable, umask=step.umask))
            except (FileNotFoundError, PermissionError) as refused:
                raise _unstartable(program, refused.errno, site) from refused
            if ended[-1].exit:
                break
        return self._outcome(ended, tuple(lines), site)

    def _outcome(self, ended: list[Ended], commands: tuple[str, ...], site: Site) -> Outcome:
        if not ended:
            return Outcome(exit=0)  # nothing was asked for
        last = ended[-1]
        said = printed.read(
            "".join(one.output for one in ended),
            "".join(one.errors for one in ended),
            failed=last.exit != 0,
            style=self.tool.style,
            root=site.root,
        )
        stopped = f"stopped after {_SECONDS:.0f} s" if last.stopped else ""
        return Outcome(
            exit=last.exit,
            message=stopped or said.message,
            notes=said.notes,
            paths=said.paths,
            errnos=said.errnos,
            commands=commands,
            printed=said.printed,
            seconds=sum(one.seconds for one in ended),
            ended="limit" if last.stopped else "exit",
        )


def _unstartable(program: str, number: int | None, site: Site) -> LayoutUntrue:
    fact = f"{program.removeprefix(site.root)} cannot be started: {errno_name(number)}"
    return LayoutUntrue(layout=site.layout.name, facts=(fact,))


def _is_hidden(path: str, site: Site) -> bool:
    """Whether it lies below a mount that is laid after the image steps, and so after all that was there."""
    laid = (os.path.realpath(site.path(mount.at)) for mount in site.layout.mounts if mount.after == "image")
    directory = f"{os.path.realpath(os.path.dirname(path))}/"
    return any(directory.startswith(f"{mount_point}/") for mount_point in laid)
