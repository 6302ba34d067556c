"""Layouts: what may be mounted where, as data, built and verified on this machine."""

from harness.layouts.build import Site, build
from harness.layouts.catalog import CONTROL, load, load_all, names, refuse_false_control, tagged
from harness.layouts.picture import picture
from harness.layouts.verify import verify

__all__ = [
    "CONTROL",
    "Site",
    "build",
    "load",
    "load_all",
    "names",
    "picture",
    "refuse_false_control",
    "tagged",
    "verify",
]
