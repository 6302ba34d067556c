"""What scenarios are written with: `@scenario`, steps, and the lab that runs them."""

from harness.scenario.lab import Lab, Violated
from harness.scenario.marker import scenario
from harness.scenario.profiles import fewer
from harness.scenario.steps import Ask, image, install, must, reinstall, repair, rerun, uninstall, upgrade, warm

__all__ = [
    "Ask",
    "Lab",
    "Violated",
    "fewer",
    "image",
    "install",
    "must",
    "reinstall",
    "repair",
    "rerun",
    "scenario",
    "uninstall",
    "upgrade",
    "warm",
]
