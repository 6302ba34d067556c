"""Tests of the harness itself, one directory per room."""
