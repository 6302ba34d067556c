"""Reducing: what is left still fails in the same way, and no single part of it can go any more."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import provisioning, reports
from harness.errors import FileInvalid
from harness.layouts import load as layout
from harness.layouts import names, validate
from harness.model import Case, Directory, File, Meddling, Mount, Outcome, Permission, Plan, Step, Symlink, codec
from harness.provisioning import Release
from harness.reproduction import load, save
from harness.reproduction.asked import Asked
from harness.reproduction.reduce import KINDS, Candidate, attempts
from harness.reproduction.reduce.command import _labelled, _Reduction, _tell
from harness.reproduction.reduce.likeness import Likeness
from harness.reproduction.reduce.records import emptied, without_files
from harness.run import Runner
from harness.strategies import SHARING, cases, wheel_sets
from harness.wheels import wheel
from harness.wheels.bad import BAD
from harness.wheels.make import record_content

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.kernel.laboratory import Laboratory
    from harness.model import Wheel
    from harness.run import Verdict


def smallest(case: Case, fails: Callable[[Candidate], bool]) -> Candidate:
    """What the search comes to; and nothing that it tries is broken or larger."""
    best = Candidate.of(case)
    search = attempts(case)
    candidate = next(search, None)
    while candidate is not None:
        assert sum(kind.count(candidate.case) for kind in KINDS) < sum(kind.count(best.case) for kind in KINDS)
        assert len(candidate.steps) == len(candidate.case.steps)
        accepted = fails(candidate)
        best = candidate if accepted else best
        try:
            candidate = search.send(accepted)
        except StopIteration:
            break
    return best


def singles(best: Candidate) -> list[tuple[str, Candidate]]:
    """Every candidate with one part less."""
    made = ((kind.name, kind.without(best, {number})) for kind in KINDS for number in range(kind.count(best.case)))
    return [(name, candidate) for name, candidate in made if candidate is not None and candidate != best]


def is_whole(case: Case) -> bool:
    """Whether it is a case as a file could hold it, but for its layout."""
    return codec.decode(Case, codec.encode(case), file="case.toml") == case


def paths(case: Case) -> set[str]:
    return {f"{one.key}:{entry.path}" for one in case.wheels for entry in one.entries}


@given(case=cases(wheels=wheel_sets(sharing=SHARING)), data=st.data())
def test_what_is_needed_stays_and_nothing_else(case: Case, data: st.DataObject) -> None:
    needed = data.draw(st.sets(st.sampled_from(sorted(paths(case))), max_size=3))
    order = data.draw(st.sets(st.sampled_from(case.plan.creation or ("-",)), max_size=2)) & {*case.plan.creation}

    def fails(candidate: Candidate) -> bool:
        assert is_whole(candidate.case)
        return needed <= paths(candidate.case) and order <= {*candidate.case.plan.creation}

    best = smallest(case, fails)
    assert fails(best)
    assert [name for name, candidate in singles(best) if fails(candidate)] == []
    assert len(best.case.wheels) <= max(1, len(needed) + len(order))
    assert len(best.case.steps) == 1


@given(case=cases(wheels=wheel_sets(sharing=SHARING)), data=st.data())
def test_whatever_decides_the_end_is_smallest(case: Case, data: st.DataObject) -> None:
    decided: dict[Candidate, bool] = {}

    def fails(candidate: Candidate) -> bool:
        if candidate not in decided:
            decided[candidate] = data.draw(st.booleans())
        return decided[candidate]

    best = smallest(case, fails)
    assert [name for name, candidate in singles(best) if decided.get(candidate, True)] == []


def is_true(one: Wheel) -> bool:
    own = f"{one.dist_info}/RECORD"
    (record,) = (entry for entry in one.entries if entry.path == own)
    return record.content == record_content((entry for entry in one.entries if entry is not record), own)


@given(data=st.data())
def test_a_true_record_stays_true(data: st.DataObject) -> None:
    files = {f"a/{name}": name.encode() for name in ("x.py", "y, z.py", 'q"uote.py', "line\nbreak.py")}
    whole = wheel("a", files=files, entry_points="[console_scripts]\na = a.x:main\n")
    assert is_true(whole)
    chosen = data.draw(st.sets(st.integers(0, len(files) - 1)))
    less = without_files(whole, chosen)
    assert is_true(less)
    assert {entry.path for entry in whole.entries} - {entry.path for entry in less.entries} == {
        whole.entries[index].path for index in chosen
    }
    empty = emptied(whole, chosen)
    assert is_true(empty)
    assert [entry.path for entry in empty.entries] == [entry.path for entry in whole.entries]


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_bad_wheel_stays_bad_in_what_is_left_of_it(name: str) -> None:
    bad = BAD[name]()
    case = Case(layout=layout("plain"), wheels=(bad,), steps=(Step(action="install", wheels=(bad.key,)),))
    records = [entry.content for entry in bad.entries if entry.path == f"{bad.dist_info}/RECORD"]
    untrue = bool(records) and not is_true(bad)
    for _, candidate in singles(Candidate.of(case)):
        (less,) = candidate.case.wheels
        assert not (untrue and len(less.entries) == len(bad.entries) and is_true(less))


@pytest.mark.parametrize("name", names())
def test_what_a_layout_promises_goes_with_the_mounts_it_is_about(name: str) -> None:
    case = Case(layout=layout(name), wheels=(wheel("a"),), steps=(Step(action="install", wheels=("a-1.0",)),))
    (mounts,) = (kind for kind in KINDS if kind.name == "mounts")
    bare = mounts.without(Candidate.of(case), range(len(case.layout.mounts)))
    assert bare is not None
    assert bare.case.layout.mounts == ()
    if case.layout.mounts:
        assert not [fact for fact in bare.case.layout.facts if fact.gives == "EXDEV"]
        assert not {"tmpfs", "bind", "overlay", "bind-file"}.intersection(bare.case.layout.requires)
    else:
        assert bare.case == case


def fat(installer: str) -> Case:
    """uv#1513, with much that it does not need."""
    parts = ("cublas", "cusolver", "cufft", "curand")
    wheels = tuple(
        wheel(
            f"nvidia-{part}",
            files={
                "nvidia/__init__.py": b"",
                **{f"nvidia/{part}/m{number}.py": b"x = 1\n" for number in range(12)},
            },
        )
        for part in parts
    )
    keys = [one.key for one in wheels]
    where = layout("docker-volume")
    where = replace(
        where,
        mounts=(*where.mounts, Mount(at="/elsewhere", type="tmpfs"), Mount(at="/small", type="tmpfs", size="4m")),
        symlinks=(Symlink(at="/opt/link", to="/elsewhere/x"),),
        permissions=(Permission(at="/opt/directory", mode="755"),),
        requires=(*where.requires, "tmpfs", "tmpfs-size-limit", "symlink"),
    )
    return Case(
        layout=where,
        wheels=wheels,
        steps=tuple(Step(action="install", wheels=tuple(asked)) for asked in (keys[2:3], keys[3:], keys[:2])),
        plan=Plan(
            # tmpfs lists the newest name first.
            creation=(
                *(one.dist_info for one in wheels),
                "nvidia",
                *(f"nvidia/{part}" for part in parts),
                "nvidia/__init__.py",
            )
        ),
        installer=installer,
    )


