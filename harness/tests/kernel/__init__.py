"""Tests of the kernel room; each mounts in a child process only."""
