"""Pytest's entry: everything lies in the plugin."""

pytest_plugins = ("harness.scenario.plugin",)
