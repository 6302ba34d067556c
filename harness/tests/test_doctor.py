"""The doctor tells people and machines the same, and its exit status says whether what is required is there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from harness.kernel.probes import CAPABILITIES

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
    assert done.stderr == ""


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
