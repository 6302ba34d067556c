"""`exdev matrix`: what a person and a CI step see of saved results."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness import cli
from harness.matrix import Matrix, dump, parse
from harness.matrix.schema import problems, schema
from harness.tests.matrix.made import hostile, matrix, parsed, result

if TYPE_CHECKING:
    from pathlib import Path

GREEN = matrix(result(), result("known", "uv#1 <https://example.org>", layout="x"))
RED = matrix(result("violation", "complete", story="told"))
FORMS = ("--json", "--junit", "--markdown", "--html", "--picture")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.json"
    path.write_text(dump(GREEN))
    return path


def _saved(tmp_path: Path, name: str, one: Matrix) -> str:
    (tmp_path / name).write_text(dump(one))
    return str(tmp_path / name)


@pytest.mark.parametrize(
    ("files", "status"),
    [((GREEN,), 0), ((RED,), 1), ((GREEN, RED), 1), ((matrix(),), 1), ((matrix(result("error", "e")),), 1)],
)
def test_the_exit_status_says_whether_anything_failed(
    tmp_path: Path, files: tuple[Matrix, ...], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [_saved(tmp_path, f"{number}.json", one) for number, one in enumerate(files)]
    assert cli.main(["matrix", *names]) == status
    assert capsys.readouterr().out


def test_two_verdicts_from_two_files_are_flaky_and_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = _saved(tmp_path, "a.json", GREEN), _saved(tmp_path, "b.json", RED)
    assert cli.main(["matrix", *names]) == 1
    said = capsys.readouterr().out
    assert "plain       FLAKY 1/1" in said
    assert "flaky: pass in " in " ".join(said.split())


def test_merged_files_are_one_of_the_same_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = _saved(tmp_path, "a.json", GREEN), _saved(tmp_path, "b.json", RED)
    assert cli.main(["matrix", *names, "--merge"]) == 1
    merged = parse(capsys.readouterr().out, file="merged")
    assert [one.state for one in merged.results] == ["flaky", "known"]


def _plan(tmp_path: Path, *names: str, options: str = "--shard plain") -> str:
    include = [{"name": name, "installers": "--installer uv", "layouts": options, "seconds": 3} for name in names]
    (tmp_path / "plan").write_text(json.dumps({"include": include}))
    return str(tmp_path / "plan")


@pytest.mark.parametrize("form", ["--merge", "--junit", "--markdown", "--html", "--compare=a.json"])
def test_a_planned_shard_without_results_is_told_in_every_form_and_fails(
    file: Path, form: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    assert cli.main(["matrix", "a.json", form, "--expect", _plan(file.parent, "a")]) == 0
    assert "gave no results" not in capsys.readouterr().out
    assert cli.main(["matrix", "a.json", form, "--expect", _plan(file.parent, "a", "b")]) == 1
    assert "shard b gave no results" in capsys.readouterr().out


def test_where_every_shard_is_lost_all_of_them_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["matrix", "--expect", _plan(tmp_path, "a", "b"), "--merge"]) == 1
    merged = parse(capsys.readouterr().out, file="merged")
    assert [(one.state, one.why) for one in merged.results] == [
        ("error", ("shard a gave no results", "shard b gave no results"))
    ]


def test_results_that_may_not_be_all_are_no_success(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = parse(file.read_text(), file="a.json")
    file.write_text(dump(replace(whole, about={**whole.about, "incomplete": "interrupted"})))
    assert cli.main(["matrix", str(file)]) == 1
    assert capsys.readouterr().err == "incomplete: interrupted\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read: No such file"),
        ("[", "not JSON"),
        ("{}", "include: missing"),
        ('{"include": [{"name": "a"}]}', "include[0].layouts: missing"),
        ('{"include": [{"name": "a", "installers": "uv", "layouts": "", "seconds": 1}]}', "expected --installer NAME"),
    ],
)
def test_a_plan_that_is_none_is_told(
    file: Path, text: str | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = file.with_name("plan")
    if text is not None:
        plan.write_text(text)
    assert cli.main(["matrix", str(file), "--expect", str(plan)]) == 2
    assert said in capsys.readouterr().err


def test_a_comparison_follows_the_published_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = _saved(tmp_path, "a.json", GREEN), _saved(tmp_path, "b.json", RED)
    assert cli.main(["matrix", names[0], "--compare", names[1], "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert list(problems(data, schema())) == []
    assert [one["before"].get("state") for one in data["changes"]] == ["violation", None]


def test_what_was_not_compared_is_named_for_machines_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = matrix(result(installer="pip==24"), result()), matrix(result(), result(installer="reference"))
    names = _saved(tmp_path, "new.json", new), _saved(tmp_path, "old.json", old)
    assert cli.main(["matrix", names[0], "--compare", names[1], "--json"]) == 0
    written = capsys.readouterr().out
    assert json.loads(written)["not_compared"] == {"before": ["pip==24"], "after": ["reference"]}
    assert list(problems(json.loads(written), schema())) == []
    assert {*parse(written, file="compared").results} == {*new.results}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_written_whole(file: Path, form: str, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.write_text("old")
    assert cli.main(["matrix", str(file), form, "--output", str(target)]) == 0
    assert target.read_text().endswith("\n")
    assert target.stat().st_mode & 0o777 == 0o644
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "out"]


def test_output_goes_through_links_and_into_pipes(file: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to("there/real")
    assert cli.main(["matrix", str(file), "--json", "--output", str(link)]) == 0
    assert link.is_symlink()
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["real"]
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert cli.main(["matrix", str(file), "--output", str(pipe)]) == 0
    assert os.read(reader, 10) == b"uv==0.13.9"
    os.close(reader)
    assert pipe.is_fifo()


def test_a_directory_is_no_place_for_output(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["matrix", str(file), "--output", str(tmp_path)]) == 2
    assert "cannot be written: Is a directory" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("form", ["", *FORMS])
def test_hostile_text_breaks_no_form(tmp_path: Path, form: str) -> None:
    name = _saved(tmp_path, "a.json", hostile())
    command = [sys.executable, "-m", "harness.cli", "matrix", name, *filter(None, [form])]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 1, done.stderr
    text = done.stdout.decode()
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\u2028" not in text


def test_the_picture_is_one_well_formed_file(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["matrix", str(file), "--picture"])
    root = parsed(capsys.readouterr().out)
    assert {one.tag.partition("}")[2] for one in root.iter()} == {"svg", "title", "style", "rect", "text"}
    assert not any(name.endswith("href") for one in root.iter() for name in one.attrib)
    said = [one.text for one in root.iter() if one.tag.endswith("text")]
    assert {"uv", "0.13.9", "plain", "\N{CHECK MARK} 1"} <= set(said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["absent.json"], "absent.json is not usable:\n  cannot be read: No such file"),
        (["a.json", "--output", "no/such/place"], "no/such/place is not usable:\n  cannot be written: No such file"),
        (["a.json", "--compare", "absent.json"], "absent.json is not usable"),
    ],
)
def test_what_cannot_be_read_or_written_is_told(
    file: Path, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(file.parent)
    assert cli.main(["matrix", *arguments]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["a", "--json", "--html"], ["a", "--junit", "--compare", "b"]])
def test_a_wrong_command_line_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["matrix", *arguments])
    assert left.value.code == 2
    assert "usage: exdev matrix" in capsys.readouterr().err
