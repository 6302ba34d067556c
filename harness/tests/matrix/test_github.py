"""`exdev matrix --github`: jobs for a workflow, of about equal time."""

from __future__ import annotations

import json
import re
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from harness import cli, layouts
from harness.installers.registry import RELEASED
from harness.matrix import Matrix, Result, dump
from harness.matrix.durations import committed, expected, main, measured
from harness.matrix.github import planned
from harness.matrix.joining import lost

INSTALLERS = ("reference", *RELEASED)


def jobs(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert cli.main(["matrix", "--github", *arguments]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1  # one line: it is an output of a step
    include: list[dict[str, Any]] = json.loads(out)["include"]
    return include


def met(job: dict[str, Any]) -> list[tuple[str, str]]:
    """What a job's options select, as the shell makes words of them."""
    words = f"{job['installers']} {job['layouts']}".split()
    named: dict[str, list[str]] = {}
    for option, name in zip(words[::2], words[1::2], strict=True):
        named.setdefault(option, []).append(name)
    assert {*named["--shard"]} <= {*named.get("--layout", layouts.names())}
    assert named.keys() <= {"--installer", "--layout", "--shard"}
    return list(product(named["--installer"], named["--shard"]))


@pytest.mark.parametrize("count", [1, 4, 6, 8, 20])
def test_every_job_has_a_name_and_all_of_them_are_everything(capsys: pytest.CaptureFixture[str], count: int) -> None:
    made = jobs(capsys, "--shards", str(count))
    assert len(made) == count
    names = [job["name"] for job in made]
    assert len({*names}) == count
    assert all(re.fullmatch(r"[\w.-]+", name) for name in names)
    assert sorted(where for job in made for where in met(job)) == sorted(product(INSTALLERS, layouts.names()))
    for job in made:
        assert job["provision"].split() == [one for one in job["installers"].split()[1::2] if one in RELEASED]


def test_an_installer_of_ones_own_on_layouts_of_ones_own(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text((Path(layouts.__file__).parents[2] / "fixtures" / "layouts" / "plain.toml").read_text())
    chosen = ("--layout", str(mine), "--layout", "docker-volume", "--installer", "path:./build/uv")
    (one, two) = jobs(capsys, "--shards", "2", *chosen)
    assert sorted(met(one) + met(two)) == sorted(product(["path:./build/uv"], [str(mine), "docker-volume"]))
    assert (one["name"], one["provision"]) == ("01-path-.-build-uv", "")
    # All of them are named to both: what stands for others in one is what it is where both are one.
    assert one["layouts"].startswith(f"--layout {mine} --layout docker-volume --shard ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--shards", "2", "--layout", "plian"), "did you mean 'plain'?"),
        (("--shards", "2", "--installer", "uvv"), "did you mean 'uv'?"),
        (("--shards", "2", "--installer", "uv==newest"), "is no release"),
        (("--shards", "2", "--installer", "path:a b"), "a name of one word"),
        (("--shards", "2", "--installer", "path:a\nb"), "a name of one word"),
        (("--shards", "2", "/nowhere.json"), "/nowhere.json"),
    ],
)
def test_what_no_job_could_run_is_told(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert cli.main(["matrix", "--github", *arguments]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--github",), "needs --shards N"),
        (("--github", "--shards", "0"), "at least 1"),
        (("--github", "--shards", "1", "--compare", "x"), "--compare does not go with --github"),
        (("--github", "--shards", "1", "--expect", "x"), "--expect does not go with --github"),
        (("--shards", "3", "x"), "go with --github"),
        ((), "name a file of saved results"),
    ],
)
def test_options_that_do_not_go_together_are_told(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["matrix", *arguments])
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err


def result(installer: str, layout: str, seconds: float, *, drawn: bool = False) -> Result:
    name = f"test_{installer}_{layout}_{seconds}"
    return Result(
        scenario=name,
        layout=layout,
        link_mode="copy",
        installer=installer,
        state="pass",
        seconds=seconds,
        instance=name,
        drawn=drawn,
    )


def test_what_earlier_results_took_decides(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    chosen = ("plain", "docker-volume", "nested-tmpfs")
    took = (600.0, 10.0, 10.0)
    results = tuple(result("uv==0.13.9", layout, taken) for layout, taken in zip(chosen, took, strict=True))
    file = tmp_path / "saved.json"
    file.write_text(dump(Matrix(results=results)))
    options = [word for layout in chosen for word in ("--layout", layout)]
    one, two = jobs(capsys, "--shards", "2", "--installer", "uv==0.14.0", *options, str(file))
    every = " ".join(options)
    assert (one["seconds"], one["layouts"]) == (600, f"{every} --shard plain")
    assert (two["seconds"], two["layouts"]) == (20, f"{every} --shard docker-volume --shard nested-tmpfs")


def _printed(capsys: pytest.CaptureFixture[str], tmp_path: Path, *arguments: str) -> Path:
    """What a step keeps in a file."""
    assert cli.main(["matrix", "--github", *arguments]) == 0
    file = tmp_path / "plan"
    file.write_text(capsys.readouterr().out)
    return file


def test_jobs_are_read_again_as_they_were_printed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = planned(_printed(capsys, tmp_path, "--shards", "8"))
    assert list(found) == [job["name"] for job in jobs(capsys, "--shards", "8")]
    pairs = [pair for shard in found.values() for pair in product(shard.installers, shard.layouts)]
    assert sorted(pairs) == sorted(product(INSTALLERS, layouts.names()))


def test_what_was_lost_is_not_expected_to_take_no_time(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    chosen = ("--shards", "1", "--installer", "uv", "--layout", "plain")
    file = tmp_path / "saved.json"
    file.write_text(dump(lost(planned(_printed(capsys, tmp_path, *chosen)), ())))
    assert jobs(capsys, *chosen, str(file)) == jobs(capsys, *chosen)


def test_releases_of_one_installer_are_averaged_and_drawn_layouts_left_out() -> None:
    told = (result("uv==1", "plain", 3.0), result("uv==1", "plain", 1.0), result("uv==2", "plain", 8.0))
    assert measured((*told, result("uv==2", "plain", 99.0, drawn=True))) == {("uv", "plain"): 6.0}


def test_what_was_never_measured_is_expected_to_be_like_the_rest() -> None:
    known = committed()
    uv = [taken for (installer, _), taken in known.items() if installer == "uv"]
    found = expected(["mine.toml"], ["uv", "path:./uv"])
    assert found["uv", "mine.toml"] == found["path:./uv", "mine.toml"] == pytest.approx(sum(uv) / len(uv))


def test_durations_were_measured_for_every_installer_and_take_time() -> None:
    known = committed()
    assert {installer for installer, _ in known} >= {*INSTALLERS}
    assert all(taken > 0 for taken in known.values())
    assert {layout for _, layout in known} <= {*layouts.names()}


def test_saved_results_make_the_table_of_durations(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "saved.json"
    file.write_text(dump(Matrix(results=(result("pip==26.3", "plain", 2.26), result("uv==1", "plain", 1.0)))))
    main([str(file)])
    assert json.loads(capsys.readouterr().out)["seconds"] == {"pip": {"plain": 2.3}, "uv": {"plain": 1.0}}
