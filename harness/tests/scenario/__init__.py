"""Tests of `harness.scenario`."""
