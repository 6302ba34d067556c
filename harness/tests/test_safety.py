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

from harness.kernel import mounts, namespaces
from harness.kernel.laboratory import open_laboratory
from harness.tests.kernel.child import become_plain

KILLS = 50


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


def mount_and_unmount_for_ever(user: str) -> None:
    """What a child does: says so once it is inside, then builds and takes down sites until it is killed."""
    if user == "plain":
        become_plain()
    with open_laboratory() as lab:
        Path(lab.sites, "1").mkdir()
        os.write(1, b".")
        while True:
            build_once(f"{lab.sites}/1")


def build_once(site: str) -> None:
    with mounts.tmpfs(site, size="1m"):
        for name in ("lower", "upper", "work", "merged", "bound"):
            Path(site, name).mkdir()
        with (
            mounts.overlay(f"{site}/merged", lowers=[f"{site}/lower"], upper=f"{site}/upper", work=f"{site}/work"),
            mounts.bind(f"{site}/merged", f"{site}/bound"),
            mounts.remount(f"{site}/bound", flags=("ro",)),
        ):
            Path(site, "merged", "file").touch()


def killed_after(user: str, temporary: Path, *, inside: bool, seconds: float) -> bool:
    """Start a child and kill it so long after its start, or after it is inside; whether it was inside by then."""
    command = [sys.executable, "-c", f"import {__name__} as t; t.mount_and_unmount_for_ever({user!r})"]
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
        # Most die among their mounts; every fifth anywhere from the interpreter's start on.
        anywhere = number % 5 == 0
        seconds = moments.uniform(0, 0.3 if anywhere else 0.02)
        inside += killed_after(user, tmp_path, inside=not anywhere, seconds=seconds)
        assert look(tmp_path) == before, f"kill {number}, after {seconds} s"
    assert inside >= KILLS * 4 // 5
