"""Tests of `harness.strategies`."""
