"""Tests of `harness.installers`."""