def test_a_fat_case_is_reduced_to_what_the_defect_needs(laboratory: Laboratory) -> None:
    case = fat("specimen:uv-0.1.2")
    reduction = _Reduction(runner=Runner(laboratory), limit=10_000, best=Candidate.of(case))
    assert reduction.begin(Asked(file="case.toml", case=case)) is None
    assert reduction.finished()
    best = reduction.best.case
    assert [len(one) for one in (best.wheels, best.layout.mounts, best.steps)] == [2, 1, 1]
    assert {entry.path for one in best.wheels for entry in one.entries if ".dist-info/" not in entry.path} == {
        "nvidia/__init__.py"
    }
    assert (best.layout.symlinks, best.layout.permissions) == ((), ())
    assert best.layout.requires == ("bind",)
    assert not validate.problems(best.layout)
    verdict = Runner(laboratory).run(best)
    assert {violation.contract for violation in verdict.violations} == {"complete"}
    assert "rename: ENOENT" in verdict.evidence.steps[0].outcome.message
    assert [name for name, candidate in singles(reduction.best) if reduction._fails(candidate)] == []


def test_what_fails_loudly_is_kept_where_something_else_is_broken_too(verdict: Verdict) -> None:
    (step,) = verdict.evidence.steps
    quiet = replace(step, outcome=Outcome(exit=0))
    violation = replace(verdict.violations[0], path="purelib/a/INSTALLER")
    two = (step.step, step.step)
    case = replace(verdict.case, steps=two)
    evidence = replace(verdict.evidence, case=case, steps=(quiet, step))
    loud = tuple(replace(one, step=1) for one in verdict.violations)
    both = replace(verdict, case=case, evidence=evidence, violations=(violation, *loud))
    likeness = Likeness.of(both)
    alone = replace(verdict, evidence=replace(verdict.evidence, steps=(quiet,)), violations=(violation,))
    assert likeness.holds(both, (0, 1))
    assert likeness.holds(verdict, (1,)), "the step that failed, by itself"
    assert not likeness.holds(alone, (0,)), "the one that did not"
    assert not likeness.holds(verdict, (0,)), "the same promise in another step"
    outcome = replace(step.outcome, errnos=("EACCES",))
    other = replace(verdict, evidence=replace(verdict.evidence, steps=(replace(step, outcome=outcome),)))
    assert not likeness.holds(other, (1,)), "for another reason"
    more = replace(verdict, violations=(*verdict.violations, replace(violation, contract="no-debris")))
    assert not likeness.holds(more, (1,)), "and more than that"


