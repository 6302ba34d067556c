"""Tests of the wheels room."""
