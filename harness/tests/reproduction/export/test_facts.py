"""Facts: what is the same in every run, in the words in which a script finds it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.model import Node, Violation
from harness.reproduction.export.facts import NOTHING, UNLIKE_RECORD, facts, state

if TYPE_CHECKING:
    from harness.run import Verdict


def told(verdict: Verdict, *others: Verdict) -> list[tuple[str, str]]:
    return [(fact.path, fact.found) for fact in facts((verdict, *others)).states]


def violated(verdict: Verdict, path: str, expected: str = "nothing", contract: str = "no-debris") -> Verdict:
    one = Violation(contract=contract, path=path, expected=expected, found="", step=0)
    return replace(verdict, violations=(one,))


def with_node(verdict: Verdict, path: str, node: Node) -> Verdict:
    (step,) = verdict.evidence.steps
    after = replace(step.after, environment={**step.after.environment, path: node})
    return replace(verdict, evidence=replace(verdict.evidence, steps=(replace(step, after=after),)))


def test_each_path_of_a_violation_is_told_as_it_was_found(verdict: Verdict) -> None:
    seen = facts((verdict,))
    assert seen.exits == (1,)
    assert ("purelib/nvidia_b-1.0.dist-info/METADATA", NOTHING) in [(one.path, one.found) for one in seen.states]
    assert not seen.drawn
    assert "ENOENT" in seen.says[1][0]


def test_what_differs_between_places_is_left_out(verdict: Verdict) -> None:
    path, file = "scripts/tool", Node(kind="file", mode=0o755, size=120, digest="a" * 64)
    here = violated(with_node(verdict, path, file), path)
    assert told(here, here) == [(path, f"file, mode 0755, 120 bytes, sha256 {'a' * 12}")]
    longer = violated(with_node(verdict, path, file._replace(size=140, digest="b" * 64)), path)
    assert told(here, longer) == [(path, "file, mode 0755")]
    assert told(here, violated(verdict, path)) == []
    assert told(here, replace(here, violations=())) == []


def test_drawn_names_are_any(verdict: Verdict) -> None:
    node = Node(kind="directory", mode=0o700)
    first = violated(with_node(verdict, "purelib/.tmpAbCdEf", node), "purelib/.tmpAbCdEf")
    second = violated(with_node(verdict, "purelib/.tmpUvWxYz", node), "purelib/.tmpUvWxYz")
    assert told(first, second) == [("purelib/*", "directory, mode 0700")]


def test_a_path_with_wildcards_of_its_own_is_left_out(verdict: Verdict) -> None:
    assert told(violated(verdict, "purelib/[ab]*")) == []


def test_what_is_no_path_is_no_state(verdict: Verdict) -> None:
    for path in ("message", "exit status", "wheelhouse/six-1.0-py3-none-any.whl"):
        assert told(violated(verdict, path)) == []


def test_a_record_that_is_untrue_is_told_as_such(verdict: Verdict) -> None:
    path, file = "purelib/six.py", Node(kind="file", mode=0o644, size=1, digest="a" * 64)
    wrong = violated(
        with_node(verdict, path, file), path, "1 bytes, sha256 0, as the RECORD of six-1.0 says", "complete"
    )
    assert told(wrong) == [(path, UNLIKE_RECORD)]


def test_of_an_installer_that_goes_by_chance_some_is_enough(verdict: Verdict) -> None:
    chance = replace(verdict, evidence=replace(verdict.evidence, ordered=False))
    seen = facts((chance,))
    assert seen.drawn == {1}
    assert not seen.says


def test_a_node_is_said_by_what_lstat_shows() -> None:
    assert state(None) == "nothing"
    assert state(Node(kind="directory", mode=0o1777)) == "directory, mode 1777"
    assert state(Node(kind="symlink", mode=0o777, target="x")) == "symlink"
    assert state(Node(kind="other", mode=0o644)) == "something else"
