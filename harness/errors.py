"""Every error the harness raises on purpose: one base class, typed fields, a message built by the class, picklable."""

from __future__ import annotations

import dataclasses
import errno as errno_names
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
    """

    operation: str
    path: str
    type: str
    options: tuple[str, ...]
    errno: int
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = f"; the kernel says: {' / '.join(self.words)}" if self.words else ""
        options = f" ({', '.join(self.options)})" if self.options else ""
        return f"mount {self.type} at {self.path}{options}: {self.operation}: {errno_name(self.errno)}{said}"


@dataclass(eq=False, kw_only=True)
class CapabilityMissing(HarnessError):  # noqa: N818 - reads as what happened
    """A layout or scenario needs something this machine cannot do."""

    capability: str
    because: str
    remedy: str = ""

    def __str__(self) -> str:
        remedy = f". Remedy: {self.remedy}" if self.remedy else ""
        return f"capability {self.capability!r} is missing: {self.because}{remedy}"


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
        hint = f"; did you mean {self.nearest!r}?" if self.nearest else ""
        return f"unknown {self.kind} {self.name!r}{hint} Known: {', '.join(self.known)}"


@dataclass(eq=False, kw_only=True)
class NotApplicable(HarnessError):  # noqa: N818 - reads as what it is
    """An installer was asked for something it does not claim to do: neither a pass nor a violation."""

    installer: str
    what: str

    def __str__(self) -> str:
        return f"{self.installer} does not do {self.what}"
