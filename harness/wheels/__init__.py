"""Wheels: made, written as archives, skeletons of published ones, and the tree that installing them must give."""

from harness.wheels.expected import Claim, Conflict, Expectation, ExpectedFile, Row
from harness.wheels.make import directories, reordered, wheel

__all__ = [
    "Claim",
    "Conflict",
    "Expectation",
    "ExpectedFile",
    "Row",
    "directories",
    "reordered",
    "wheel",
]
