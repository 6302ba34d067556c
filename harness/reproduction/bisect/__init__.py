"""Bisecting: over the published releases of an installer, where a verdict changes."""

from harness.reproduction.bisect.command import add_parser, run
from harness.reproduction.bisect.kept import saved
from harness.reproduction.bisect.span import Probe, Range, Stretch

__all__ = ["Probe", "Range", "Stretch", "add_parser", "run", "saved"]
