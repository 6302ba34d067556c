"""Tests of `harness.reproduction.export`."""
