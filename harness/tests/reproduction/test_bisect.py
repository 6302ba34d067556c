"""Bisecting: few probes, exact boundaries, no claim beyond what was probed; also on real releases."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from itertools import pairwise, repeat
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import provisioning, reports
from harness.provisioning import Release
from harness.reproduction import save
from harness.reproduction.bisect import Probe, Range, kept, saved, search
from harness.reproduction.bisect.command import _Bisection
from harness.reproduction.bisect.kept import Kept
from harness.reproduction.bisect.words import told
from harness.reproduction.recognise import Sought, recorded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from harness.model import Case
    from harness.reproduction.bisect.search import Label
    from harness.run import Verdict

LABELS = get_args(search.Label)
MOST = 400
CANNOT: Label = "cannot"


def good(count: int) -> Iterator[Label]:
    return repeat("good", count)


def bad(count: int) -> Iterator[Label]:
    return repeat("bad", count)


def other(count: int) -> Iterator[Label]:
    return repeat("other", count)


def found(
    history: Sequence[Label], *, series: Sequence[int] | None = None, every: bool = False, whys: Sequence[str] = ()
) -> Range:
    """The range that a search finds in a history; releases are numbered by their minor version unless series say it."""
    first = search.spread(series or range(len(history)), every=every)
    known: dict[int, Label] = {}
    others: dict[int, str] = {}
    while (index := search.following(first, known, others, every=every)) is not None:
        assert index not in known, "nothing is probed twice"
        known[index] = history[index]
        if whys and history[index] == "other":
            others[index] = whys[index]
    versions = tuple(f"0.{number}" for number in range(len(history)))
    probes = tuple(Probe(version=versions[index], label=known[index]) for index in sorted(known))
    return Range(installer="uv", releases=versions, searched=(versions[0], versions[-1]), probes=probes, complete=True)


def numbers(text: str) -> list[int]:
    return [int(part.rpartition(".")[2]) for part in text.split(",")]


@given(count=st.integers(2, MOST), data=st.data())
def test_in_a_monotone_history_the_boundary_is_found_in_logarithmically_many_probes(
    count: int, data: st.DataObject
) -> None:
    change = data.draw(st.integers(1, count - 1))
    other: Label = data.draw(st.sampled_from(["good", "other"]))
    before, after = data.draw(st.permutations(["bad", other]))
    history = [*repeat(before, change), *repeat(after, count - change)]
    answer = found(history)
    (stretch,) = answer.bad
    assert [one.label for one in answer.stretches] == [before, after]
    assert numbers(answer.affected[0]) == ([0, change] if before == "bad" else [change])
    assert stretch.joins_before
    assert stretch.joins_after
    assert answer.steady
    assert len(answer.probes) <= 2 + search.SPREAD + math.ceil(math.log2(count))


@given(history=st.lists(st.sampled_from(LABELS), min_size=1, max_size=60), data=st.data())
def test_whatever_is_claimed_is_true_of_what_was_probed(history: list[Label], data: st.DataObject) -> None:
    series = sorted(data.draw(st.lists(st.integers(0, 9), min_size=len(history), max_size=len(history))))
    whys = data.draw(st.lists(st.sampled_from("ab"), min_size=len(history), max_size=len(history)))
    answer = found(history, series=series, whys=whys)
    probed = {int(probe.version[2:]): probe.label for probe in answer.probes}
    assert all(history[index] == label for index, label in probed.items())
    deciding = [index for index in sorted(probed) if probed[index] != "cannot"]
    changes = sum(probed[one] == "bad" != probed[other] for one, other in pairwise(deciding))
    assert answer.steady is (changes + (probed[deciding[-1]] == "bad") <= 1 if deciding else True)
    for stretch, specifier in zip(answer.bad, answer.affected, strict=True):
        bounds = numbers(specifier)
        assert history[bounds[0]] == "bad"
        # Nothing is left open: next to a boundary lies what was probed, but for what cannot be run.
        for end, step, neighbour in ((stretch.first, -1, stretch.before), (stretch.last, 1, stretch.after)):
            index = int(end[2:]) + step
            if 0 <= index < len(history):
                assert history[index] == probed[index]
                assert neighbour is None or probed[index] in {"cannot", neighbour.label}
        if "<=" in specifier:
            assert history[bounds[1]] == "bad"
        elif "<" in specifier:
            assert (history[bounds[1]], history[bounds[1] - 1]) != ("bad", "cannot")
    if len(answer.bad) == 1:
        assert not answer.contradictions(answer.affected[0])


@given(history=st.lists(st.sampled_from(LABELS), min_size=1, max_size=40))
def test_every_release_is_probed_where_every_one_is_asked_for(history: list[Label]) -> None:
    answer = found(history, every=True)
    assert [probe.label for probe in answer.probes] == history


@given(count=st.integers(1, MOST), data=st.data())
def test_a_long_stretch_that_cannot_be_run_is_not_walked_through(count: int, data: st.DataObject) -> None:
    low, high = sorted(data.draw(st.tuples(st.integers(0, count), st.integers(0, count))))
    history = [*good(low), *repeat(CANNOT, high - low), *bad(count - high)]
    answer = found(history)
    assert len(answer.probes) <= 2 + search.SPREAD + 2 * math.ceil(math.log2(count + 1))
    if high < count:
        assert answer.bad[0].first == f"0.{high}"


def test_what_lies_between_two_that_cannot_be_run_is_not_tried() -> None:
    history = [*repeat(CANNOT, 300), *bad(100)]
    tried = [int(probe.version[2:]) for probe in found(history).probes if probe.label == "cannot"]
    assert tried[0] == 0
    assert tried[1] > 200, "the next one is the newest of the spread; then it is closed in from there"


def test_an_island_inside_a_series_that_was_probed_is_seen() -> None:
    history = [*good(9), *bad(3), *good(9)]
    answer = found(history, series=[0] * 5 + [1] * 5 + [2] * 5 + [3] * 6)
    assert answer.affected == (">=0.9,<0.12",)


@pytest.mark.parametrize("order", [1, -1])
def test_an_island_beside_a_change_from_another_defect_is_seen(order: int) -> None:
    history = [*other(6), *bad(3), *good(90)][::order]
    answer = found(history, series=[0] * 99)
    assert [one.label for one in answer.stretches] == ["other", "bad", "good"][::order]
    assert len(answer.probes) <= 2 + 2 * math.ceil(math.log2(99))


@pytest.mark.parametrize("order", [1, -1])
def test_an_island_between_two_other_defects_is_seen(order: int) -> None:
    history = [*other(1), *bad(3), *other(50), *good(45)]
    whys = ["complete, link-mode-honoured", *[""] * 3, *["complete"] * 50, *[""] * 45]
    answer = found(history[::order], series=[0] * 99, whys=whys[::order])
    assert [one.label for one in answer.stretches] == ["other", "bad", "other", "good"][::order]
    assert len(answer.probes) <= 2 + 3 * math.ceil(math.log2(99))


@given(count=st.integers(2, MOST), data=st.data())
def test_where_nothing_is_bad_a_change_is_closed_in_on_in_few_probes(count: int, data: st.DataObject) -> None:
    change = data.draw(st.integers(1, count - 1))
    history = [*good(change), *other(count - change)]
    answer = found(data.draw(st.sampled_from([history, history[::-1]])))
    older, newer = answer.stretches
    assert older.joins_after
    assert {older.label, newer.label} == {"good", "other"}
    assert len(answer.probes) <= 2 + search.SPREAD + math.ceil(math.log2(count))


def test_once_something_is_bad_no_other_change_is_looked_into() -> None:
    answer = found([*other(40), *good(60), *bad(60)], series=[0] * 80 + [1] * 80)
    assert answer.affected == (">=0.100",)
    assert [one.joins_after for one in answer.stretches] == [False, True, True]


def test_a_release_that_is_known_to_be_bad_is_probed_in_any_case() -> None:
    history = [*good(20), *bad(2), *good(200)]
    assert found(history, series=[0] * 222).affected == ()
    first = search.spread([0] * 222, seed=21)
    assert first[:3] == (221, 0, 21)
    assert len({*search.spread([0] * 222, seed=0)}) == len(search.spread([0] * 222, seed=0))


def test_what_comes_back_is_said_to() -> None:
    answer = found(["bad", "good", "bad", "good"], every=True)
    assert not answer.steady
    assert answer.affected == (">=0.0,<0.1", ">=0.2,<0.3")
    assert "not monotone" in told(answer, file="case.toml")


def test_the_estimate_ends_at_nothing() -> None:
    history = [*bad(30), *good(300)]
    first = search.spread(range(len(history)))
    known: dict[int, Label] = {}
    while (index := search.following(first, known)) is not None:
        assert search.remaining(first, known) > 0
        known[index] = history[index]
    assert search.remaining(first, known) == 0


PROBED = (
    Probe(version="0.0.5", label="good"),
    Probe(version="0.1.0", label="bad", why="complete"),
    Probe(version="0.1.2", label="bad", why="complete"),
    Probe(version="0.1.3", label="good"),
    Probe(version="0.1.4", label="cannot", why="it was installed, but does not run: \x1b[2J"),
)
RANGE = Range(
    installer="uv",
    releases=("0.0.5", "0.1.0", "0.1.1", "0.1.2", "0.1.3", "0.1.4"),
    searched=("0.0.5", "0.1.4"),
    probes=PROBED,
    complete=True,
)


def test_a_range_is_told_with_its_neighbours_and_the_next_commands() -> None:
    text = told(RANGE, file="uv-1513")
    for line in (
        "    uv 0.1.0 ... 0.1.2  bad    complete\n",
        "    first bad     0.1.0 (0.0.5, the release before it, is good)\n",
        "    first good    0.1.3 (0.1.2, the release before it, is bad)\n",
        '    affected      ">=0.1.0,<0.1.3"\n',
        "    probed        5 of 6 releases, each twice: 0.0.5, 0.1.0, 0.1.2, 0.1.3, 0.1.4\n",
        "    skipped       0.1.4: it was installed, but does not run: ",
        "    next          exdev replay uv-1513 --installer uv==0.1.2\n",
    ):
        assert line in f"{text}\n"
    assert "\x1b" not in text


def test_what_was_not_found_may_be_where_nobody_looked() -> None:
    some = replace(RANGE, searched=("0.1.1", "0.1.4"), probes=PROBED[3:])
    assert "    result        not found in 1 of 4 releases; --every probes all\n" in told(some, file="case.toml")
    all_ = replace(some, searched=("0.1.3", "0.1.4"))
    assert "    result        not found in 1 of 2 releases\n" in told(all_, file="case.toml")


def test_a_report_that_says_otherwise_is_told_so() -> None:
    report = reports.load("uv-1513")
    assert "disagrees" not in told(RANGE, file="uv-1513", report=replace(report, affected=">=0.1.0,<0.1.3"))
    assert "not so of 0.1.3 (good)" in told(RANGE, file="uv-1513", report=replace(report, affected=">=0.1.0,<0.1.4"))
    assert "not so of 0.1.2 (bad)" in told(RANGE, file="uv-1513", report=replace(report, affected="<0.1.2,>0.0.5"))


def test_an_interrupted_search_claims_no_more_than_it_knows() -> None:
    cut = replace(RANGE, probes=(PROBED[0], PROBED[2], PROBED[3]), complete=False)
    text = told(cut, file="uv-1513")
    assert "0.1.2 (0.0.5 is good; nothing is known of those between)" in text
    assert "interrupted" in text
    assert cut.affected == (">=0.1.2,<0.1.3",)
    assert 'affected      ">=0.1.2,<0.1.3" at least: the search was interrupted\n' in text


def test_the_edge_of_what_was_asked_about_is_not_taken_for_that_of_the_violation() -> None:
    some = replace(RANGE, searched=("0.1.2", "0.1.3"), probes=PROBED[2:4])
    older = told(some, file="uv-1513")
    assert "    first bad     0.1.2 or an older one: it is the oldest that was asked about\n" in older
    assert '">=0.1.2,<0.1.3" at least: only those between 0.1.2 and 0.1.3 were asked about\n' in older
    newer = told(replace(RANGE, searched=("0.0.5", "0.1.2"), probes=PROBED[:3]), file="uv-1513")
    assert "    first bad     0.1.0 (0.0.5, the release before it, is good)\n" in newer
    assert "    last bad      0.1.2 or a newer one: it is the newest that was asked about\n" in newer
    assert "at least" not in told(RANGE, file="uv-1513")


SOUGHT = Sought(report=reports.load("uv-1513-small"))


def test_what_was_probed_is_kept_and_found_by_the_case(tmp_path: Path, case: Case) -> None:
    kept.write(kept.path(case, "uv", directory=tmp_path), Kept(sought=SOUGHT.digest, range=RANGE))
    assert saved(case, "uv", SOUGHT, directory=tmp_path) == RANGE
    assert saved(replace(case, installer="uv==0.1.2"), "uv==0.1.2", SOUGHT, directory=tmp_path) == RANGE
    assert saved(replace(case, link_mode="copy"), "uv", SOUGHT, directory=tmp_path) is None
    assert saved(case, "pip", SOUGHT, directory=tmp_path) is None
    assert saved(case, "uv", replace(SOUGHT, report=None), directory=tmp_path) is None, "about something else"


def test_a_kept_range_says_nothing_beyond_what_was_searched(tmp_path: Path, case: Case) -> None:
    some = replace(RANGE, searched=("0.1.1", "0.1.3"))
    kept.write(kept.path(case, "uv", directory=tmp_path), Kept(sought=SOUGHT.digest, range=some))
    assert saved(case, "uv", SOUGHT, directory=tmp_path) == replace(some, probes=PROBED[2:4])


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"harness": "another"},
        {"probes": [{"version": "0.1.0", "label": "splendid", "why": ""}]},
        {"probes": [{"version": "9.9", "label": "bad", "why": ""}]},
        {"probes": [{"version": "0.1.0", "label": "bad", "why": 1}]},
        {"releases": ["0.1.0", "0.0.5"]},
        {"releases": "none"},
        {"searched": ["0.1.4", "0.0.5"]},
        {"searched": ["0.1.0"]},
        {"searched": ["0.1.0", "9.9"]},
        {"sought": None},
    ],
)
def test_a_file_of_another_kind_is_not_trusted(tmp_path: Path, case: Case, change: dict[str, object]) -> None:
    file = kept.path(case, "uv", directory=tmp_path)
    kept.write(file, Kept(sought=SOUGHT.digest, range=RANGE))
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(kept.Unusable):
        kept.read(file)
    assert saved(case, "uv", SOUGHT, directory=tmp_path) is None


@pytest.mark.parametrize("text", ["", "[]", "null", "[" * 100_000, '{"format": 1}', "\0", " " * (1 << 21)])
def test_a_corrupt_file_is_not_trusted(tmp_path: Path, case: Case, text: str) -> None:
    file = kept.path(case, "uv", directory=tmp_path)
    file.write_text(text)
    with pytest.raises(kept.Unusable, match="no bisection"):
        kept.read(file)


def test_a_link_in_the_place_of_a_kept_file_is_replaced_and_not_followed(tmp_path: Path, case: Case) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    file = kept.path(case, "uv", directory=tmp_path)
    file.symlink_to(precious)
    kept.write(file, Kept(sought="this", range=RANGE))
    assert precious.read_text() == "precious"
    assert not file.is_symlink()


@dataclass
class Scripted:
    """A prober that knows what each release is, and is interrupted after some of them."""

    history: dict[str, Label]
    patience: int = MOST
    installer: str = "uv"

    def probe(self, version: str) -> tuple[Probe, bool]:
        if not self.patience:
            raise KeyboardInterrupt
        self.patience -= 1
        return Probe(version=version, label=self.history[version]), self.history[version] != "cannot"


HISTORY: dict[str, Label] = {f"0.1.{patch}": "bad" if patch >= 7 else "good" for patch in range(40)}


def _bisection(file: Path, *, patience: int = MOST, sought: str = "this", among: slice = slice(None)) -> _Bisection:
    versions = tuple(HISTORY)
    prober = Scripted(HISTORY, patience)
    return _Bisection(prober=prober, published=versions, releases=versions[among], file=file, sought=sought)  # type: ignore[arg-type]


@pytest.mark.parametrize("patience", range(7))
def test_an_interrupted_search_goes_on_where_it_was(
    tmp_path: Path, patience: int, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "case.json"
    first = _bisection(file, patience=patience)
    assert not first.finished()
    again = _bisection(file)
    again.resume()
    assert ("going on: " in capsys.readouterr().err) is (patience > 0)
    assert len(again.known) == patience
    assert again.finished()
    whole = _bisection(tmp_path / "whole.json")
    assert whole.finished()
    assert again.found(tuple(HISTORY), complete=True) == whole.found(tuple(HISTORY), complete=True)


def test_what_else_is_violated_has_a_say_in_the_search(tmp_path: Path) -> None:
    bisection = _bisection(tmp_path / "case.json")
    probes = (
        Probe(version="0.1.1", label="other", why="complete"),
        Probe(version="0.1.3", label="cannot", why="it does not run"),
        Probe(version="0.1.5", label="other", why="no-debris"),
    )
    bisection.known = {probe.version: probe for probe in probes}
    labels, others = bisection._seen(bisection.releases)
    assert (labels, others) == ({1: "other", 3: "cannot", 5: "other"}, {1: "complete", 5: "no-debris"})
    assert search.following((), labels, others) == 2
    assert search.following((), labels) is None


def test_a_search_among_some_releases_is_kept_as_one(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    assert _bisection(file, among=slice(7, 9)).finished()
    some = kept.read(file).range
    assert (some.searched, some.bounded, some.complete) == (("0.1.7", "0.1.8"), True, True)
    all_ = _bisection(file)
    all_.resume()
    assert all_.finished()
    again = _bisection(file, among=slice(7, 9))
    again.resume()
    assert again.finished()
    whole = kept.read(file).range
    assert (whole.searched, whole.bounded, whole.affected) == (("0.1.0", "0.1.39"), False, (">=0.1.7",))


def test_a_search_that_leaves_an_earlier_one_open_is_about_its_own_releases(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    assert _bisection(file).finished()
    HISTORY["0.1.3"] = "bad"
    try:
        island = _bisection(file, among=slice(3, 4))
        island.resume()
        assert island.finished()
    finally:
        HISTORY["0.1.3"] = "good"
    assert kept.read(file).range.searched == ("0.1.3", "0.1.3")


def test_what_is_left_to_chance_is_the_same_thing_sought(verdict: Verdict) -> None:
    chancy = replace(recorded(verdict), ordered=False)
    first, *more = sorted(chancy.places)
    other = replace(
        chancy, places=frozenset({first._replace(path=first.path.replace("nvidia", "elsewhere", 1)), *more})
    )
    assert other.digest == chancy.digest
    assert replace(other, ordered=True).digest != replace(chancy, ordered=True).digest
    assert replace(chancy, report=SOUGHT.report).digest != chancy.digest


def test_what_looked_for_something_else_is_not_gone_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "case.json"
    assert _bisection(file).finished()
    other = _bisection(file, sought="that")
    other.resume()
    assert not other.known
    assert "it looked for another violation; starting anew" in capsys.readouterr().err


def test_a_release_that_could_not_be_downloaded_is_tried_again(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    HISTORY["0.1.0"] = "cannot"
    try:
        assert _bisection(file).finished()
    finally:
        HISTORY["0.1.0"] = "good"
    again = _bisection(file)
    again.resume()
    assert again.known
    assert "0.1.0" not in again.known


def test_a_part_of_a_recorded_violation_is_not_the_violation(verdict: Verdict) -> None:
    sought = recorded(verdict)
    first = verdict.violations[0]
    assert sought.shown(verdict) == "bad"
    assert sought.shown(replace(verdict, violations=(first,))) == "bad"
    assert sought.shown(replace(verdict, violations=())) == "good"
    for other in (
        replace(first, path="purelib/elsewhere"),
        replace(first, step=1),
        replace(first, contract="honest-exit"),
    ):
        assert sought.shown(replace(verdict, violations=(other,))) == "other"
    # The step fails no more, or for another reason: what is left breaks the same contract at the same path.
    [step] = verdict.evidence.steps
    for outcome in (replace(step.outcome, exit=0), replace(step.outcome, errnos=("ENOSPC",))):
        evidence = replace(verdict.evidence, steps=(replace(step, outcome=outcome),))
        assert sought.shown(replace(verdict, evidence=evidence)) == "other"
    both = replace(verdict, violations=(first, replace(first, contract="honest-exit")))
    assert recorded(both).shown(verdict) == "other"
    assert sought.shown(both) == "bad"


def test_a_report_is_sought_by_its_signs(verdict: Verdict) -> None:
    sought = Sought(report=reports.load("uv-1513-small"))
    assert sought.shown(verdict) == "bad"
    outside = tuple(replace(violation, path="purelib/elsewhere") for violation in verdict.violations)
    assert sought.shown(replace(verdict, violations=outside)) == "other"
    assert sought.shown(replace(verdict, violations=())) == "good"


def bisect(place: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """With an index that has nothing: only releases in the cache are bisected."""
    command = [sys.executable, "-m", "harness.cli", "bisect", *map(str, arguments)]
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "/dev/null"}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=place, env=environment)


RELEASES = [Release("uv", version) for version in ("0.1.2", "0.1.3")]
needs_releases = pytest.mark.skipif(
    not all(map(provisioning.is_provided, RELEASES)),
    reason="not provided: `exdev provision uv==0.1.2 uv==0.1.3`, or `pytest scenarios -k reports`",
)


@needs_releases
def test_a_report_is_bisected_on_real_releases(tmp_path: Path) -> None:
    wanted = ("uv-1513-small", "--from", "0.1.2", "--to", "0.1.3")
    done = bisect(tmp_path, *wanted)
    assert done.returncode == 0, done.stderr
    assert "releases that are in the cache" in done.stderr
    assert "first without 0.1.3 (0.1.2, the release before it, is bad); it breaks complete (uv#2336)" in done.stdout
    assert "agrees" in done.stdout
    again = bisect(tmp_path, *wanted)
    assert again.stdout == done.stdout
    assert "going on: 2 of these releases were probed before" in again.stderr
    assert "running" not in again.stderr
    (file,) = (tmp_path / ".exdev" / "bisect").iterdir()
    file.write_text("{")
    anew = bisect(tmp_path, *wanted)
    assert anew.stdout == done.stdout
    assert "is not used: it is no bisection that exdev has written" in anew.stderr


@needs_releases
def test_a_case_is_bisected_by_what_its_own_installer_breaks(tmp_path: Path, case: Case, verdict: Verdict) -> None:
    file = save(case, tmp_path)
    done = bisect(tmp_path, file, "--installer", "uv", "--from", "0.1.2", "--to", "0.1.3")
    assert done.returncode == 0, done.stderr
    assert "what to look for: running specimen:uv-0.1.2 ... it breaks complete" in done.stderr
    assert saved(case, "uv", recorded(verdict), directory=tmp_path / ".exdev" / "bisect") is not None


@needs_releases
def test_what_a_build_of_ones_own_breaks_is_looked_for_if_it_is_named(tmp_path: Path, case: Case) -> None:
    own = f"path:{provisioning.provide(RELEASES[0]).scripts / 'uv'}"
    wanted = (save(replace(case, installer=own), tmp_path), "--installer", "uv", "--from", "0.1.2", "--to", "0.1.3")
    refused = bisect(tmp_path, *wanted)
    assert refused.returncode == 2
    assert f"if it is yours, say --as {own}\n" in refused.stderr
    done = bisect(tmp_path, *wanted, "--as", own)
    assert done.returncode == 0, done.stderr
    assert f"what to look for: running {own} ... it breaks complete" in done.stderr
    assert "first without 0.1.3 (0.1.2, the release before it, is bad)" in done.stdout
    report = bisect(tmp_path, "uv-1513-small", "--as", own)
    assert report.returncode == 2
    assert "--as is for cases" in report.stderr


@needs_releases
def test_a_bug_report_says_what_was_bisected(tmp_path: Path, case: Case) -> None:
    file = save(replace(case, installer="uv==0.1.2"), tmp_path)
    assert bisect(tmp_path, file, "--from", "0.1.2", "--to", "0.1.3").returncode == 0
    command = [sys.executable, "-m", "harness.cli", "export", str(file), "--markdown"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "- `>=0.1.2,<0.1.3`; only those between `0.1.2` and `0.1.3` were bisected\n" in done.stdout, done.stderr


@needs_releases
def test_ctrl_c_says_what_is_known(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "harness.cli", "bisect", "uv-1513-small", "--from", "0.1.2", "--to", "0.1.3"]
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "/dev/null"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment
    ) as child:
        assert child.stderr is not None
        lines = iter(child.stderr.readline, "")
        assert any("uv==0.1.3: running" in line for line in lines)
        child.send_signal(signal.SIGINT)
        printed, errors = child.communicate()
    assert child.returncode == 130, errors
    assert "interrupted; the same command goes on from here" in errors
    assert "uv#1513" in printed
    assert "unfinished" in printed


def test_where_nothing_can_be_kept_nothing_is_run(tmp_path: Path) -> None:
    (tmp_path / ".exdev").touch()
    done = bisect(tmp_path, "uv-1513-small")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(".exdev is not usable:\n  cannot be written to: Not a directory\n")
    assert "running" not in done.stderr


def test_a_file_without_a_violation_or_without_releases_is_two(tmp_path: Path, case: Case) -> None:
    file = save(case, tmp_path)
    done = bisect(tmp_path, file)
    assert done.returncode == 2
    assert "it is of specimen:uv-0.1.2, which has no releases; name whose, for example --installer uv" in done.stderr
    named = bisect(tmp_path, file, "--installer", "uv==0.1.2")
    assert named.returncode == 2
    assert "say --installer uv, --from and --to" in named.stderr
    assert bisect(tmp_path, "uv-1513", "--from", "newest").returncode == 2
    assert bisect(tmp_path, "uv-1515").returncode == 2


@needs_releases
def test_a_case_that_holds_has_nothing_to_look_for(tmp_path: Path, case: Case) -> None:
    done = bisect(tmp_path, save(replace(case, installer="reference"), tmp_path), "--installer", "uv")
    assert done.returncode == 2
    assert "keeps every contract: there is nothing to look for" in done.stderr
    none = bisect(tmp_path, "uv-1513", "--from", "0.1.3", "--to", "0.1.2")
    assert none.returncode == 2
    assert "no release lies between --from and --to" in none.stderr
