"""A harness killed at any moment leaves the host as it was: mounts, loop devices, temporary directory."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.kernel import namespaces
from harness.kernel.laboratory import open_laboratory
from harness.layouts import load
from harness.model import Case, Step
from harness.run import Runner
from harness.tests.kernel.child import become_plain
from harness.wheels import wheel

KILLS = 50
LAYOUTS = ("docker-volume", "overlay-two-lowers", "read-only-cache", "file-bind", "nested-tmpfs")


@dataclass(frozen=True, slots=True)
class Host:
    """What must not change."""

    mountinfo: bytes
    loop_devices: tuple[tuple[str, str], ...]
    temporary: tuple[str, ...]


def look(temporary: Path) -> Host:
    return Host(
        mountinfo=Path("/proc/self/mountinfo").read_bytes(),
        loop_devices=tuple(
            (str(path), path.read_text(encoding="utf-8"))
            for path in sorted(Path("/sys/block").glob("loop*/loop/backing_file"))
        ),
        temporary=tuple(sorted(str(path.relative_to(temporary)) for path in temporary.rglob("*"))),
    )


def run_cases_for_ever(user: str) -> None:
    """What a child does: says so once it is inside, then runs whole cases, one layout after the other, until killed."""
    wheels = tuple(wheel(f"nvidia-{name}", "1.0", {"nvidia/__init__.py": b""}) for name in ("cublas", "cusolver"))
    step = Step(action="install", wheels=tuple(one.key for one in wheels))
    cases = [Case(layout=load(name), wheels=wheels, steps=(step,)) for name in LAYOUTS]
    if user == "plain":
        become_plain()
    with open_laboratory() as lab:
        runner = Runner(lab)
        os.write(1, b".")
        while True:
            for case in cases:
                runner.run(case)


def killed_after(user: str, temporary: Path, *, inside: bool, seconds: float) -> bool:
    """Start a child and kill it so long after its start, or after it is inside; whether it was inside by then."""
    command = [sys.executable, "-c", f"import {__name__} as t; t.run_cases_for_ever({user!r})"]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        if inside:
            child.stdout.read(1)
        time.sleep(seconds)
        was_inside = inside or bool(select.select([child.stdout], [], [], 0)[0])
        child.send_signal(signal.SIGKILL)
        said = child.stderr.read()
        assert child.wait() == -signal.SIGKILL, said.decode()
        return was_inside


@pytest.mark.parametrize("user", ["root", "plain"])
def test_killed_at_random_moments_nothing_is_left_behind(tmp_path: Path, user: str) -> None:
    if user == "root" and (os.geteuid() != 0 or namespaces.in_user_namespace()):
        pytest.skip("only root can start a child as root")
    moments = random.Random(20240220)  # noqa: S311 - moments, not secrets; a failure is to be met again
    before = look(tmp_path)
    inside = 0
    for number in range(KILLS):
        # Most die in the middle of a case; every fifth anywhere from the interpreter's start on.
        anywhere = number % 5 == 0
        seconds = moments.uniform(0, 0.6 if anywhere else 0.05)
        inside += killed_after(user, tmp_path, inside=not anywhere, seconds=seconds)
        assert look(tmp_path) == before, f"kill {number}, after {seconds} s"
    assert inside >= KILLS * 4 // 5
