"""Tests of `harness.provisioning`."""
