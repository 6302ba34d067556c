"""Scratch directories on the live machine go, however the process ends, and what stays is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import ScratchStays
from harness.kernel.scratch import scratch_in

WAITS = """
import sys, time
from harness.kernel.scratch import scratch_in
with scratch_in(sys.argv[1:]):
    print("inside", flush=True)
    time.sleep(60)
"""


def test_each_directory_gets_one_for_this_user_alone_and_none_stays(tmp_path: Path) -> None:
    places = [str(tmp_path / name) for name in ("one", "two\n")]
    for place in places:
        os.mkdir(place)
    with scratch_in([*places, places[0]]) as made:
        assert [os.listdir(place) for place in places] == [[os.path.basename(made[place])] for place in places]
        assert {os.stat(path).st_mode & 0o7777 for path in made.values()} == {0o700}
        Path(made[places[0]], "left").touch()
    assert [os.listdir(place) for place in places] == [[], []]


def test_a_refusal_is_named_and_the_others_are_had(tmp_path: Path) -> None:
    with scratch_in(["/proc", str(tmp_path / "absent"), str(tmp_path)]) as made:
        assert made["/proc"] == "ENOENT"
        assert made[str(tmp_path / "absent")] == "ENOENT"
        assert os.path.isdir(made[str(tmp_path)])


def test_one_that_somebody_else_has_removed_is_gone(tmp_path: Path) -> None:
    with scratch_in([str(tmp_path)]) as made:
        os.rmdir(made[str(tmp_path)])


def test_one_that_cannot_be_removed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> None:
        raise OSError(16, "busy", path)

    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", refuse)
        with (
            pytest.raises(ScratchStays, match=r"\.exdev-scratch-\w+' cannot be removed: EBUSY"),
            scratch_in([str(tmp_path)]),
        ):
            pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_the_process_leaves_none(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-c", WAITS, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "inside\n"
        assert len(os.listdir(tmp_path)) == 1
        child.send_signal(number)
        assert child.wait() != 0
    assert os.listdir(tmp_path) == []
