"""Public bug reports as data: read, made into cases, recognised in what scenarios find."""

from harness.reports.cases import case
from harness.reports.catalog import known, load, names
from harness.reports.signs import affects, explaining, explains, missing, sign_violations, strangers

__all__ = [
    "affects",
    "case",
    "explaining",
    "explains",
    "known",
    "load",
    "missing",
    "names",
    "sign_violations",
    "strangers",
]
