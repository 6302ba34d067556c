"""The oracle: what an environment must hold once wheels are installed, from the specifications alone.

Sources: the binary distribution format, recording installed projects, and entry points (packaging.python.org). Nothing
here knows how an installer works, least of all the reference core, which is judged by it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from harness.wheels import dist_info
from harness.wheels.dist_info import Row, record
from harness.wheels.faults import faults
from harness.wheels.launchers import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from harness.model import Entry, Wheel

__all__ = [
    "Claim",
    "Conflict",
    "Expectation",
    "ExpectedFile",
    "Row",
    "conflicts",
    "expected",
    "faults",
    "joined",
    "parents",
    "record",
]

ConflictKind: TypeAlias = Literal["content", "file-and-directory", "case"]

# Written by the installer into `.dist-info`. Only RECORD has to be there.
_OPTIONAL = ("INSTALLER", "REQUESTED", "direct_url.json")
_BYTECODE = re.compile(r"(?P<directory>.*/)__pycache__/(?P<module>[^/]+?)\.[^/]+\.pyc")


class Claim(NamedTuple):
    """One wheel's claim to a path. A named tuple for speed: the torch closure makes eleven thousand of them.

    Attributes:
        wheel: the key of the wheel (`nvidia-a-1.0`).
        digest: sha256 of the content, in hexadecimal; empty where the installer makes the content.
        size: bytes of that content.
        executable: whether this claimant's file is to be executable: any x bit in the archive, or a script. (Of
            scripts without an x bit the specification says that installers "may need to add" it; this asks for it.)
    """

    wheel: str
    digest: str
    size: int
    executable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedFile:
    """One file of the expected tree.

    Attributes:
        claims: who brings it, in the order of installation: the last one's content stays.
        generated: its content is up to the installer.
        optional: it may be there but need not.
        shebang_rewritten: its first line, `#!python`, is replaced by the environment's interpreter.
    """

    claims: tuple[Claim, ...]
    generated: bool = False
    optional: bool = False
    shebang_rewritten: bool = False

    @property
    def executable(self) -> bool:
        """Whether every x bit is set that the umask allows."""
        return self.claims[-1].executable

    @property
    def mode(self) -> int:
        """The permission bits under umask 022."""
        return 0o755 if self.executable else 0o644


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The expected tree.

    Attributes:
        files: by `scheme/relative path`, the schemes being purelib, platlib, scripts, data and headers.
    """

    files: Mapping[str, ExpectedFile]

    @property
    def optional(self) -> frozenset[str]:
        """Paths that may be there but need not, bytecode left aside."""
        return frozenset(path for path, file in self.files.items() if file.optional)

    def allows(self, path: str) -> bool:
        """Whether a file may be at `path`: an expected one, or the bytecode of an expected module (PEP 3147)."""
        if path in self.files:
            return True
        bytecode = _BYTECODE.fullmatch(path)
        return bytecode is not None and f"{bytecode['directory']}{bytecode['module']}.py" in self.files


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Wheels, or entries of one wheel, that cannot all have what they ask for.

    Attributes:
        kind: `content`: the same path with different content or mode, legal: the wheel installed last wins;
            `file-and-directory`: a path is a file for one and a directory for another; `case`: paths are the same
            where the file system ignores case.
        paths: the paths concerned, keyed as in `Expectation.files`; more than one for `case` only.
        wheels: keys of the wheels concerned, in the order of installation.
    """

    kind: ConflictKind
    paths: tuple[str, ...]
    wheels: tuple[str, ...]


def expected(wheels: Sequence[Wheel], *, platlib: str = "platlib") -> Expectation:
    """The tree after installing these wheels together.

    Args:
        wheels: good wheels (see `faults`) in the order of installation.
        platlib: the scheme under which platlib's files are keyed: `purelib` for an environment where both are one
            directory, as they are in every virtual environment.
    """
    files: dict[str, ExpectedFile] = {}
    for wheel in wheels:
        for path, file in _spread(wheel, platlib).items():
            before = files.get(path)
            files[path] = joined(before, file) if before else file
    return Expectation(files=files)


def conflicts(wheels: Sequence[Wheel], *, platlib: str = "platlib") -> tuple[Conflict, ...]:
    """Where these wheels, installed together, get into each other's way; arguments as for `expected`."""
    files = expected(wheels, platlib=platlib).files
    return (
        *(_conflict("content", [path], file.claims) for path, file in files.items() if _contested(file.claims)),
        *_files_that_are_directories(wheels, files, platlib),
        *_same_but_for_case(files),
    )


