"""Which case a command line asks for: a saved one, or that of a report; with another installer, where one is named."""

from __future__ import annotations

import difflib
import json
import re
import shlex
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness import installers, reports
from harness.data import fixtures
from harness.errors import CapabilityMissing, FileInvalid, Problem
from harness.kernel.probes import probe
from harness.model import codec
from harness.reproduction.save import load

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from harness.model import Case, Layout
    from harness.model.report import Report

FILE: Final = (
    "a case, as saved by a failing scenario: its file (.toml or .json), or the twelve digits of its name; or a report:"
    " its name (uv-1513), as it is printed (uv#1513), or its file"
)
# Where scenarios save what fails, by its digest: what nobody has reported comes first.
SAVED: Final = (Path(".exdev/failures"), Path(".exdev/known"))
_DIGEST: Final = re.compile("[0-9a-f]{12}")
_LONG: Final = 80
_NEAREST_COUNT: Final = 3
_MOST_CASES: Final = 1000
_REPORT_KEYS: Final = frozenset({"id", "url", "affected", "red", "sign"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for.

    Attributes:
        file: as it was named.
        case: with the installer that was asked for.
        report: whose case it is; None: a case by itself.
    """

    file: str
    case: Case
    report: Report | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add FILE and `--installer`: see `asked`."""
    parser.add_argument("file", help=FILE)
    parser.add_argument("--installer", metavar="NAME", help="run it with this one instead: uv==0.1.3, pip, reference")


def asked(file: str, *, installer: str | None = None, option: str = "--installer") -> Asked:
    """The case of a file. That of a report is run by the last release that was seen to have the defect.

    Args:
        file: of a case, of a report; or the name or the id of a report that comes along; or the digest of a saved case.
        installer: runs it instead of the one that the file names.
        option: by which the command line names that.

    Raises:
        FileInvalid: the file is neither, or is not there; or it names a program of somebody's own, which nobody has
            asked for.
        UnknownName: there is no such installer.
    """
    name = _file_name(file)
    place = name if name in reports.names() else _path(file)
    report = reports.load(place) if isinstance(place, str) or _is_report(place) else None
    case = load(Path(place)) if report is None else reports.case(report, f"{report.installer}=={report.red[-1]}")
    if installer:
        case = replace(case, installer=installers.find(installer).name)
    elif case.installer.startswith("path:"):
        # Cases are passed on: none decides by itself which program of this machine is run.
        message = f"a program of somebody's own; if it is yours, say {option} {shlex.quote(case.installer)}"
        raise FileInvalid(file=file, problems=(Problem(where="installer", message=message),))
    return Asked(file=file, case=case, report=report)


def check_machine(layout: Layout) -> None:
    """Ask the machine for all that a layout needs.

    Raises:
        CapabilityMissing: it cannot do that.
    """
    for finding in probe(layout.requires).values() if layout.requires else ():
        if not finding.available:
            raise CapabilityMissing(
                capability=finding.name, layout=layout.name, because=finding.because, remedy=finding.remedy
            )


def _file_name(said: str) -> str:
    """What the file of a report is called if this is its id: `uv#1513` lies in `uv-1513.toml`."""
    return re.sub("[#:]", "-", said)


def _path(file: str) -> Path:
    """Where it lies: as it is named, or under its digest where scenarios save cases.

    Raises:
        FileInvalid: it is nowhere.
    """
    saved = [directory / f"{file}.toml" for directory in SAVED] if _DIGEST.fullmatch(file) else []
    places = [Path(file), *saved]
    for place in places:
        if not _is_absent(place):
            return place
    raise FileInvalid(file=file, problems=(Problem(where="", message=_nowhere(file, saved)),))


def _is_absent(path: Path) -> bool:
    """Whether nothing is there; what else is in the way of reading it is said by whoever loads it."""
    try:
        path.stat()
    except (OSError, ValueError) as refused:
        return isinstance(refused, FileNotFoundError)
    return False


def _nowhere(file: str, saved: Iterable[Path]) -> str:
    """What is missing, which names are like it, and where all of them are."""
    looked = "".join(f", no {place}" for place in saved)
    meant = _nearest_names(file) if len(file) <= _LONG else "."
    return f"no such file or report{looked}{meant} Reports lie in {fixtures() / 'reports'}, saved cases in {SAVED[0]}"


def _nearest_names(file: str) -> str:
    """The names that are most like it; where none is much like it they are said to be no more than the nearest."""
    path = Path(file)
    directories = {path.parent, *SAVED} if path.name != file else {*SAVED}
    cases = {
        one.stem: str(one)
        for directory in sorted(directories)
        for one in sorted(directory.glob("*.toml"))[:_MOST_CASES]
    }
    names = cases | {name: name for name in reports.names()}
    wanted = _file_name(path.stem)
    if near := difflib.get_close_matches(wanted, names, n=_NEAREST_COUNT):
        return f"; did you mean {' or '.join(repr(names[one]) for one in near)}?"
    far = difflib.get_close_matches(wanted, names, n=_NEAREST_COUNT, cutoff=0)
    return f"; the nearest are {', '.join(repr(names[one]) for one in far)}."


def _is_report(path: Path) -> bool:
    """Whether it has any of what only reports have; what is wrong with a file is said by whoever loads it."""
    try:
        if path.stat().st_size > codec.MAX_BYTES:
            return False
        text = path.read_text(encoding="utf-8")
        data = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(data, dict) and not _REPORT_KEYS.isdisjoint(data)
