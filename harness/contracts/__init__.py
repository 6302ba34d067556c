"""Contracts: each one promise, a pure function of what was seen to the ways it was broken."""

from harness.contracts.registry import CONTRACTS, Contract, judge

__all__ = ["CONTRACTS", "Contract", "judge"]
