"""Hypothesis strategies, one for each value that a filesystem, a scheduler or a package author may choose."""

from harness.strategies.cases import cases
from harness.strategies.layouts import layouts, link_modes
from harness.strategies.orders import directory_orders
from harness.strategies.plans import listings, schedules
from harness.strategies.wheels import SHARING, Sharing, bulky_wheels, wheel_sets

__all__ = [
    "SHARING",
    "Sharing",
    "bulky_wheels",
    "cases",
    "directory_orders",
    "layouts",
    "link_modes",
    "listings",
    "schedules",
    "wheel_sets",
]
