"""Book: what the specifications say about the wheels of one case, worked out once for all its steps."""

from __future__ import annotations

import hashlib
from collections import Counter
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from harness.wheels.dist_info import scripts
from harness.wheels.expected import Expectation, ExpectedFile, conflicts, expected, faults, joined, parents, record
from harness.wheels.faults import ALGORITHMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.contracts.locations import Locations
    from harness.model import Wheel


class Book:
    """The oracle's answers, looked up by the wheels' keys: hashing a wheel's every entry costs more than judging it."""

    def __init__(self, wheels: tuple[Wheel, ...], platlib: str, where: Locations) -> None:
        """See class.

        Args:
            wheels: the case's.
            platlib: see `Evidence.platlib`.
            where: the locations before the first step: two paths of one place are one file of the tree.
        """
        self.wheels = wheels
        self._platlib = platlib
        self._where = where
        self._expected: dict[tuple[str, ...], Expectation] = {}

    def expected(self, wheels: Sequence[Wheel]) -> Expectation:
        """The tree of these wheels, installed in this order."""
        keys = tuple(wheel.key for wheel in wheels)
        if keys not in self._expected:
            self._expected[keys] = _placed(expected(wheels, platlib=self._platlib), self._where)
        return self._expected[keys]

    @cached_property
    def bad(self) -> Mapping[str, str]:
        """Keys of the wheels that must be refused, each with the first of its faults."""
        found = ((wheel.key, _faults(wheel, self._platlib)) for wheel in self.wheels)
        return {key: reasons[0] for key, reasons in found if reasons}

    @cached_property
    def untrue_records(self) -> frozenset[str]:
        """The .dist-info directories whose RECORD, in the archive, does not agree with the archive."""
        return frozenset(
            wheel.dist_info
            for wheel in self.wheels
            if any("RECORD" in reason.partition(":")[0] for reason in _faults(wheel, self._platlib))
            or _names_more(wheel)
        )

    @cached_property
    def claims(self) -> Mapping[str, frozenset[str]]:
        """Per path, the digests of every good wheel of the case that brings it, installed or not."""
        found: dict[str, set[str]] = {}
        for wheel in self.wheels:
            if wheel.key not in self.bad:
                for path, file in self.expected((wheel,)).files.items():
                    found.setdefault(path, set()).update(claim.digest for claim in file.claims)
        return {path: frozenset(digests) for path, digests in found.items()}

    def brings(self, wheel: Wheel, path: str) -> frozenset[str]:
        """The digests that a good wheel alone may give the file at a path; none: it does not bring it."""
        file = self.expected((wheel,)).files.get(path)
        return frozenset(claim.digest for claim in file.claims) if file else frozenset()

    @cached_property
    def made_by_several(self) -> frozenset[str]:
        """Paths of files that the installer makes, or changes, for more than one wheel: a script that two bring."""
        found = Counter(
            path
            for wheel in self.wheels
            if wheel.key not in self.bad
            for path, file in self.expected((wheel,)).files.items()
            if file.generated or file.shebang_rewritten
        )
        return frozenset(path for path, times in found.items() if times > 1)

    def script_in_archive(self, wheel: Wheel, path: str) -> bytes | None:
        """The content of a wheel's own script, as archived, by where it goes; None: an entry point asks for it."""
        name = path.removeprefix("scripts/")
        if name in scripts(wheel):
            return None
        archived = f"{wheel.data}/scripts/{name}"
        return next((entry.content for entry in wheel.entries if entry.path == archived), None)

    @cached_property
    def archived(self) -> Mapping[str, Mapping[str, str]]:
        """Per name of a .dist-info directory, the digest of each file in that wheel's archive."""
        return {
            wheel.dist_info: {entry.path: digest_of(entry.content) for entry in wheel.entries if entry.kind == "file"}
            for wheel in self.wheels
        }

    @cached_property
    def stronger(self) -> Mapping[str, str]:
        """The sha256 of each archived file's content by its digest of a stronger algorithm (`sha512:...`)."""
        contents = {entry.content for wheel in self.wheels for entry in wheel.entries if entry.kind == "file"}
        return {
            f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}": digest_of(content)
            for content in contents
            for algorithm in ALGORITHMS
            if algorithm != "sha256"
        }

    def conflict(self, wheels: Sequence[Wheel]) -> str:
        """Why these wheels cannot all be installed together; empty: they can."""
        for conflict in conflicts(wheels, platlib=self._platlib):
            if conflict.kind == "file-and-directory":
                return f"{conflict.paths[0]} is a file and a directory of {' and '.join(conflict.wheels)}"
        files = self.expected(wheels).files
        directories = {parent for path in files for parent in parents(path)}.union(self._where.places.values())
        both = next((path for path in files if path in directories), "")
        return f"{both} is a file, and a directory of another file" if both else ""


def _placed(expectation: Expectation, where: Locations) -> Expectation:
    """The same tree by canonical keys. Where one wheel brings a place twice, either of its files will do."""
    files: dict[str, ExpectedFile] = {}
    for path, file in expectation.files.items():
        place = where.canonical(path)
        files[place] = joined(files[place], file) if place in files else file
    return Expectation(files=files)


def _names_more(wheel: Wheel) -> bool:
    """Whether RECORD names what is no file of the archive: a directory, or a path that leads out of it."""
    files = {entry.path for entry in wheel.entries if entry.kind != "directory"}
    return any(row.path not in files for row in record(wheel))


@lru_cache(maxsize=4096)
def digest_of(content: bytes) -> str:
    """The sha256 of a content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


@lru_cache(maxsize=1024)
def normalised(name: str) -> str:
    """A distribution's name as every spelling of it is compared."""
    return canonicalize_name(name)


@lru_cache(maxsize=256)
def _faults(wheel: Wheel, platlib: str) -> tuple[str, ...]:
    return faults(wheel, platlib=platlib)
