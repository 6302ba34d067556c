"""Checking a machine: its storage as a layout, and whether an installer is safe on it."""
