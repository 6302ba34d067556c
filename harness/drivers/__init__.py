"""Drivers: they perform the operations of programs, in the order and under the conditions a Plan says."""

from harness.drivers.conditions import Done, limited, listed, told, traced
from harness.drivers.perform import Perform, perform
from harness.drivers.schedule import Ending, interleave, run

__all__ = ["Done", "Ending", "Perform", "interleave", "limited", "listed", "perform", "run", "told", "traced"]
