"""Scratch directories on the live machine go, however the process ends, and what stays is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from harness.errors import ScratchStays
from harness.kernel import trials
from harness.kernel.scratch import Scratch, scratch_in

if TYPE_CHECKING:
    from pathlib import Path

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
        ours = [scratch for scratch in made.values() if isinstance(scratch, Scratch)]
        assert [os.listdir(place) for place in places] == [[os.path.basename(one.path)] for one in ours]
        assert {os.fstat(one.descriptor).st_mode & 0o7777 for one in ours} == {0o700}
    assert [os.listdir(place) for place in places] == [[], []]


def test_a_refusal_is_named_and_the_others_are_had(tmp_path: Path) -> None:
    with scratch_in(["/proc", str(tmp_path / "absent"), str(tmp_path)]) as made:
        assert made["/proc"] == "ENOENT"
        assert made[str(tmp_path / "absent")] == "ENOENT"
        assert isinstance(made[str(tmp_path)], Scratch)


def test_one_that_somebody_else_has_removed_is_gone(tmp_path: Path) -> None:
    with scratch_in([str(tmp_path)]):
        os.rmdir(next(tmp_path.iterdir()))


def test_one_that_cannot_be_removed_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(ScratchStays, match=r"\.exdev-scratch-\w+' cannot be removed: ENOTEMPTY"),
        scratch_in([str(tmp_path)]),
    ):
        (next(tmp_path.iterdir()) / "somebody else's").touch()


def test_who_owns_the_directory_cannot_lead_us_elsewhere(tmp_path: Path) -> None:
    """Root looks at somebody else's cache; a link to a directory of root's is put in the scratch directory's place."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "precious").write_text("kept")
    (tmp_path / "theirs").mkdir()
    with suppress(ScratchStays), scratch_in([str(tmp_path / "theirs")]) as made:
        ours = made[str(tmp_path / "theirs")]
        assert isinstance(ours, Scratch)
        os.rename(ours.path, tmp_path / "theirs" / "aside")
        os.symlink(tmp_path / "mine", ours.path)
        assert trials.alone(ours.descriptor)["execute"] == "ok"
        assert os.listdir(tmp_path / "mine") == ["precious"]
    assert (tmp_path / "mine" / "precious").read_text() == "kept"
    assert os.listdir(tmp_path / "mine") == ["precious"]


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
