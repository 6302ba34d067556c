"""`exdev capture` prints a layout that loads again, says what it cannot mirror, and touches nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from harness.layouts import load, verify

if TYPE_CHECKING:
    from pathlib import Path

    from harness.kernel.laboratory import Laboratory


def exdev(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness.cli", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cwd, env={**os.environ, "TMPDIR": str(cwd or "/")}
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with a cache and an environment in it."""
    for name in ("cache", "venv/lib/python3.11/site-packages", "venv/bin"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def test_what_is_printed_is_a_layout_that_is_true(place: Path, laboratory: Laboratory) -> None:
    done = exdev("capture", "--cache", "cache", "--environment", "venv", cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    (place / "mine.toml").write_text(done.stdout)
    layout = load(place / "mine.toml")
    verify(layout, laboratory=laboratory)
    assert ("link", "ok") in [(fact.do, fact.gives) for fact in layout.facts]


def test_every_comment_comes_before_the_layout_and_says_what_was_asked(place: Path) -> None:
    text = exdev("capture", "--cache", "cache", "--environment", "venv", cwd=place).stdout
    head, _, body = text.partition("\n\n")
    assert head.startswith("# $ exdev capture --cache cache --environment venv\n")
    assert f"# cache: {place}/cache" in head.splitlines()
    assert not [line for line in body.splitlines() if line.startswith("#")]
    assert all(line.startswith("#") for line in head.splitlines())


def test_a_hostile_name_stays_in_its_comment(place: Path) -> None:
    odd = os.fsdecode(b"x\n[roles]\ncache = 'etc'\n\xff\x1b[31m'\"{}")
    (place / odd).mkdir()
    done = exdev("capture", "--cache", odd, "--environment", f"{odd}/venv", cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    (place / "mine.toml").write_text(done.stdout, encoding="utf-8")
    layout = load(place / "mine.toml")
    assert layout.roles.cache.endswith("/exdev-cache")
    assert "cache holds another role; in the layout it is a directory of its own on the same mount" in layout.unmirrored


def test_a_path_that_is_no_text_is_told_in_what_is_not_mirrored(place: Path) -> None:
    odd = os.fsdecode(b"none\n\xff\x1b")
    done = exdev("capture", "--cache", odd, "--environment", "venv", cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    told = tomllib.loads(done.stdout)["unmirrored"]
    assert any(f"{place}/none\\n\\udcff\\x1b does not exist yet" in one for one in told)


def test_a_new_file_is_written_and_one_that_is_there_is_not(place: Path) -> None:
    words = ("capture", "--cache", "cache", "--environment", "venv", "--output", "mine.toml")
    first = exdev(*words, cwd=place)
    assert (first.returncode, first.stdout, first.stderr) == (0, "", "")
    before = (place / "mine.toml").read_text()
    second = exdev(*words, cwd=place)
    assert second.returncode == 2
    assert "is there already" in second.stderr
    assert (place / "mine.toml").read_text() == before
    (place / "dangling").symlink_to("nowhere")
    assert exdev(*words[:-1], "dangling", cwd=place).returncode == 2
    assert exdev(*words[:-1], "no/such/mine.toml", cwd=place).returncode == 2


def test_nothing_but_the_output_is_left(place: Path) -> None:
    before = {str(path) for path in place.rglob("*")}
    exdev("capture", "--cache", "cache", "--environment", "venv", "--temporary", "none", "--output", "mine", cwd=place)
    assert {str(path) for path in place.rglob("*")} - before == {f"{place}/mine"}


def test_what_is_no_directory_ends_with_two(place: Path) -> None:
    (place / "file").touch()
    done = exdev("capture", "--cache", "file", "--environment", "venv", cwd=place)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is no directory" in done.stderr


@pytest.mark.parametrize(
    ("closed", "cache"), [("closed", "closed/cache"), ("closed", "closed/none/deep"), ("venv/lib", "cache")]
)
def test_what_cannot_be_seen_is_not_called_absent(place: Path, closed: str, cache: str) -> None:
    (place / "closed/cache").mkdir(parents=True)
    (place / closed).chmod(0)
    words = [sys.executable, "-m", "harness.cli", "capture", "--cache", cache, "--environment", "venv"]
    plain = [sys.executable, "-m", "harness.tests.unprivileged", "plain", *words]
    done = subprocess.run(plain, capture_output=True, text=True, check=False, cwd=place)
    (place / closed).chmod(0o755)
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot be looked at: EACCES" in done.stderr


def test_an_interrupt_leaves_nothing(place: Path) -> None:
    # A trial that hangs, as on a server that does not answer.
    code = (
        "import sys, time\n"
        "from harness import cli\n"
        "from harness.kernel import trials\n"
        "def wait(scratch):\n"
        "    print('inside', flush=True)\n"
        "    time.sleep(60)\n"
        "trials._ALONE = {'waits': wait}\n"
        "sys.exit(cli.main(['capture', '--cache', 'cache', '--environment', 'venv']))\n"
    )
    before = sorted(place.rglob("*"))
    with subprocess.Popen([sys.executable, "-c", code], cwd=place, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "inside\n"
        assert sorted(place.rglob("*")) != before
        child.send_signal(signal.SIGINT)
        assert child.wait() == 130
    assert sorted(place.rglob("*")) == before
