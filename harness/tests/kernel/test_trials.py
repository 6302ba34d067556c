"""Trials answer as the mounts that they are made on must, and leave their directories empty."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

from harness.kernel import mounts, trials
from harness.kernel.laboratory import open_laboratory
from harness.kernel.scratch import Scratch, scratch_in
from harness.tests.kernel.child import call


def answers() -> tuple[dict[str, str], dict[str, str], dict[str, str], list[str]]:
    with open_laboratory() as laboratory, ExitStack() as stack:
        paths = [f"{laboratory.sites}/{name}" for name in ("two", "small", "one/a", "one/b")]
        for path in paths:
            Path(path).mkdir(parents=True)
        stack.enter_context(mounts.tmpfs(paths[0], flags=("noexec",), leave="detach"))
        stack.enter_context(mounts.tmpfs(paths[1], size="4k", leave="detach"))
        made = stack.enter_context(scratch_in(paths)).values()
        two, small, a, b = (one.descriptor for one in made if isinstance(one, Scratch))
        # One page: each trial has to leave it to the next one.
        assert set(trials.alone(small).values()) <= {"ok", "kept", "ENOTSUP"}
        alone, here, across = trials.alone(two), trials.between(a, b), trials.between(a, two)
        return alone, here, across, [name for one in (two, small, a, b) for name in os.listdir(one)]


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
