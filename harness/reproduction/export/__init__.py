"""Export: a case for those who have no harness: as one shell script, and as a bug report."""

from harness.reproduction.export.command import add_parser, run

__all__ = ["add_parser", "run"]
