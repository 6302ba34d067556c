"""Every error the harness raises on purpose: one base class, typed fields, a message built by the class, picklable."""

from __future__ import annotations

import dataclasses
import errno as errno_names
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def errno_name(number: int | None) -> str:
    """The symbolic name of an errno (`18` -> `"EXDEV"`); unknown numbers keep their digits."""
    return errno_names.errorcode.get(number or 0, f"errno {number}")


@dataclass(eq=False)
class HarnessError(Exception):
    """The one base class. Subclasses are dataclasses: their fields are the facts, `__str__` is the message."""

    def __reduce__(self) -> tuple[Callable[..., HarnessError], tuple[type[HarnessError], Mapping[str, Any]]]:
        # Exception's own pickling replays `args`, which dataclass exceptions leave empty. xdist workers
        # send errors to their controller, so every one of ours has to survive the trip.
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return _restore, (type(self), fields)


def _restore(kind: type[HarnessError], fields: Mapping[str, Any]) -> HarnessError:
    return kind(**fields)


@dataclass(eq=False, kw_only=True)
class NamespaceRefused(HarnessError):  # noqa: N818 - a refusal by the machine; every caller reads it as one
    """The kernel did not let this process have private namespaces."""

    operation: str
    errno: int
    cause: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.operation}: {errno_name(self.errno)}. Cause: {self.cause}. Remedy: {self.remedy}"


@dataclass(eq=False, kw_only=True)
class MountFailed(HarnessError):  # noqa: N818 - reads as what happened
    """A mount could not be made, changed or removed.

    Attributes:
        operation: the system call that failed, e.g. `fsconfig`.
        path: where the mount was to be.
        type: filesystem type, `bind` or `remount`.
        options: the options asked for, in order.
        errno: what the call answered.
        words: what the kernel itself said (read from the fsopen descriptor); empty when it said nothing.
        users: where the answer was EBUSY: what was found to use the mount.
    """

    operation: str
    path: str
    type: str
    options: tuple[str, ...]
    errno: int
    words: tuple[str, ...] = ()
    users: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = f"; the kernel says: {' / '.join(self.words)}" if self.words else ""
        said += f"; in use: {', '.join(self.users)}" if self.users else ""
        options = f" ({', '.join(self.options)})" if self.options else ""
        return f"mount {self.type} at {self.path}{options}: {self.operation}: {errno_name(self.errno)}{said}"


@dataclass(eq=False, kw_only=True)
class LaboratoryHomeless(HarnessError):  # noqa: N818 - reads as what is wrong
    """No empty directory was found that the laboratory could cover with its tmpfs.

    Attributes:
        tried: each directory, with what speaks against it.
        variable: the environment variable that names one.
        chosen: the directory came from that variable.
    """

    tried: tuple[tuple[str, str], ...]
    variable: str
    chosen: bool

    def __str__(self) -> str:
        tried = ", ".join(f"{path} ({objection})" for path, objection in self.tried)
        if self.chosen:
            return f"{self.variable}={tried}; it has to be the absolute path of an empty directory that exists"
        return f"no empty directory to mount the laboratory on: {tried}; set {self.variable} to one (mkdir is enough)"


@dataclass(eq=False, kw_only=True)
class CapabilityMissing(HarnessError):  # noqa: N818 - reads as what is so
    """A case's layout needs something that this machine cannot do."""

    capability: str
    layout: str
    because: str
    remedy: str = ""

    def __str__(self) -> str:
        remedy = f". Remedy: {self.remedy}" if self.remedy else ""
        return f"layout {self.layout!r} needs {self.capability!r}, which is missing here: {self.because}{remedy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in a file: where (`mount[2].type`), the bad value, what is wrong, the nearest right one."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


@dataclass(eq=False, kw_only=True)
class FileInvalid(HarnessError):  # noqa: N818 - reads as what is wrong
    """A data file (layout, case, manifest) cannot be used; all its problems at once."""

    file: str
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        lines = "".join(f"\n  {problem}" for problem in self.problems)
        return f"{self.file} is not usable:{lines}"


@dataclass(eq=False, kw_only=True)
class LayoutUntrue(HarnessError):  # noqa: N818 - reads as what is wrong
    """A layout was built, but what it promises about itself is not so on this machine."""

    layout: str
    facts: tuple[str, ...]

    def __str__(self) -> str:
        lines = "".join(f"\n  {fact}" for fact in self.facts)
        return f"layout {self.layout!r} is not what it says it is:{lines}"


@dataclass(eq=False, kw_only=True)
class UnknownName(HarnessError):  # noqa: N818 - reads as what is wrong
    """A name from the user (layout, installer, link mode, manifest) that nothing answers to."""

    kind: str
    name: str
    known: tuple[str, ...]
    nearest: str | None = None

    def __str__(self) -> str:
        hint = f"; did you mean {self.nearest!r}?" if self.nearest else "."
        return f"unknown {self.kind} {self.name!r}{hint} Known: {', '.join(self.known)}"


@dataclass(eq=False, kw_only=True)
class NotApplicable(HarnessError):  # noqa: N818 - reads as what it is
    """An installer was asked for something it does not claim to do: neither a pass nor a violation."""

    installer: str
    what: str

    def __str__(self) -> str:
        return f"{self.installer} does not do {self.what}"


@dataclass(eq=False, kw_only=True)
class OperationRefused(HarnessError):  # noqa: N818 - reads as what happened
    """The filesystem refused an operation of a program. Drivers throw it into the program, which may go on.

    Its message names path, second path, operation and errno, in that order (uv#15149, uv#12129, pip#6327 ask for it).
    """

    path: str
    second: str = ""
    operation: str
    errno: int

    def __str__(self) -> str:
        paths = f"{self.path} (from {self.second})" if self.second else self.path
        return f"{paths}: {self.operation}: {errno_name(self.errno)} ({os.strerror(self.errno)})"


