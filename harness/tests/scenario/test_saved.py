"""What `--matrix` saves of a run: every instance once, by a name that any other run gives it too, with its evidence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.layouts import load
from harness.layouts import picture as layout_picture
from harness.matrix import read
from harness.tests.scenario.runs import SCENARIOS, run

if TYPE_CHECKING:
    from harness.matrix import Matrix

pytest_plugins = ("pytester",)

CROSS = SCENARIOS / "test_cross_device.py"
FILE = """
import pytest
from harness.scenario import scenario

@pytest.fixture
def falling():
    yield
    raise OSError("after the test")

@scenario(link_modes=["copy"])
@pytest.mark.parametrize("first", ["a-copy", "plain"])
@pytest.mark.parametrize("second", [1, 2])
def test_with_parameters(lab, first, second):
    pass

@scenario(link_modes=["copy"])
def test_that_falls_down_afterwards(lab, falling):
    pass

@scenario(link_modes=["hardlink", "copy"], drawn=True)
def test_drawn(lab):
    pass

@scenario(link_modes=["copy"])
def test_wrong(lab):
    raise KeyError("no such thing")
"""


def _saved(pytester: pytest.Pytester, *arguments: str | Path) -> Matrix:
    run(pytester, *arguments, "--matrix", "saved/matrix.json")
    return read(Path(pytester.path, "saved", "matrix.json"))


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_every_instance_has_one_result_under_a_name_of_its_own(
    pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    file = pytester.makepyfile(test_made=FILE)
    layouts = ("--layout=plain", "--layout=nested-bind")
    found = _saved(pytester, file, *layouts, "--installer=reference", *workers).results
    place = f"{pytester.path.name}/test_made.py"
    parameters = [f"test_with_parameters[{one}]" for one in ("1-a-copy", "2-a-copy", "1-plain", "2-plain")]
    names = {f"{place}::{name}" for name in (*parameters, "test_that_falls_down_afterwards", "test_wrong")}
    assert len({one.identity for one in found}) == len(found) == 2 * len(names) + 1
    for layout in ("plain", "nested-bind"):
        assert {one.instance for one in found if one.layout == layout} == names
    states = {one.scenario: one.state for one in found}
    assert states == {
        "test_with_parameters": "pass",
        "test_that_falls_down_afterwards": "error",
        "test_drawn": "pass",
        "test_wrong": "error",
    }
    # Named by what it draws from, too: a shard with other layouts runs another instance, and does not contradict it.
    (drawn,) = (one.instance for one in found if one.drawn)
    assert re.fullmatch(rf"{re.escape(place)}::test_drawn\[among-[0-9a-f]{{8}}\]", drawn)
    (wrong,) = (one for one in found if one.scenario == "test_wrong" and one.layout == "plain")
    assert "KeyError" in wrong.story
    assert "no such thing" in wrong.why[0]


def test_a_violation_is_saved_with_its_story_and_a_layout_with_its_picture(pytester: pytest.Pytester) -> None:
    chosen = ("--layout=cross-device-cache", "--link-mode=hardlink", "--installer=specimen:uv-0.1.2")
    saved = _saved(pytester, CROSS, *chosen)
    red = next(one for one in saved.results if one.state == "violation")
    assert red.story.startswith("specimen:uv-0.1.2 breaks `complete` on cross-device-cache, link mode hardlink")
    assert red.story.endswith(f"replay      {red.replay}")
    assert red.replay == f"exdev replay {red.saved} --installer specimen:uv-0.1.2"
    assert red.message.startswith("{purelib}/nvidia/__init__.py (from ")
    assert Path(pytester.path, red.saved).is_file()
    assert all(one.story == one.replay == one.saved == "" for one in saved.results if one.state == "pass")
    assert saved.layouts["cross-device-cache"].picture == layout_picture(load("cross-device-cache"))
    assert saved.about["exdev"]
    # Who started this is: a user namespace, in which everybody looks like root, may be what the run is in.
    assert saved.about["user"] in {"root", "plain"}


FALLEN = """
import os
import pytest
from harness.scenario import scenario

@scenario(link_modes=["copy"])
@pytest.mark.parametrize("own", ["x", "y"])
def test_that_takes_its_worker_along(lab, own):
    if own == "y":
        os._exit(1)

@scenario(link_modes=["copy"], drawn=True)
def test_drawn(lab):
    os._exit(1)
"""


def test_an_instance_that_takes_its_worker_along_is_an_error_under_its_own_name(pytester: pytest.Pytester) -> None:
    file = pytester.makepyfile(test_fallen=FALLEN)
    chosen = ("--layout=plain", "--installer=reference")
    found = _saved(pytester, file, *chosen, "-n", "2").results
    assert [(one.scenario, one.layout, one.link_mode, one.installer, one.state) for one in found] == [
        ("test_drawn", "drawn", "drawn", "reference", "error"),
        ("test_that_takes_its_worker_along", "plain", "copy", "reference", "pass"),
        ("test_that_takes_its_worker_along", "plain", "copy", "reference", "error"),
    ]
    fallen = found[2]
    assert fallen.instance == f"{pytester.path.name}/test_fallen.py::test_that_takes_its_worker_along[y]"
    assert "crashed" in fallen.why[0]


@pytest.mark.parametrize(
    ("text", "arguments", "why"),
    [
        ("import nowhere", ("--continue-on-collection-errors",), "could not be imported: test_other.py"),
        ("import nowhere", ("--continue-on-collection-errors", "-n", "2"), "could not be imported: test_other.py"),
        ("def test_it(): raise KeyboardInterrupt", (), "interrupted"),
        ("def test_it(): assert False", ("-x",), "stopped: stopping after 1 failures"),
        ("def test_it(): assert False", (), ""),
    ],
)
def test_a_run_that_may_lack_instances_says_so(
    pytester: pytest.Pytester, text: str, arguments: tuple[str, ...], why: str
) -> None:
    made = "from harness.scenario import scenario\n@scenario(link_modes=['copy'])\ndef test_one(lab): pass\n"
    files = [pytester.makepyfile(test_one=made), pytester.makepyfile(test_other=text)]
    saved = _saved(pytester, *files, "--layout=plain", *arguments)
    assert saved.about.get("incomplete", "") == why
    assert [one.state for one in saved.results] == ["pass"]
