"""Tests of `harness.matrix`."""
