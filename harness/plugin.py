"""The pytest plugin: fixtures and hooks, thin; nothing happens until something of ours is used."""
