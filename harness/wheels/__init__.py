"""Wheels: made, written as archives, skeletons of published ones, and the tree that installing them must give."""

from harness.wheels.expected import Claim, Conflict, Expectation, ExpectedFile, Row
from harness.wheels.make import directories, reordered, wheel
from harness.wheels.manifest_file import Listed, Manifest
from harness.wheels.manifests import closure, skeleton

__all__ = [
    "Claim",
    "Conflict",
    "Expectation",
    "ExpectedFile",
    "Listed",
    "Manifest",
    "Row",
    "closure",
    "directories",
    "reordered",
    "skeleton",
    "wheel",
]
