"""Tests of the contracts room: mutants that are rejected, right ones that are accepted, and the pure parts."""
