"""Which layer a directory of an overlay comes from is told by its handle, and nothing else is said to."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.kernel import mounts
from harness.kernel.laboratory import open_laboratory
from harness.kernel.layers import on_lower_layer
from harness.tests.kernel.child import call


def layers() -> dict[str, bool | None]:
    with open_laboratory() as laboratory:
        paths = {name: Path(laboratory.sites, name) for name in ("lower", "upper", "work", "merged")}
        for path in paths.values():
            path.mkdir()
        (paths["lower"] / "old" / "deep").mkdir(parents=True)
        lower, upper, work, merged = map(str, paths.values())
        with mounts.overlay(merged, lowers=[lower], upper=upper, work=work):
            Path(merged, "new").mkdir()
            Path(merged, "old", "added").mkdir()
            told = {name: on_lower_layer(f"{merged}/{name}") for name in ("old", "old/deep", "old/added", "new")}
        return {**told, "tmpfs": on_lower_layer(lower), "absent": on_lower_layer(f"{lower}/absent")}


def test_a_directory_that_a_lower_layer_has_is_told_from_one_made_since(user: str) -> None:
    told = call(layers, user=user)
    if told["new"] is None:
        pytest.skip("this kernel has no handles for an overlay's files (Linux 6.6)")
    assert told == {
        "old": True,
        "old/deep": True,
        "old/added": False,
        "new": False,
        "tmpfs": None,
        "absent": None,
    }
