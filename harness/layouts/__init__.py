"""Layouts: what may be mounted where, as data, built and verified on this machine."""

from harness.layouts.build import Site, build
from harness.layouts.catalog import load, names, tagged

__all__ = ["Site", "build", "load", "names", "tagged"]
