"""Benchmarks: `python -m harness.bench`, each figure beside its baseline, measured in the same run."""

from harness.bench.figure import Figure, table

__all__ = ["Figure", "table"]
