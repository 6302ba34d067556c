"""Verdicts: saved cases that were once judged wrongly, each with the right answer."""
