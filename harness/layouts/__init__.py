"""Layouts: what may be mounted where, as data, built and verified on this machine."""

from harness.layouts.build import Site, build
from harness.layouts.catalog import load, names, tagged
from harness.layouts.picture import picture
from harness.layouts.verify import verify

__all__ = ["Site", "build", "load", "names", "picture", "tagged", "verify"]
