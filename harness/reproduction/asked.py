"""Which case a command line asks for: a saved one, or that of a report; with another installer, where one is named."""

from __future__ import annotations

import shlex
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness import installers, reports
from harness.errors import CapabilityMissing, FileInvalid, Problem
from harness.kernel.probes import probe
from harness.model import codec
from harness.reproduction.save import load

if TYPE_CHECKING:
    import argparse

    from harness.model import Case, Layout
    from harness.model.report import Report


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
    parser.add_argument(
        "file", help="a case, as saved by a failing scenario (.toml or .json); a report: its name, or its file"
    )
    parser.add_argument("--installer", metavar="NAME", help="run it with this one instead: uv==0.1.3, pip, reference")


def asked(file: str, *, installer: str | None = None, option: str = "--installer") -> Asked:
    """The case of a file. That of a report is run by the last release that was seen to have the defect.

    Args:
        file: of a case, of a report, or the name of a report that comes along.
        installer: runs it instead of the one that the file names.
        option: by which the command line names that.

    Raises:
        FileInvalid: the file is neither; or it names a program of somebody's own, which nobody has asked for.
        UnknownName: there is no such installer.
    """
    report = reports.load(file) if file in reports.names() or _is_report(Path(file)) else None
    case = load(Path(file)) if report is None else reports.case(report, f"{report.installer}=={report.red[-1]}")
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


def _is_report(path: Path) -> bool:
    """Whether it has what only reports have; what is wrong with a file is said by whoever loads it."""
    try:
        return path.stat().st_size <= codec.MAX_BYTES and "sign" in tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
