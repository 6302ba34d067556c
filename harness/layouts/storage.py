"""Storage: what was seen of a live machine, as values: its mounts, where roles lie on them, what they answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from harness.kernel.mountinfo import MountEntry

Part: TypeAlias = Literal["cache", "environment", "purelib", "scripts", "temporary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One directory that an installer uses.

    Attributes:
        part: which.
        asked: its absolute path, as it was asked for.
        path: without symbolic links; need not exist.
        there: the nearest directory above it that exists, or itself.
        device: `st_dev` of that.
        mode: permission bits of the directory; None where it does not exist.
        free: bytes that its filesystem has for this user.
        inodes: how many files it has room for; None where it does not count.
        lower: it comes from a lower layer of an overlay; None where the kernel does not say, or it is on none.
    """

    part: Part
    asked: str
    path: str
    there: str
    device: int
    mode: int | None
    free: int
    inodes: int | None
    lower: bool | None = None

    @property
    def exists(self) -> bool:
        """Whether the directory itself is there."""
        return self.mode is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one trial.

    Attributes:
        do: `write`, or a trial of `harness.kernel.trials`.
        source: in which part, or from which.
        to: to which, where it takes two.
        gives: `ok`, the name of an errno, or another word.
    """

    do: str
    source: Part
    to: Part | None = None
    gives: str = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """A symbolic link inside the environment.

    Attributes:
        at: its absolute path, links above it followed.
        says: its text.
        leads: where it ends, without symbolic links.
        target: what is there: a `directory`, a `file`, or nothing (`missing`).
    """

    at: str
    says: str
    leads: str
    target: Literal["directory", "file", "missing"] = "directory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """What was seen of a machine.

    Attributes:
        mounts: those that a path leads to (`harness.kernel.mountinfo.seen`).
        places: cache, environment and temporary, and what there is of purelib and scripts.
        symlinks: links inside the environment where installers walk; those to directories come first.
        files: mount points that are single files.
        answers: of the trials; none: nothing was tried.
        probed: whether trials were wanted.
    """

    mounts: tuple[MountEntry, ...]
    places: tuple[Place, ...]
    symlinks: tuple[Linked, ...] = ()
    files: frozenset[str] = frozenset()
    answers: tuple[Answer, ...] = ()
    probed: bool = True

    def place(self, part: Part) -> Place | None:
        """Where a part lies; None: the environment has none yet."""
        return next((place for place in self.places if place.part == part), None)

    def answer(self, do: str, source: Part, to: Part | None = None) -> str | None:
        """What a trial gave; None: it was not made."""
        wanted = (do, source, to)
        return next((one.gives for one in self.answers if (one.do, one.source, one.to) == wanted), None)

    @property
    def target(self) -> Part:
        """Where files are put: site-packages, or the environment while it has none."""
        return "purelib" if self.place("purelib") else "environment"
