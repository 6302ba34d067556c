"""Installers under test, by name."""

from harness.installers.protocol import Abilities, Installer
from harness.installers.registry import find, names

__all__ = ["Abilities", "Installer", "find", "names"]