def joined(before: ExpectedFile, now: ExpectedFile) -> ExpectedFile:
    """One file that is brought twice: what comes later is what stays."""
    return ExpectedFile(
        claims=before.claims + now.claims,
        generated=now.generated,
        optional=before.optional and now.optional,
        shebang_rewritten=now.shebang_rewritten,
    )


@lru_cache(maxsize=128)
def _spread(wheel: Wheel, platlib: str) -> Mapping[str, ExpectedFile]:
    root = "purelib" if dist_info.root_is_purelib(wheel) else platlib
    data = wheel.data
    files: dict[str, ExpectedFile] = {}
    for entry in wheel.entries:
        path = installed_path(wheel, data, entry.path, root, platlib) if entry.kind != "directory" else ""
        if path:
            files[path] = _from_archive(wheel.key, entry, in_scripts=path.startswith("scripts/"))
    files |= {f"scripts/{name}": _generated(wheel.key, executable=True) for name in dist_info.scripts(wheel)}
    info = f"{root}/{wheel.dist_info}/"
    files[info + "RECORD"] = _generated(wheel.key)
    files |= {info + name: _generated(wheel.key, optional=True) for name in _OPTIONAL}
    return files


def installed_path(wheel: Wheel, data: str, path: str, root: str, platlib: str) -> str:
    """Where a path of the archive goes; empty for the `.data` directory (`data`) and its schemes' own directories."""
    if not (path == data or path.startswith(data + "/")):
        return f"{root}/{path}"
    scheme, _, relative = path[len(data) + 1 :].partition("/")
    if not relative:
        return ""
    # Headers go to a directory of the distribution's own name below the scheme's.
    name = {"headers": f"headers/{wheel.name}", "platlib": platlib}.get(scheme, scheme)
    return f"{name}/{relative}"


def _from_archive(wheel: str, entry: Entry, *, in_scripts: bool) -> ExpectedFile:
    executable = in_scripts or entry.mode & 0o111 != 0
    return ExpectedFile(
        claims=(Claim(wheel, _digest(entry.content), len(entry.content), executable),),
        shebang_rewritten=in_scripts and entry.content.startswith(PLACEHOLDER),
    )


def _generated(wheel: str, *, executable: bool = False, optional: bool = False) -> ExpectedFile:
    return ExpectedFile(claims=(Claim(wheel, "", 0, executable),), generated=True, optional=optional)


@lru_cache(maxsize=4096)
def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _contested(claims: tuple[Claim, ...]) -> bool:
    return len(claims) > 1 and any(claim[1:] != claims[0][1:] for claim in claims)


def _conflict(kind: ConflictKind, paths: Iterable[str], claims: Iterable[Claim]) -> Conflict:
    return Conflict(kind=kind, paths=tuple(paths), wheels=tuple(dict.fromkeys(claim.wheel for claim in claims)))


def _files_that_are_directories(
    wheels: Sequence[Wheel], files: Mapping[str, ExpectedFile], platlib: str
) -> Iterator[Conflict]:
    needed: dict[str, list[Claim]] = {}
    for path, file in files.items():
        for directory in parents(path):
            needed.setdefault(directory, []).extend(file.claims)
    for directory, claim in _listed_directories(wheels, platlib):
        needed.setdefault(directory, []).append(claim)
    for path, file in files.items():
        if path in needed:
            claims = [*file.claims, *needed[path]]
            in_order = (wheel.key for wheel in wheels if any(claim.wheel == wheel.key for claim in claims))
            yield Conflict(kind="file-and-directory", paths=(path,), wheels=tuple(in_order))


def _listed_directories(wheels: Sequence[Wheel], platlib: str) -> Iterator[tuple[str, Claim]]:
    for wheel in wheels:
        root, data = "purelib" if dist_info.root_is_purelib(wheel) else platlib, wheel.data
        for entry in wheel.entries:
            if entry.kind == "directory":
                yield installed_path(wheel, data, entry.path, root, platlib), Claim(wheel.key, "", 0, executable=True)


def parents(path: str) -> Iterator[str]:
    """Every directory above a path, the innermost first."""
    end = path.rfind("/")
    while end != -1:
        yield path[:end]
        end = path.rfind("/", 0, end)


def _same_but_for_case(files: Mapping[str, ExpectedFile]) -> Iterator[Conflict]:
    spellings: dict[str, list[str]] = {}
    for path in files:
        spellings.setdefault(path.casefold(), []).append(path)
    for paths in spellings.values():
        if len(paths) > 1:
            yield _conflict("case", paths, (claim for path in paths for claim in files[path].claims))