def test_violations_are_told_by_the_steps_of_the_file_where_image_steps_come_first(verdict: Verdict) -> None:
    first, image = verdict.case.steps[0], replace(verdict.case.steps[0], image=True)
    case = replace(verdict.case, steps=(first, image))
    (step,) = verdict.evidence.steps
    evidence = replace(verdict.evidence, case=case, steps=(step, step))
    likeness = Likeness.of(replace(verdict, case=case, evidence=evidence))
    assert {place.step for place in likeness.sought.places} == {1}


def test_a_part_of_a_layout_is_not_taken_for_the_whole() -> None:
    case = reports.case(reports.load("uv-nested-mount"), "uv==0.1.2")
    whole = case.layout
    assert _labelled(replace(case, wheels=case.wheels[:1]), case).layout == whole
    part = replace(case, layout=replace(whole, mounts=()))
    labelled = _labelled(part, case).layout
    assert (labelled.name, labelled.tags, labelled.reports) == ("reduced", (), ())
    assert labelled == replace(
        whole, mounts=(), name="reduced", tags=(), reports=(), about=f"Reduced from: {whole.about}"
    )
    assert not validate.problems(labelled)
    less = replace(part, layout=replace(labelled, symlinks=(Symlink(at="/a", to="b"),)))
    assert _labelled(replace(part, layout=labelled), less).layout == labelled, "it is marked once"


class Fickle:
    """A runner whose runs come to one thing after the other; or end in an error."""

    def __init__(self, *verdicts: Verdict | type[BaseException]) -> None:
        self._verdicts = [*verdicts]

    def run(self, _: Case) -> Verdict:
        verdict = self._verdicts.pop(0)
        if isinstance(verdict, type):
            raise verdict
        return verdict


def test_runs_that_differ_are_three(verdict: Verdict, capsys: pytest.CaptureFixture[str]) -> None:
    runner: Any = Fickle(verdict, replace(verdict, violations=()))
    reduction = _Reduction(runner=runner, limit=1, best=Candidate.of(verdict.case))
    assert reduction.begin(Asked(file="case.toml", case=verdict.case)) == 3
    assert "uncontrolled" in capsys.readouterr().err


def test_a_violation_has_to_be_seen_twice(verdict: Verdict) -> None:
    runner: Any = Fickle(verdict, verdict, verdict, replace(verdict, violations=()))
    reduction = _Reduction(runner=runner, limit=1, best=Candidate.of(verdict.case))
    assert reduction.begin(Asked(file="case.toml", case=verdict.case)) is None
    assert not reduction._fails(Candidate.of(verdict.case))


