"""The matrix: what became of every layout and link mode, as a table."""

from harness.matrix.cells import Cell, Result, merge
from harness.matrix.terminal import table

__all__ = ["Cell", "Result", "merge", "table"]
