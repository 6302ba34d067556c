"""A judgement is what storage does: plain storage's faults do not count, and two runs have to come to the same."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import pytest

from harness.checking.judging import Judgement, judge
from harness.checking.remedies import remedies
from harness.checking.telling import tell
from harness.installers.reference import REFERENCE
from harness.layouts import load
from harness.model import Outcome
from harness.run import Runner

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.installers.protocol import Abilities
    from harness.kernel.laboratory import Laboratory
    from harness.layouts import Site
    from harness.model import Case, Layout, Step


class Spoiling:
    """The reference core; after a step something may be done to the site."""

    name = "reference"
    abilities: Abilities = REFERENCE.abilities

    def __init__(self, spoil: Callable[[Site, Outcome], Outcome]) -> None:
        self._spoil = spoil

    def prepare(self, site: Site) -> None:
        REFERENCE.prepare(site)

    def perform(self, step: Step, case: Case, site: Site) -> Outcome:
        return self._spoil(site, REFERENCE.perform(step, case, site))


ASKED: Final[dict[str, Any]] = {
    "installer": "reference",
    "link_mode": "hardlink",
    "able": REFERENCE.abilities.link_modes,
}


def judged(
    laboratory: Laboratory, spoil: Callable[[Site, Outcome], Outcome], layout: str | Layout = "bind-cache"
) -> Judgement:
    runner = Runner(laboratory, find=lambda _: Spoiling(spoil))
    layout = load(layout) if isinstance(layout, str) else layout
    return judge(layout, installer="reference", link_mode="hardlink", runner=runner, progress=lambda _: None)


def lose(site: Site, outcome: Outcome) -> Outcome:
    with suppress(FileNotFoundError):
        os.unlink(f"{site.role('purelib')}/nvidia/cublas/__init__.py")
    return outcome


def is_plain(site: Site) -> bool:
    return site.layout.name == "plain"


def test_what_is_broken_here_alone_counts(laboratory: Laboratory) -> None:
    found = judged(laboratory, lambda site, outcome: outcome if is_plain(site) else lose(site, outcome))
    assert found.state == "broken"
    assert {one.contract for answer in found.answers for one in answer.broken} >= {"complete"}


def test_what_is_broken_on_plain_storage_as_well_does_not_count(laboratory: Laboratory) -> None:
    found = judged(laboratory, lose)
    assert found.state == "safe"
    assert {one.contract for answer in found.answers for one in answer.everywhere} >= {"complete"}
    text = tell("reference", [found], [], layout=found.layout)
    assert "on any storage, so that none of this counts here: complete" in text
    assert text.endswith("Safe: reference does here what it does on plain storage.\n")


def test_safe_is_said_of_what_could_be_rebuilt(laboratory: Laboratory) -> None:
    found = judged(laboratory, lambda _, outcome: outcome)
    text = tell("reference", [found], [], layout=replace(found.layout, unmirrored=("nfs4 at /home: \x07",)))
    assert "    - nfs4 at /home: \\x07\n" in text
    assert text.splitlines()[-2].startswith("Safe: ")
    assert text.splitlines()[-1].startswith("That is said of what could be rebuilt")


def test_an_honest_refusal_is_not_safe_and_breaks_nothing(laboratory: Laboratory) -> None:
    found = judged(laboratory, lambda _, outcome: outcome, "read-only-site-packages")
    assert found.state == "refused"
    assert "breaks nothing by that" in tell("reference", [found], [], layout=found.layout)


def test_nothing_is_safe_where_the_machine_refuses_to_write(laboratory: Laboratory) -> None:
    layout = replace(load("bind-cache"), unwritable=("cache",))
    found = judged(laboratory, lambda _, outcome: outcome, layout)
    assert {answer.state for answer in found.answers} == {"safe"}
    assert found.state == "unwritable"
    tried = [(one, replace(found, layout=one.layout)) for one in remedies(layout, **ASKED)]
    assert [(one.words, judgement.state) for one, judgement in tried] == [
        ("the cache on the filesystem of the environment", "safe")
    ]
    assert tell("reference", [found], tried, layout=layout).splitlines()[-4:] == [
        "Not safe: nothing can be written into cache on the machine.",
        "On what was rebuilt in its place, reference does what it does on plain storage.",
        "What helps, tried on the same mounts:",
        "    the cache on the filesystem of the environment",
    ]


def test_a_remedy_that_leaves_a_refusal_does_not_help(laboratory: Laboratory) -> None:
    layout = replace(load("bind-cache"), unwritable=("cache", "temporary"))
    found = judged(laboratory, lambda _, outcome: outcome, layout)
    tried = [(one, replace(found, layout=one.layout)) for one in remedies(layout, **ASKED)]
    text = tell("reference", [found], tried, layout=layout)
    assert "Nothing that was tried makes it safe." in text
    assert "environment: still wrong: nothing can be written into temporary\n" in text


def test_two_runs_that_come_to_different_ends_are_unclear(laboratory: Laboratory) -> None:
    turns = count()

    def sometimes(site: Site, outcome: Outcome) -> Outcome:
        # Two steps to a run: every other run loses a file.
        return lose(site, outcome) if not is_plain(site) and next(turns) // 2 % 2 else outcome

    found = judged(laboratory, sometimes)
    assert found.state == "differs"
    assert "Unclear: reference does not come to the same end twice here." in tell(
        "reference", [found], [], layout=found.layout
    )


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\r", "\u202e", "a\nSafe: it is"])
def test_what_an_installer_says_stays_on_its_line(laboratory: Laboratory, hostile: str) -> None:
    def fail(site: Site, outcome: Outcome) -> Outcome:
        return outcome if is_plain(site) else Outcome(exit=1, message=f"{hostile} {site.role('purelib')}/x: EXDEV")

    text = tell("reference", [judged(laboratory, fail)], [], layout=load("bind-cache"))
    assert all(one.isprintable() or one == "\n" for one in text)
    assert not [line for line in text.splitlines() if line.startswith("Safe")]
    assert "{purelib}/x" in text
