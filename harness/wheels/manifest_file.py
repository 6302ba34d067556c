"""The manifest of a published wheel: the paths, order, sizes and modes of its archive, and how a JSON file says them.

Entries are grouped into runs of one directory, in archive order: first the directory, then `SIZE NAME` for each file
in it, and `-` where the archive lists the directory itself. A mode other than 644 (directories: 755) follows the size:
`17:755 run`, `-:775`. Of a script in `.data/scripts` the first line is kept as well, where it is one for the kernel:
installers rewrite `#!python`.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.errors import FileInvalid, Problem
from harness.model import Wheel
from harness.wheels.make import DIRECTORY_MODE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FILE_MODE = 0o644
# Absent: 1. Since 2 there may be `first_lines`.
FORMAT = 2


class Listed(NamedTuple):
    """One entry of a published archive.

    Attributes:
        path: relative, without a trailing slash.
        size: bytes; 0 for directories.
        mode: permission bits.
        directory: whether it is a directory.
    """

    path: str
    size: int
    mode: int = FILE_MODE
    directory: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is known of one published wheel.

    Attributes:
        wheel: its file name.
        sha256: of the published file, in hexadecimal.
        root_is_purelib: what its WHEEL says.
        entries: in archive order.
        entry_points: the text of its entry_points.txt.
        first_lines: of scripts in `.data`, by archive path: `#!python`, without the newline.
        companions: keys of the wheels it is installed with, where `closure` is to have them.
    """

    wheel: str
    sha256: str
    root_is_purelib: bool
    entries: tuple[Listed, ...]
    entry_points: str | None = None
    first_lines: tuple[tuple[str, str], ...] = ()
    companions: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The distribution's name; its published METADATA may spell it with other separators."""
        return self.wheel.split("-")[0].replace("_", "-")

    @property
    def version(self) -> str:
        """The distribution's version."""
        return self.wheel.split("-")[1]

    @property
    def tag(self) -> str:
        """The compatibility tag, after a build number if there is one."""
        return self.wheel.removesuffix(".whl").split("-", 2)[2]

    @property
    def key(self) -> str:
        """`name-version`: how `load` and steps refer to it."""
        return f"{self.name}-{self.version}"


def named(filename: str) -> Wheel:
    """A wheel without entries, of the name, version and tag that a wheel's file name says.

    Raises:
        ValueError: it is not named like a wheel.
    """
    parts = filename.removesuffix(".whl").split("-")
    if not filename.endswith(".whl") or len(parts) not in (5, 6):
        message = f"not a wheel's file name: {filename!r} (NAME-VERSION[-BUILD]-PYTHON-ABI-PLATFORM.whl)"
        raise ValueError(message)
    return Wheel(name=parts[0].replace("_", "-"), version=parts[1], entries=(), tag="-".join(parts[2:]))


def encode(manifest: Manifest) -> str:
    """The manifest as JSON, one entry per line."""
    head: dict[str, Any] = {
        "wheel": manifest.wheel,
        "sha256": manifest.sha256,
        "root_is_purelib": manifest.root_is_purelib,
    }
    if manifest.entry_points is not None:
        head["entry_points"] = manifest.entry_points.splitlines()
    if manifest.first_lines:
        head |= {"format": FORMAT, "first_lines": dict(manifest.first_lines)}
    if manifest.companions:
        head["companions"] = list(manifest.companions)
    lines = json.dumps(head, indent=1).removesuffix("\n}")
    runs = itertools.groupby(manifest.entries, key=_directory)
    groups = (",\n".join(json.dumps(item) for item in (directory, *map(_row_of, run))) for directory, run in runs)
    return lines + ',\n "entries": [\n[' + "],\n[".join(groups) + "]\n]}\n"


def decode(text: str, *, file: str) -> Manifest:
    """The manifest that `encode` wrote.

    Args:
        text: JSON.
        file: what to call it in errors.

    Raises:
        FileInvalid: it is not JSON, is of a newer format, lacks a field, or has unreadable rows: all of them at once.
    """
    problems: list[Problem] = []
    try:
        data = json.loads(text)
        _check_format(data.get("format", 1))
        entries = tuple(_listed(data["entries"], problems))
        manifest = Manifest(
            wheel=named(data["wheel"]).filename,
            sha256=data["sha256"],
            root_is_purelib=data["root_is_purelib"],
            entries=entries,
            entry_points=_text(data.get("entry_points")),
            first_lines=tuple(data.get("first_lines", {}).items()),
            companions=tuple(data.get("companions", ())),
        )
    except KeyError as error:
        problems.append(Problem(where=str(error.args[0]), message="is missing"))
    except (AttributeError, ValueError, TypeError) as error:
        problems.append(Problem(where="", message=str(error)))
    if problems:
        raise FileInvalid(file=file, problems=tuple(problems))
    return manifest


def _check_format(found: int) -> None:
    if found > FORMAT:
        message = f"this manifest has format {found}, this version of exdev reads up to {FORMAT}: use a newer exdev"
        raise ValueError(message)


def _listed(groups: Sequence[Sequence[str]], problems: list[Problem]) -> Iterator[Listed]:
    for number, (directory, *rows) in enumerate(groups):
        for place, row in enumerate(rows, start=1):
            facts, _, name = row.partition(" ")
            size, _, mode = facts.partition(":")
            try:
                if size == "-":
                    yield Listed(directory[:-1], 0, int(mode, 8) if mode else DIRECTORY_MODE, directory=True)
                else:
                    yield Listed(directory + name, int(size), int(mode, 8) if mode else FILE_MODE)
            except ValueError:
                message = f"{row!r} is not `SIZE[:MODE] NAME`"
                problems.append(Problem(where=f"entries[{number}][{place}]", message=message))


def _directory(listed: Listed) -> str:
    if listed.directory:
        return listed.path + "/"
    parent, slash, _ = listed.path.rpartition("/")
    return parent + slash


def _row_of(listed: Listed) -> str:
    if listed.directory:
        return "-" if listed.mode == DIRECTORY_MODE else f"-:{listed.mode:o}"
    mode = "" if listed.mode == FILE_MODE else f":{listed.mode:o}"
    return f"{listed.size}{mode} {listed.path.rpartition('/')[2]}"


def _text(lines: Sequence[str] | None) -> str | None:
    return None if lines is None else "".join(f"{line}\n" for line in lines)