@dataclass(eq=False, kw_only=True)
class WheelRefused(HarnessError):  # noqa: N818 - reads as what happened
    """An archive is not a wheel that can be installed safely; nothing was written."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: refused: {self.reason}"


@dataclass(eq=False, kw_only=True)
class NotInstalled(HarnessError):  # noqa: N818 - reads as what is so
    """A distribution that should be removed or repaired is not there."""

    path: str
    name: str

    def __str__(self) -> str:
        return f"{self.path}: {self.name} is not installed here: ENOENT"


@dataclass(eq=False, kw_only=True)
class LegacyInstalled(HarnessError):  # noqa: N818 - reads as what is so
    """A distribution that should be removed has legacy metadata, which need not say what belongs to it."""

    path: str
    name: str

    def __str__(self) -> str:
        return f"{self.path}: {self.name} has legacy metadata, and nothing says what belongs to it: EOPNOTSUPP"


@dataclass(eq=False, kw_only=True)
class LimitReached(HarnessError):  # noqa: N818 - reads as what happened
    """A program made more operations than its driver allows; it was stopped."""

    limit: int

    def __str__(self) -> str:
        return f"stopped after {self.limit} operations"


@dataclass(eq=False, kw_only=True)
class WheelUnavailable(HarnessError):  # noqa: N818 - reads as what happened
    """A published wheel is not in the cache, and could not be downloaded."""

    file: str
    sha256: str
    directory: str
    because: str

    def __str__(self) -> str:
        return (
            f"published wheel {self.file} is not available: {self.because}. To provide it by hand, put the file"
            f" (sha256 {self.sha256}) into {self.directory}"
        )


@dataclass(eq=False, kw_only=True)
class NoPublishedWheels(HarnessError):  # noqa: N818 - reads as what is wrong
    """Published wheels were asked for where they cannot take the place of the case's own."""

    because: str

    def __str__(self) -> str:
        return f"no published wheels for this case: {self.because}"


@dataclass(eq=False, kw_only=True)
class ReleaseInvalid(HarnessError):  # noqa: N818 - reads as what is wrong
    """What should name a release of an installer does not."""

    text: str
    because: str

    def __str__(self) -> str:
        return f"{self.text!r} is no release: {self.because}; write NAME or NAME==VERSION, for example uv==0.1.2"


@dataclass(eq=False, kw_only=True)
class NotProvided(HarnessError):  # noqa: N818 - reads as what is so
    """A release of an installer is not in the cache, and could not be installed into it.

    Attributes:
        installer: as the user would write it: `uv==0.1.2`, or `uv` where even its newest release is not known.
        because: what went wrong, with what pip said last.
        directory: where releases are kept.
        runs: False: it could be installed, but does not run with this Python, so that nothing helps here.
    """

    installer: str
    because: str
    directory: str
    runs: bool = True

    def __str__(self) -> str:
        remedy = (
            f". To provide it: `exdev provision {self.installer}` while there is a network, or copy {self.directory}"
            " from a machine with the same Python"
        )
        return f"{self.installer} is not provided: {self.because.rstrip('.')}{remedy if self.runs else ''}"


@dataclass(eq=False, kw_only=True)
class MemoryUnusable(HarnessError):  # noqa: N818 - reads as what is so
    """A memory of failures that this machine was told to share cannot be used.

    Attributes:
        variable: the environment variable that names it.
        value: what that says, without any password.
        because: what is wrong.
        remedy: what to do about it.
    """

    variable: str
    value: str
    because: str
    remedy: str

    def __str__(self) -> str:
        return (
            f"{self.variable}={self.value}: {self.because}. Remedy: {self.remedy}; or unset {self.variable}, and this"
            " machine remembers by itself"
        )


@dataclass(eq=False, kw_only=True)
class NotAnInstaller(HarnessError):  # noqa: N818 - reads as what is so
    """What a user named as an installer of their own cannot be used as one."""

    path: str
    because: str

    def __str__(self) -> str:
        return f"path:{self.path} is no installer that can be put to the test: {self.because}"


@dataclass(eq=False, kw_only=True)
class ScratchStays(HarnessError):  # noqa: N818 - reads as what is so
    """A scratch directory on the live machine could not be removed again."""

    path: str
    errno: int

    def __str__(self) -> str:
        return f"the scratch directory {self.path!r} cannot be removed: {errno_name(self.errno)}; remove it by hand"


@dataclass(eq=False, kw_only=True)
class NotBisectable(HarnessError):  # noqa: N818 - reads as what is so
    """Nothing can be found out about a case by running it on many releases."""

    file: str
    because: str

    def __str__(self) -> str:
        return f"{self.file} cannot be bisected: {self.because}"


@dataclass(eq=False, kw_only=True)
class BrowserMissing(HarnessError):  # noqa: N818 - reads as what is so
    """There is no browser to open a page with.

    Attributes:
        what: the part that is missing.
        remedy: how to have it.
    """

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"no browser here: {self.what} is missing. Remedy: {self.remedy}"


@dataclass(eq=False, kw_only=True)
class NotExportable(HarnessError):  # noqa: N818 - reads as what is so
    """A case of which no stand-alone script can be made.

    Attributes:
        installer: that of the case.
        because: what is in the way.
        remedy: what to do instead.
    """

    installer: str
    because: str
    remedy: str

    def __str__(self) -> str:
        return f"no script can be made for {self.installer}: {self.because}; {self.remedy}"
