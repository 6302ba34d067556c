"""Specimens: historical algorithms with their real defects, as programs, each citing its source."""

from harness.specimens.later_refusal_fatal import install as install_later_refusal_fatal
from harness.specimens.uv_0_1_2 import install as install_uv_0_1_2

__all__ = ["install_later_refusal_fatal", "install_uv_0_1_2"]
