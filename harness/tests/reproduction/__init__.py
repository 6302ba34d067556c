"""Tests of `harness.reproduction`."""
