"""Drivers: they perform the operations of programs, in the order and under the conditions a Plan says."""

from harness.drivers.conditions import limited, listed, traced
from harness.drivers.perform import Perform, perform
from harness.drivers.schedule import Ending, interleave, run

__all__ = ["Ending", "Perform", "interleave", "limited", "listed", "perform", "run", "traced"]
