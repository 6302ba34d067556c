"""The reference core: what an installer should do here, as programs that yield operations and do no I/O themselves."""

from harness.reference.cache import warm
from harness.reference.install import Installed, install
from harness.reference.repair import repair
from harness.reference.settings import Settings
from harness.reference.uninstall import uninstall

__all__ = ["Installed", "Settings", "install", "repair", "uninstall", "warm"]
