"""`exdev doctor`: what this machine can do, what it cannot and why, and what to do about it."""

from __future__ import annotations

import argparse
import dataclasses
import json
import platform
import sys
from typing import TYPE_CHECKING, Final

from harness.kernel import probes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.kernel.probes import Finding

# Of the JSON document; raised when a reader of the old one would misread the new one.
FORMAT: Final = 1

_EXAMPLES: Final = """\
examples:
  exdev doctor                                  everything, for people
  exdev doctor --json                           the same, for machines
  exdev doctor --require overlay --require bind-file
                                                exit status 1 unless both are available

exit status:
  0  every required capability is available (nothing is required by default)
  1  a required capability is missing
  2  the command line is wrong
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `doctor` to the command line."""
    parser = subparsers.add_parser(
        "doctor",
        help="show what this machine can do, and what to do about the rest",
        description="Try all that layouts and scenarios may require, in a private namespace; nothing is changed.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--require",
        action="append",
        default=[],
        metavar="NAME",
        help="exit with status 1 if this capability is missing; may be given more than once",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Probe, print, and judge what is required.

    Returns:
        The exit status: 0, or 1 where a required capability is missing.

    Raises:
        UnknownName: a required name is no capability.
    """
    for name in arguments.require:
        probes.named(name)
    findings = probes.probe()
    missing = tuple(name for name in dict.fromkeys(arguments.require) if not findings[name].available)
    lines = [_document(findings.values(), missing)] if arguments.json else _report(findings.values(), missing)
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if missing else 0


def _document(findings: Iterable[Finding], missing: tuple[str, ...]) -> str:
    capabilities = [{**dataclasses.asdict(finding), "about": probes.named(finding.name).about} for finding in findings]
    document = {"format": FORMAT, "capabilities": capabilities, "missing": missing, "kernel": platform.release()}
    return json.dumps(document, indent=2)


def _report(findings: Iterable[Finding], missing: tuple[str, ...]) -> list[str]:
    width = max(len(capability.name) for capability in probes.CAPABILITIES)
    lines = [line for finding in findings for line in _lines(finding, width)]
    if missing:
        lines += ["", f"required, but missing: {', '.join(missing)}"]
    return lines


def _lines(finding: Finding, width: int) -> list[str]:
    name = finding.name.ljust(width)
    if finding.available:
        return [f"{name}  available  {probes.named(finding.name).about}"]
    lines = [f"{name}  missing    because {finding.because}"]
    if finding.remedy:
        lines.append(f"{' ' * width}             {finding.remedy}")
    return lines
