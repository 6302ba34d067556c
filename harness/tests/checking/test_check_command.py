"""`exdev check` says whether an installer is safe, which setting helps, and touches nothing of the user's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from harness.checking.check import usual
from harness.checking.telling import _main_lines
from harness.installers.reference import REFERENCE
from harness.layouts import build
from harness.model import Layout, Mount
from harness.tests.checking.test_capture_command import exdev
from harness.tests.test_repository import marked

if TYPE_CHECKING:
    from pathlib import Path

    from harness.kernel.laboratory import Laboratory


def test_a_safe_set_up_ends_with_nought() -> None:
    done = exdev("check", "nested-tmpfs", "--installer", "reference")
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("\nSafe: reference does here what it does on plain storage.\n")
    assert "exdev check: link mode hardlink: reinstalling\n" in done.stderr


def test_what_helps_was_tried_and_what_does_not_is_said() -> None:
    done = exdev("check", "nested-tmpfs", "--installer", "specimen:later-refusal-fatal", "--link-mode", "hardlink")
    assert done.returncode == 1
    end = done.stdout.partition("\nNot safe: ")[2].splitlines()
    assert end[1:3] == ["What helps, tried on the same mounts:", "    link mode copy"]
    assert end[3:5] == [
        "Tried, and does not make it safe:",
        "    link mode clone: still wrong: installing where later files meet a mount, twice",
    ]


def test_a_cache_that_is_moved_helps_where_links_are_refused_for_the_cache() -> None:
    done = exdev("check", "docker-volume", "--installer", "specimen:uv-0.1.2")
    assert done.returncode == 1
    helps = done.stdout.partition("What helps, tried on the same mounts:\n")[2].splitlines()
    assert helps == ["    link mode copy", "    the cache on the filesystem of the environment"]


def test_a_known_report_is_named_with_its_link() -> None:
    done = exdev("check", "cross-device-cache", "--installer", "uv==0.1.2", "--link-mode", "hardlink")
    if "is not provided" in done.stderr:
        pytest.skip("uv 0.1.2 is neither here nor to be had")
    assert done.returncode == 1
    assert "known  uv#1513-small, fixed: https://github.com/astral-sh/uv/issues/1513" in done.stdout
    assert "    --link-mode copy, or UV_LINK_MODE=copy\n" in done.stdout


def test_the_sample_in_the_readme_is_what_is_said() -> None:
    sample = marked("check")
    done = exdev("check", "docker-volume", "--installer", "uv==0.1.2", "--link-mode", "hardlink")
    if "is not provided" in done.stderr:
        pytest.skip("uv 0.1.2 is neither here nor to be had")

    # Which of the two wheels comes second is uv's to choose; what is wrong with it has another place then, and of
    # reinstalling both also what is lost.
    def certain(text: str) -> list[str]:
        stories = [story for story in text.split("\n\n") if not story.startswith("reinstalling (")]
        lines = "\n".join(stories).splitlines()
        return [line for line in lines if not re.match(r"    (complete:|and \d+ more|says )|      ", line)]

    assert certain(done.stdout) == certain(sample)


def test_the_line_that_names_the_errno_is_said() -> None:
    done = exdev("check", "docker-volume", "--installer", "uv==0.1.2", "--link-mode", "hardlink")
    if "is not provided" in done.stderr:
        pytest.skip("uv 0.1.2 is neither here nor to be had")
    said = re.findall(r"^    says   (.*)$", done.stdout, re.MULTILINE)
    sample = re.findall(r"^    says   (.*)$", marked("check"), re.MULTILINE)
    # Which wheel it stops at, and the temporary name, are drawn.
    assert said[0].startswith("error: Failed to install: nvidia_")
    assert [re.sub(r"\.tmp\w+", ".tmp", line) for line in said[1:3]] == [
        re.sub(r"\.tmp\w+", ".tmp", line) for line in sample[1:]
    ]


@pytest.mark.parametrize(
    ("message", "lines"),
    [
        ("error: a\n  Caused by: b\n  Caused by: c", ["error: a", "  Caused by: b"]),
        ("error: a\n\n  Caused by: b\n  Caused by: File exists (os error 17)", [0, 2, 3]),
        ("error: a\n  cause: b\n  cause: /x: Is a directory (os error 21)", [0, 2]),
        ("OSError: [Errno 28] No space left on device", [0]),
        ("Traceback:\n  a\n  b\nOSError: [Errno 18] Invalid cross-device link: '/x'\nfailed\nsee the log", [0, 3]),
        ("File exists (os error 17)\nwhile cleaning up: [Errno 13] Permission denied: '/x'", [0, 1]),
        ("", []),
    ],
)
def test_of_a_message_its_beginning_and_the_kernels_answer_are_said(message: str, lines: list[str] | list[int]) -> None:
    every = message.splitlines()
    assert _main_lines(message) == [every[one] if isinstance(one, int) else one for one in lines]


def test_this_machine_is_looked_at_and_not_changed(tmp_path: Path) -> None:
    for name in ("cache", "venv/lib/python3.11/site-packages", "venv/bin"):
        (tmp_path / name).mkdir(parents=True)
    before = sorted(map(str, tmp_path.rglob("*")))
    done = exdev("check", "--cache", "cache", "--environment", "venv", "--installer", "reference", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "on captured: Captured from a machine" in done.stdout
    assert sorted(map(str, tmp_path.rglob("*"))) == before


def test_a_cache_without_room_for_a_file_is_not_safe_here_nor_as_a_file(tmp_path: Path, laboratory: Laboratory) -> None:
    full = Layout(name="mine", about="no room", mounts=(Mount(at="{cache}", type="tmpfs", inodes=1),))
    with build(full, laboratory=laboratory) as site:
        places = ("--cache", site.role("cache"), "--environment", site.role("environment"))
        here = exdev("check", *places, "--installer", "reference", cwd=tmp_path)
        captured = exdev("capture", *places, "--output", "mine.toml", cwd=tmp_path)
    assert captured.returncode == 0, captured.stderr
    there = exdev("check", "./mine.toml", "--installer", "reference", cwd=tmp_path)
    for done in (here, there):
        assert done.returncode == 1, done.stdout + done.stderr
        assert "\nNot safe: " in done.stdout


def test_what_was_not_mirrored_is_told_of_the_file_as_of_the_machine(tmp_path: Path) -> None:
    places = ("--cache", "none", "--environment", "venv")
    (tmp_path / "venv").mkdir()
    here = exdev("check", *places, "--installer", "reference", cwd=tmp_path)
    exdev("capture", *places, "--output", "mine.toml", cwd=tmp_path)
    there = exdev("check", "mine.toml", "--installer", "reference", cwd=tmp_path)
    assert (there.returncode, there.stdout) == (0, here.stdout)
    assert "otherwise on the machine, and not tried:\n" in there.stdout
    assert "cache " + str(tmp_path / "none") + " does not exist yet" in " ".join(there.stdout.split())
    assert there.stdout.splitlines()[-1].startswith("That is said of what could be rebuilt")


WRONG = {
    "nothing is named": ([], "name a layout, or --cache and --environment"),
    "half a machine": (["--cache", "x"], "name a layout, or --cache and --environment"),
    "both": (["plain", "--cache", "x", "--environment", "y"], "leave --cache"),
    "no such environment": (
        ["--cache", "x", "--environment", "venvv"],
        "/venvv is not usable:\n  is not there; make it",
    ),
    "no such layout": (["overlay-frsh"], "did you mean 'overlay-fresh'?"),
    "no such file": (["./no.toml"], "cannot be read: ENOENT"),
    "no such mode": (["plain", "--link-mode", "symlink", "--installer", "specimen:uv-0.1.2"], "does not do link mode"),
}


@pytest.mark.parametrize(("words", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_asked_ends_with_two(words: list[str], message: str) -> None:
    done = exdev("check", *(["--installer", "reference"] if "--installer" not in words else []), *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


@pytest.mark.parametrize("words", [["./no.toml"], ["--cache", "file", "--environment", "venv"]])
def test_no_installer_is_looked_for_where_there_is_no_layout(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "file").touch()
    done = exdev("check", *words, "--installer", "no-such-installer", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "finding" not in done.stderr
    assert "no-such-installer" not in done.stderr


def test_the_usual_link_mode_is_the_installers_own() -> None:
    assert usual(REFERENCE) == ("hardlink",)
