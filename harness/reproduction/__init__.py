"""Reproduction: a failing case as text for people and as a file that replays."""

from harness.reproduction.describe import describe, said
from harness.reproduction.save import digest, load, save

__all__ = ["describe", "digest", "load", "said", "save"]
