"""The doctor tells people and machines the same, and its exit status says whether what is required is there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from harness.kernel.probes import CAPABILITIES

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [capability.name for capability in CAPABILITIES]


def exdev(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_everything_is_printed_and_nothing_required_is_success() -> None:
    done = exdev("doctor")
    assert (done.returncode, done.stderr) == (0, "")
    told = [line.split()[0] for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert told == NAMES


def test_json_has_a_format_and_every_capability() -> None:
    done = exdev("doctor", "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["format"], document["missing"]) == (0, 1, [])
    assert [capability["name"] for capability in document["capabilities"]] == NAMES
    for capability in document["capabilities"]:
        assert set(capability) == {"name", "about", "available", "because", "remedy"}
        assert capability["available"] is (capability["because"] == "")


def test_the_exit_status_says_whether_required_ones_are_there() -> None:
    found = {c["name"]: c["available"] for c in json.loads(exdev("doctor", "--json").stdout)["capabilities"]}
    assert set(found.values()) == {True, False}, "reflink is missing on tmpfs everywhere, tmpfs is not"
    for name, available in found.items():
        done = exdev("doctor", "--json", "--require", "tmpfs", "--require", name)
        assert done.returncode == (0 if available else 1), name
        assert json.loads(done.stdout)["missing"] == ([] if available else [name])


def test_people_are_told_what_is_missing_last() -> None:
    assert exdev("doctor", "--require", "reflink").stdout.endswith("\nrequired, but missing: reflink\n")


def test_an_unknown_required_name_is_a_wrong_command_line() -> None:
    done = exdev("doctor", "--require", "overly")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean 'overlay'?" in done.stderr


@pytest.mark.parametrize("arguments", [(), ("doctr",), ("doctor", "--jsn")])
def test_a_wrong_command_line_ends_with_two(arguments: tuple[str, ...]) -> None:
    assert exdev(*arguments).returncode == 2


@pytest.mark.parametrize("arguments", [("--help",), ("doctor", "--help")])
def test_help_shows_examples_that_name_the_command(arguments: tuple[str, ...]) -> None:
    done = exdev(*arguments)
    assert done.returncode == 0
    assert "examples:\n  exdev doctor" in done.stdout


def test_the_version_is_the_packages_own() -> None:
    assert exdev("--version").stdout.startswith("exdev 0.")


def test_a_reader_that_goes_away_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "harness.cli", "doctor"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")


def test_what_cannot_be_printed_is_said_and_is_no_verdict() -> None:
    command = [sys.executable, "-m", "harness.cli", "doctor"]
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "exdev: [Errno 28] No space left on device\n")


def test_a_locale_without_line_drawing_is_shown_what_it_can_write() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "harness.cli", "replay", "uv-1513", "--installer", "specimen:uv-0.1.2"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert r"\u2514\u2500\u2500 /root/.cache" in done.stdout


@pytest.mark.parametrize(
    "text",
    ['"\x1b]0;key" = 1', 'name = "a"\n[[verify]]\ndo = "write"\npath = "{purelib}/\\u001b[31m"', "\x1b = "],
    ids=["key", "value", "syntax"],
)
def test_no_file_steers_the_terminal_through_an_error(tmp_path: Path, text: str) -> None:
    file = tmp_path / "\x1b[31m.toml"
    file.write_text(text)
    for command in ("replay", "check", "export", "bisect", "reduce", "matrix"):
        done = exdev(command, str(file))
        assert done.returncode == 2
        assert "exdev: " in done.stderr
        assert "\x1b" not in done.stdout + done.stderr


BROKEN = """
import sys
from harness import cli, doctor
def run(arguments):
    raise ZeroDivisionError
doctor.run.__code__ = run.__code__
sys.exit(cli.main(["doctor"]))
"""


def test_a_fault_of_our_own_is_no_verdict() -> None:
    done = subprocess.run([sys.executable, "-c", BROKEN], capture_output=True, text=True, check=False)
    assert done.returncode == 70
    assert "ZeroDivisionError" in done.stderr


INTERRUPTED = """
import os, signal, sys
from harness import cli, doctor
def run(arguments):
    signal.raise_signal(signal.SIGINT)
doctor.run.__code__ = run.__code__
doctor.run.__globals__["signal"] = signal
sys.exit(cli.main(["doctor"]))
"""


def test_an_interrupt_ends_quietly_with_the_shells_status() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (128 + signal.SIGINT, "")
