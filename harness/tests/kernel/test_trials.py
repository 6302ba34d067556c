"""Trials answer as the mounts that they are made on must, and leave their directories empty."""

from __future__ import annotations

import os
from pathlib import Path

from harness.kernel import mounts, trials
from harness.kernel.laboratory import open_laboratory
from harness.tests.kernel.child import call


def answers() -> tuple[dict[str, str], dict[str, str], dict[str, str], list[str]]:
    with open_laboratory() as laboratory:
        for name in ("one", "two", "small", "one/a", "one/b"):
            Path(laboratory.sites, name).mkdir()
        one = f"{laboratory.sites}/one"
        with (
            mounts.tmpfs(f"{laboratory.sites}/two", flags=("noexec",)),
            mounts.tmpfs(f"{laboratory.sites}/small", size="4k"),
        ):
            alone = trials.alone(f"{laboratory.sites}/two")
            here = trials.between(f"{one}/a", f"{one}/b")
            across = trials.between(f"{one}/a", f"{laboratory.sites}/two")
            # One page: each trial has to leave it to the next one.
            assert set(trials.alone(f"{laboratory.sites}/small").values()) <= {"ok", "kept", "ENOTSUP"}
            left = [name for path in (f"{one}/a", f"{one}/b", f"{laboratory.sites}/two") for name in os.listdir(path)]
        return alone, here, across, left


def test_a_mount_answers_by_its_flags_and_its_neighbours() -> None:
    alone, here, across, left = call(answers)
    assert alone == {
        "execute": "EACCES",
        "symlink": "ok",
        "clone": "ENOTSUP",
        "modes": "kept",
        "case": "kept",
        "long-name": "ok",
        "flock": "ok",
        "lockf": "ok",
    }
    assert here == {"link": "ok", "rename": "ok", "clone": "ENOTSUP"}
    assert across == {"link": "EXDEV", "rename": "EXDEV", "clone": "EXDEV"}
    assert left == []
