"""`exdev replay FILE --shell`: a shell where the steps were done, and nothing left of it."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from harness.reproduction import save

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model import Case


def look_around(
    case: Case, tmp_path: Path, typed: str, *more: str, shell: str = "/bin/sh"
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness.cli", "replay", str(save(case, tmp_path)), "--shell", *more]
    environment = {**os.environ, "SHELL": shell}
    return subprocess.run(command, input=typed, capture_output=True, text=True, check=False, env=environment)


def test_it_stands_in_the_site_after_the_steps(tmp_path: Path, case: Case) -> None:
    done = look_around(case, tmp_path, 'pwd; ls "$PURELIB" "$WHEELHOUSE"; stat -f -c %T "$CACHE"; exit 7\n')
    assert (done.returncode, done.stderr) == (0, "")
    told, _, typed = done.stdout.partition("\n\n/")
    assert "exit 1" in told
    assert "rename: ENOENT" in told
    assert "nvidia\n" in typed
    for wheel in case.wheels:
        assert wheel.filename in typed
    assert typed.endswith("tmpfs\n")


def test_it_can_stand_there_before_them(tmp_path: Path, case: Case) -> None:
    done = look_around(case, tmp_path, 'echo "<$(ls "$PURELIB")>"', "--steps", "0")
    assert "step 1" not in done.stdout
    assert done.stdout.endswith("<>\n")


def test_nothing_is_left_of_it(tmp_path: Path, case: Case) -> None:
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        before = file.read()
    done = look_around(case, tmp_path, 'touch "$PURELIB/mine"; mkdir there; mount -t tmpfs exdev there; pwd\n')
    root = done.stdout.splitlines()[-1]
    assert root.endswith("/root")
    assert not os.path.exists(root)
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        assert file.read() == before


@pytest.mark.parametrize("name", ["", "directory", "text", "absent"])
def test_what_is_no_shell_is_replaced_by_the_usual_one(tmp_path: Path, case: Case, name: str) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "text").write_text("echo neither a binary nor a script")
    (tmp_path / "text").chmod(0o755)
    done = look_around(case, tmp_path, "echo he''re\n", shell=name and str(tmp_path / name))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("here\n")


@pytest.mark.parametrize("steps", ["-1", "one", ""])
def test_a_number_of_steps_is_a_number(tmp_path: Path, case: Case, steps: str) -> None:
    done = look_around(case, tmp_path, "", f"--steps={steps}")
    assert done.returncode == 2
    assert f"{steps!r} is not a number of steps" in done.stderr


def test_ctrl_c_is_the_shells(tmp_path: Path, case: Case) -> None:
    """At a terminal, whose Ctrl-C goes to everybody in the foreground: what runs ends, the shell and the site stay."""
    path = save(case, tmp_path)
    pid, terminal = pty.fork()
    if not pid:
        os.environ |= {"SHELL": "/bin/sh", "PS1": "what next? "}
        os.execv(sys.executable, [sys.executable, "-m", "harness.cli", "replay", str(path), "--shell"])  # noqa: S606
    try:
        read_until(terminal, b"what next? ")
        os.write(terminal, b"echo rea''dy; sleep 100\n")
        read_until(terminal, b"ready")
        time.sleep(0.5)
        os.write(terminal, b"\x03")
        read_until(terminal, b"what next? ")
        os.write(terminal, b'[ -d "$PURELIB" ] && echo still "here"; exit\n')
        read_until(terminal, b"still here")
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        pid = 0
    finally:
        os.close(terminal)
        if pid:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def read_until(terminal: int, text: bytes) -> None:
    seen = b""
    while text not in seen:
        assert select.select([terminal], [], [], 60)[0], seen
        seen += os.read(terminal, 4096)
