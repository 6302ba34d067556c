"""exdev: a filesystem regression harness for Python package installers."""

__version__ = "0.1.0"
