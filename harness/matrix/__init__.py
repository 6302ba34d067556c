"""The matrix: what became of every layout and link mode, as a table."""

from harness.matrix.cells import DRAWN, Cell, Result, merge
from harness.matrix.terminal import table

__all__ = ["DRAWN", "Cell", "Result", "merge", "table"]
