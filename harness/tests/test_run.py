"""Running a case: what cannot be put into the wheelhouse is said, and never lies elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import pytest

from harness.errors import FileInvalid, LayoutUntrue, NotApplicable, UnknownName
from harness.installers import Abilities
from harness.installers.commands import CommandInstaller
from harness.installers.printed import Style
from harness.layouts import load
from harness.model import Case, Mount, Plan, Step
from harness.reproduction import describe
from harness.run import Runner
from harness.wheels import wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.installers.environment import Place
    from harness.kernel.children import Command
    from harness.kernel.laboratory import Laboratory

_WHEEL = wheel("six", "1.0", {"six.py": b"PY3 = True\n"})
_CASE = Case(layout=load("plain"), wheels=(_WHEEL,), steps=(Step(action="install", wheels=(_WHEEL.key,)),))


def test_a_good_case_holds_and_has_a_control(laboratory: Laboratory) -> None:
    verdict = Runner(laboratory).run(_CASE)
    assert verdict.holds
    assert [step.outcome.exit for step in verdict.evidence.steps] == [0]
    assert verdict.evidence.control is not None
    assert verdict.evidence.control.steps[0].after.environment.keys() >= {"purelib/six.py"}


def test_no_archive_is_written_outside_of_the_wheelhouse(laboratory: Laboratory, tmp_path: Path) -> None:
    evil = replace(_WHEEL, name=f"{'../' * 20}{tmp_path.relative_to('/')}/evil")
    case = replace(_CASE, wheels=(evil,), steps=())
    with pytest.raises(FileInvalid, match="it holds a slash or a NUL byte"):
        Runner(laboratory).run(case)
    assert list(tmp_path.iterdir()) == []


def test_a_wheelhouse_without_room_is_the_layouts_fault(laboratory: Laboratory) -> None:
    small = replace(load("plain"), name="mine", mounts=(Mount(at="{wheelhouse}", type="tmpfs", inodes=1),))
    with pytest.raises(LayoutUntrue, match=r"the wheelhouse cannot hold six-1\.0-py3-none-any\.whl: ENOSPC"):
        Runner(laboratory).run(replace(_CASE, layout=small))


@pytest.mark.parametrize("at", ["{wheelhouse}", "/"])
def test_a_mount_that_hides_the_wheelhouse_is_the_layouts_fault(laboratory: Laboratory, at: str) -> None:
    hiding = replace(load("plain"), name="mine", facts=(), mounts=(Mount(at=at, type="tmpfs", after="image"),))
    with pytest.raises(LayoutUntrue, match=r"does not show six-1\.0-py3-none-any\.whl after the image steps"):
        Runner(laboratory).run(replace(_CASE, layout=hiding))


@pytest.mark.parametrize("kind", ["bind", "overlay"])
def test_a_mount_on_the_wheelhouse_that_shows_it_is_no_fault(
    laboratory: Laboratory, kind: Literal["bind", "overlay"]
) -> None:
    showing = (Mount(at="{wheelhouse}", type=kind, after="image"),)
    assert Runner(laboratory).run(replace(_CASE, layout=replace(load("plain"), name="mine", mounts=showing))).holds


def test_what_an_installer_cannot_do_is_not_applicable(laboratory: Laboratory) -> None:
    case = replace(_CASE, installer="specimen:uv-0.1.2", plan=Plan(), strict=True)
    with pytest.raises(NotApplicable, match="strict"):
        Runner(laboratory).run(case)


def test_an_unknown_installer_is_said_with_the_nearest_one(laboratory: Laboratory) -> None:
    with pytest.raises(UnknownName, match=r"specimen:uv-0\.1\.2"):
        Runner(laboratory).run(replace(_CASE, installer="specimen:uv-0.1.1"))


def test_two_releases_of_one_tool_share_cache_and_environment(laboratory: Laboratory) -> None:
    later = wheel("six", "2.0", {"six.py": b"PY3 = None\n"})
    steps = (
        Step(action="install", wheels=(_WHEEL.key,), installer="uv==0.1.3"),
        Step(action="upgrade", wheels=(later.key,)),
        Step(action="uninstall", wheels=(later.key,), installer="uv==0.1.3"),
    )
    case = replace(_CASE, wheels=(_WHEEL, later), steps=steps, installer="uv==0.13.9", link_mode="copy")
    verdict = Runner(laboratory).run(case)
    assert [step.outcome.exit for step in verdict.evidence.steps] == [0, 0, 0]
    # Each release unpacks into directories of its own (`wheels-v0`), beside those of the other.
    first, second, third = (
        {key.partition("/")[0] for key in step.after.cache if key.startswith("wheels-") and "six" in key}
        for step in verdict.evidence.steps
    )
    assert first < second == third
    assert verdict.evidence.control is not None
    told = describe(verdict, replay="x")
    assert "step 1  install six-1.0   exit 0   (by uv==0.1.3)" in told
    assert "step 2  upgrade six-2.0   exit 0\n" in told
    assert Runner(laboratory).run(replace(case, installer="reference")).holds


def test_what_another_release_cannot_do_is_not_applicable(laboratory: Laboratory) -> None:
    steps = (Step(action="reinstall", wheels=(_WHEEL.key,), installer="installer==0.7.0"), *_CASE.steps)
    case = replace(_CASE, steps=steps, installer="installer==1.1.0", link_mode="copy")
    with pytest.raises(NotApplicable, match=r"installer==0\.7\.0 does not do action reinstall"):
        Runner(laboratory).run(case)


@dataclass(frozen=True)
class _Littering:
    """A tool that leaves two files in its home directory."""

    style = Style(error=re.compile("error"), warning=re.compile("warning"))

    def prepare(self, place: Place) -> None:
        """Nothing."""

    def commands(self, step: Step, case: Case, place: Place) -> Iterator[Command]:
        del step, case
        yield place.command("/bin/sh", "-c", "mkdir ~/.tool && touch ~/.tool/log ~/.tool/cache")


def test_what_a_command_leaves_in_its_home_directory_is_seen_but_for_what_it_keeps(laboratory: Laboratory) -> None:
    able = Abilities(actions=frozenset({"install"}), link_modes=frozenset({"copy"}), keeps=(".tool/cache",))
    littering = CommandInstaller(name="littering", abilities=able, tool=_Littering())
    one = wheel("one", files=["one.py"])
    case = Case(
        layout=load("plain"), wheels=(one,), steps=(Step(action="install", wheels=(one.key,)),), link_mode="copy"
    )
    verdict = Runner(laboratory, find=lambda _: littering).run(case)
    found = {violation.path for violation in verdict.violations if violation.contract == "outside-untouched"}
    assert found == {"home/.tool/log"}
