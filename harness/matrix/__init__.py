"""The matrix: what became of every layout, link mode and installer, as a table, a page, and files for machines."""

from harness.matrix.cells import DRAWN, FAILING, Cell, Result, merge
from harness.matrix.file import dump, parse, read
from harness.matrix.matrix import INCOMPLETE, Matrix, Shown
from harness.matrix.terminal import table

__all__ = [
    "DRAWN",
    "FAILING",
    "INCOMPLETE",
    "Cell",
    "Matrix",
    "Result",
    "Shown",
    "dump",
    "merge",
    "parse",
    "read",
    "table",
]