def test_what_lies_there_and_another_release_can_go() -> None:
    placed = replace(layout("plain"), files=(File(at="/a"), File(at="/b")), directories=(Directory(at="/c"),))
    steps = tuple(Step(action="install", wheels=("a-1.0",), installer=one) for one in ("", "uv==0.1.2"))
    case = Case(layout=placed, wheels=(wheel("a"),), steps=steps, installer="uv==0.1.3")
    made: dict[str, list[Case]] = {}
    for name, one in singles(Candidate.of(case)):
        made.setdefault(name, []).append(one.case)
    assert {one.layout.files for one in made["placed files"]} == {(File(at="/a"),), (File(at="/b"),)}
    assert [one.layout.directories for one in made["placed directories"]] == [()]
    assert [one.performers for one in made["other releases"]] == [("uv==0.1.3",)]


def test_meddlings_and_requests_can_go() -> None:
    wheels = (wheel("a"), wheel("b"))
    steps = (
        Step(action="install", wheels=("a-1.0", "b-1.0")),
        Step(action="install", wheels=("b-1.0",), meddled=(Meddling(do="remove", at="{cache}/*"),)),
    )
    case = Case(layout=layout("plain"), wheels=wheels, steps=steps, plan=Plan(listing=(1, 2), schedule=(3,)))
    by_name = {kind.name: kind for kind in KINDS}
    made = {name: [one.case for told, one in singles(Candidate.of(case)) if told == name] for name in by_name}
    assert [one.steps[1].meddled for one in made["meddlings"]] == [()]
    assert [one.steps[0].wheels for one in made["joint requests"]] == [("b-1.0",), ("a-1.0",)]
    assert [one.plan.listing for one in made["listing choices"]] == [(2,), (1,), None]
    assert [one.plan.schedule for one in made["turns"]] == [(), None]
    assert [[step.wheels for step in one.steps] for one in made["wheels"]] == [
        [("b-1.0",), ("b-1.0",)],
        [("a-1.0",)],
    ]


def searched(case: Case, limit: int, *verdicts: Verdict | type[BaseException]) -> tuple[_Reduction, bool]:
    """A search that comes to these verdicts; and whether it went to its end or to its limit."""
    runner: Any = Fickle(*verdicts)
    reduction = _Reduction(runner=runner, limit=limit, best=Candidate.of(case))
    assert reduction.begin(Asked(file="case.toml", case=case)) is None
    finished = reduction.finished()
    _tell(reduction, Asked(file="case.toml", case=case), None, finished=finished and not reduction.reached)
    return reduction, finished


def test_a_search_that_was_not_finished_does_not_claim_that_nothing_can_go(
    verdict: Verdict, capsys: pytest.CaptureFixture[str]
) -> None:
    holds = replace(verdict, violations=())
    limited, _ = searched(verdict.case, 1, verdict, verdict, holds)
    assert limited.reached
    assert capsys.readouterr().out.startswith("nothing has gone by now, and the search is not finished")
    _, finished = searched(verdict.case, 100, verdict, verdict, KeyboardInterrupt)
    assert not finished
    assert capsys.readouterr().out.startswith("nothing has gone by now, and the search is not finished")


def test_a_limit_that_is_just_enough_is_not_reached(verdict: Verdict, capsys: pytest.CaptureFixture[str]) -> None:
    many = [verdict, verdict, *[replace(verdict, violations=())] * 1000]
    whole, _ = searched(verdict.case, 1000, *many)
    enough, _ = searched(verdict.case, whole.tried, *many)
    assert (whole.reached, enough.reached, enough.tried) == (False, False, whole.tried)
    said = capsys.readouterr().out.splitlines()
    assert [line.startswith("no part of this case can go (") for line in said] == [True, True]


