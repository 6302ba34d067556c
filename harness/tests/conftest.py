"""The harness' own tests use the fixtures of its plugin; `laboratory` comes from there."""
