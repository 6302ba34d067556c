"""The matrix: what became of every layout, link mode and installer, as a table and as a file."""

from harness.matrix.cells import DRAWN, Cell, Result, merge
from harness.matrix.file import dump, parse
from harness.matrix.terminal import table

__all__ = ["DRAWN", "Cell", "Result", "dump", "merge", "parse", "table"]