def reduce(place: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness.cli", "reduce", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=place)


def test_a_smaller_case_is_written_and_the_first_one_left_alone(tmp_path: Path) -> None:
    file = save(fat("specimen:uv-0.1.2"), tmp_path)
    before = file.read_bytes()
    done = reduce(tmp_path, file)
    assert done.returncode == 0, done.stderr
    (written,) = (tmp_path / ".exdev" / "reduced").iterdir()
    assert "steps 3 -> 1, wheels 4 -> 2, mounts 4 -> 1" in done.stdout
    assert load(written).layout.name == "reduced"
    assert f"replay  exdev replay .exdev/reduced/{written.name} --installer specimen:uv-0.1.2" in done.stdout
    assert file.read_bytes() == before
    assert len(load(written).wheels) == 2
    again = reduce(tmp_path, written)
    assert again.returncode == 0
    assert "no part of this case can go" in again.stdout
    over = reduce(tmp_path, file, "--output", written)
    assert over.returncode == 2
    assert "is there already" in over.stderr
    limited = reduce(tmp_path, file, "--output", "small.toml", "--limit", "1")
    assert limited.returncode == 0
    assert "the limit of 1 attempts was reached" in limited.stdout
    assert len(load(tmp_path / "small.toml").steps) < 3


def test_a_place_that_cannot_be_written_is_said_before_the_search(tmp_path: Path) -> None:
    file = save(fat("specimen:uv-0.1.2"), tmp_path / "cases")
    done = reduce(tmp_path, file, "--output", "none/small.toml")
    assert (done.returncode, done.stdout) == (2, "")
    assert "none is not usable:\n  cannot be written to: No such file or directory\n" in done.stderr
    assert "breaks complete" not in done.stderr
    (tmp_path / ".exdev").touch()
    default = reduce(tmp_path, file)
    assert (default.returncode, default.stdout) == (2, "")
    assert ".exdev is not usable:\n  cannot be written to: Not a directory\n" in default.stderr
    assert "breaks complete" not in default.stderr


def test_a_result_that_cannot_be_written_after_all_is_printed(
    tmp_path: Path, verdict: Verdict, capsys: pytest.CaptureFixture[str]
) -> None:
    runner: Any = Fickle()
    smaller = replace(verdict.case, wheels=verdict.case.wheels[:1])
    reduction = _Reduction(runner=runner, limit=1, best=Candidate.of(smaller))
    with pytest.raises(FileInvalid, match="cannot be written"):
        _tell(reduction, Asked(file="case.toml", case=verdict.case), tmp_path / "gone" / "x.toml", finished=True)
    assert capsys.readouterr().out == codec.dump_toml(smaller)


def test_a_case_that_holds_is_said_to_and_nothing_is_written(tmp_path: Path) -> None:
    done = reduce(tmp_path, save(fat("reference"), tmp_path / "cases"))
    assert (done.returncode, done.stdout) == (
        0,
        "reference keeps every contract in this case: there is nothing to reduce\n",
    )
    assert [path.name for path in tmp_path.iterdir()] == ["cases"]
    assert reduce(tmp_path, "none.toml").returncode == 2


@pytest.mark.skipif(
    not provisioning.is_provided(Release("uv", "0.1.2")),
    reason="not provided: `exdev provision uv==0.1.2`, or `pytest scenarios -k reports`",
)
def test_the_torch_closure_comes_to_what_the_readme_says(tmp_path: Path) -> None:
    done = reduce(tmp_path, "uv-1513-torch")
    sizes, how, replay = done.stdout.splitlines()
    # How long it took is of this machine, and how often it ran of the attempts that had to be seen twice.
    assert re.fullmatch(r" +\d+ attempts, \d+ runs, \d+ s", how), done.stderr
    readme = (Path(__file__).resolve().parents[3] / "README.md").read_text(encoding="utf-8").splitlines()
    assert readme[readme.index(sizes) + 2] == replay
    (written,) = (tmp_path / ".exdev" / "reduced").iterdir()
    assert written.name in replay


def test_ctrl_c_writes_the_smallest_by_then(tmp_path: Path) -> None:
    file = save(fat("specimen:uv-0.1.2"), tmp_path)
    command = [sys.executable, "-m", "harness.cli", "reduce", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as child:
        assert child.stderr is not None
        lines = iter(child.stderr.readline, "")
        assert any("attempts  steps 3 -> " in line for line in lines)
        child.send_signal(signal.SIGINT)
        printed, errors = child.communicate()
    assert child.returncode == 130, errors
    assert "interrupted" in errors
    assert "replay  exdev replay .exdev/reduced/" in printed
    (written,) = (tmp_path / ".exdev" / "reduced").iterdir()
    assert len(load(written).steps) < 3
