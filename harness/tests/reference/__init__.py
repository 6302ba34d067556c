"""Tests of the reference core."""
