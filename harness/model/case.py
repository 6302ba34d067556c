"""Case: everything one run depends on, as one value that can be saved, shrunk and replayed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from harness.model.layout import Layout
from harness.model.wheel import Wheel

LinkMode: TypeAlias = Literal["clone", "hardlink", "symlink", "copy"]
Action: TypeAlias = Literal["warm", "install", "upgrade", "reinstall", "repair", "uninstall"]

LINK_MODES: tuple[LinkMode, ...] = get_args(LinkMode)
FORMAT = 1
USUAL_UMASK = 0o022


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every choice a filesystem or scheduler may make. The empty Plan leaves all of them to the machine.

    Attributes:
        creation: the order in which the wheels' directories and files are created, as archive paths. Each archive is
            written in this order (directories listed explicitly), so any installer that unpacks it follows it.
            Paths not named here come last, in their wheel's own order.
        listing: how each directory is listed: at every listing the sorted names are drawn one by one, choice modulo the
            number of names left; exhausted choices are 0. `None` leaves listing to the filesystem.
        schedule: which of the pending programs goes next, choice modulo their number; exhausted choices are 0.
            `None` runs programs one after the other.
    """

    creation: tuple[str, ...] = ()
    listing: tuple[int, ...] | None = None
    schedule: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meddling:
    """What somebody else does to the storage between two steps: a cleaner of old files, a crash, a person, a program.

    Attributes:
        do: `remove` files and directories, `empty` files (as a crash without fsync leaves them), `edit` files in place,
            `create` a file where nothing is, with the directories that lead to it, or `import` a module with the
            site's own interpreter, which leaves bytecode in `__pycache__` where it may write.
        at: which: a template as in `Mount.at`, with the wildcards of `glob` (`{cache}/archive-v*/*`) for what is there
            already. Not of an import.
        content: of a file that is created: a text, or `{base64 = "..."}`; at most 1 MiB.
        mode: of a file that is created: octal, whatever the umask is.
        module: that is imported: `nvidia.cublas`.
    """

    do: Literal["remove", "empty", "edit", "create", "import"]
    at: str = ""
    content: bytes = b""
    mode: str = "644"
    module: str = ""

    @property
    def subject(self) -> str:
        """What it is done to, for people."""
        return self.module or self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command given to the installer.

    Attributes:
        action: `warm` fills the cache and installs nothing.
        wheels: keys (`name-version`) of the case's wheels; for `uninstall` the distributions to remove.
        image: done while the layout's image is made: before mounts whose `after` is `image` are laid on top.
        must: it has to succeed: neither the layout's refusals nor a strict link mode excuse a failure of this step.
        lifted: before this step the layout's obstacles are lifted: space freed, mount undone, permission restored. They
            stay lifted in the steps that follow.
        meddled: what others do to the storage before this step; it must find something to do it to.
        umask: the installer runs under it.
        installer: another release of the case's installer that does this step (`uv==0.1.2`), on the same cache and
            environment; empty: the case's own. Where the case is given to another tool, that one does all steps.
    """

    action: Action
    wheels: tuple[str, ...]
    image: bool = False
    must: bool = False
    lifted: bool = False
    meddled: tuple[Meddling, ...] = ()
    umask: int = USUAL_UMASK
    installer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One run, whole.

    Attributes:
        layout: where.
        wheels: what there is to install.
        steps: what is done, in order.
        plan: the filesystem's and scheduler's choices.
        installer: `reference` or `specimen:NAME`.
        link_mode: how files get from the cache into the environment.
        strict: the link mode is demanded: an installer that cannot have it must fail and not fall back.
        format: version of this file format.
    """

    layout: Layout
    wheels: tuple[Wheel, ...] = field(metadata={"key": "wheel"})
    steps: tuple[Step, ...] = field(metadata={"key": "step"})
    plan: Plan = field(default_factory=Plan)
    installer: str = "reference"
    link_mode: LinkMode = "hardlink"
    strict: bool = False
    # Always written: a later version must not read an absent number as its own.
    format: int = field(default=FORMAT, metadata={"always": True})

    def performer(self, step: Step) -> str:
        """The name of the installer that does a step."""
        is_release_of_it = step.installer and _tool(step.installer) == _tool(self.installer)
        return step.installer if is_release_of_it else self.installer

    @property
    def performers(self) -> tuple[str, ...]:
        """The names of all installers that do a step, the case's own first."""
        return tuple(dict.fromkeys((self.installer, *map(self.performer, self.steps))))

    def wheel(self, key: str) -> Wheel:
        """The wheel a step refers to.

        Raises:
            KeyError: no wheel of this case has that key.
        """
        for wheel in self.wheels:
            if wheel.key == key:
                return wheel
        raise KeyError(key)


def _tool(installer: str) -> str:
    """What a name of an installer is a release of; `path:` names a build of uv."""
    return "uv" if installer.startswith("path:") else installer.partition("==")[0]
