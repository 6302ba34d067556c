"""Published releases of installers: each installed once into an environment of its own in the user's cache."""

from harness.provisioning.index import newest
from harness.provisioning.providing import is_provided, provide
from harness.provisioning.published import here, published
from harness.provisioning.release import DISTRIBUTIONS, Release
from harness.provisioning.shelf import Provided

__all__ = ["DISTRIBUTIONS", "Provided", "Release", "here", "is_provided", "newest", "provide", "published"]
