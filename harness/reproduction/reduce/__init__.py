"""Reducing: a case made smaller while it shows the same violation."""

from harness.reproduction.reduce.command import add_parser, run
from harness.reproduction.reduce.search import attempts
from harness.reproduction.reduce.smaller import KINDS, Candidate

__all__ = ["KINDS", "Candidate", "add_parser", "attempts", "run"]
