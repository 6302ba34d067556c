"""Workflows, tox and the code have the same axes, and every command that a workflow runs exists."""

from __future__ import annotations

import configparser
import fnmatch
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

from harness import cli
from harness.installers.registry import RELEASED
from harness.kernel import refusal
from harness.matrix import dump, parse
from harness.matrix.github import strategy
from harness.scenario.reporting import FAILURES, KNOWN_CASES
from harness.tests.matrix.made import matrix, result
from harness.tests.projects import ran

yaml = pytest.importorskip("yaml", reason="the extra `test` is not installed: pip install '.[test]'")

ROOT: Final = Path(__file__).resolve().parents[2]
DIRECTORY: Final = ROOT / ".github" / "workflows"
WORKFLOWS: Final = ("ci.yml", "installer.yml")
# What the shell makes of the variables that steps use.
WORDS: Final = {
    "$INSTALLERS": "--installer uv --installer pip",
    "$LAYOUTS": "--layout plain --shard plain",
    "$STRICT": "--strict-known",
    "$RELEASES": "uv==0.1.2 pip",
    '"$SHARDS"': "4",
    '"$INSTALLER"': "uv",
    '"results/$NAME.json"': "saved.json",
    '"${options[@]}"': "--layout plain --layout nested-tmpfs",
    '"$ENVIRONMENT"': "lint",
}
_COMMAND: Final = re.compile(r"(?:^|[\s(;])((?:exdev|pytest|tox|python -m pip install) [^|;)\n]*)", re.MULTILINE)


def read(name: str) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load((DIRECTORY / name).read_text(encoding="utf-8"))
    return found


def steps(name: str) -> list[dict[str, Any]]:
    return [step for job in read(name)["jobs"].values() for step in job["steps"]]


def commands(program: str) -> list[list[str]]:
    """The words behind a program's name, wherever a workflow calls it."""
    found = []
    for name in WORKFLOWS:
        for step in steps(name):
            for line in _COMMAND.findall(step.get("run", "").replace("\\\n", " ")):
                words = line.split(" >> ")[0].removesuffix("|| test").split(" # ")[0]
                for variable, meaning in WORDS.items():
                    words = words.replace(variable, meaning)
                assert "$" not in words, words
                if words.startswith(f"{program} "):
                    found.append(shlex.split(words.removeprefix(f"{program} ")))
    return found


def uploads(name: str, job: str) -> list[dict[str, Any]]:
    """The steps of a job that keep artifacts."""
    every = read(name)["jobs"][job]["steps"]
    return [one for one in every if one.get("uses", "").startswith("actions/upload-artifact@")]


def step(name: str, job: str, having: str) -> dict[str, Any]:
    """The one step of a job whose script has this text."""
    (found,) = (one for one in read(name)["jobs"][job]["steps"] if having in one.get("run", ""))
    return dict(found)


def done(script: str, directory: Path, exdev: str = 'exec "$PYTHON" -m harness.cli "$@"', **variables: str) -> int:
    """The status of a step's script as GitHub runs it, with this shell script in the place of exdev."""
    program = directory / "bin" / "exdev"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\n{exdev}\n")
    program.chmod(0o755)
    settings = {"PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHON": sys.executable, "PYTHONPATH": str(ROOT)}
    files = {one: str(directory / one) for one in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    # GitHub's documentation of `shell`: where a step names none.
    command = ["bash", "-e", "-c", script]
    return subprocess.run(command, cwd=directory, env={**settings, **files, **variables}, check=False).returncode


def tox() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "tox.ini")
    return parser


def pythons() -> list[str]:
    """The versions that the package says it runs on."""
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["classifiers"]
    return [line.rpartition(" ")[2] for line in classifiers if re.search(r":: 3\.\d+$", line)]


def test_these_are_the_workflows() -> None:
    assert sorted(path.name for path in DIRECTORY.iterdir()) == sorted(WORKFLOWS)


def test_tests_run_on_every_python_that_the_package_and_tox_name() -> None:
    job = read("ci.yml")["jobs"]["tests"]
    assert job["strategy"]["matrix"]["python"] == pythons()
    named = [name.strip() for name in tox()["tox"]["env_list"].split(",")]
    assert [name for name in named if name.startswith("py")] == [f"py{one.replace('.', '')}" for one in pythons()]


def test_every_other_word_of_ci_is_one_of_tox() -> None:
    environments = {name.strip() for name in tox()["tox"]["env_list"].split(",")}
    jobs = read("ci.yml")["jobs"]
    assert {*jobs["checks"]["strategy"]["matrix"]["environment"]} == {"lint", "type"}
    assert environments - {f"py{one.replace('.', '')}" for one in pythons()} == {"lint", "type", "reports", "scenarios"}
    assert {"reports", "scenarios"} <= {*jobs}


def test_tox_and_the_shards_have_every_installer_that_there_is() -> None:
    (section,) = (name for name in tox().sections() if name.startswith("testenv:scenarios-"))
    assert section == f"testenv:scenarios-{{{','.join(RELEASED)}}}"
    lines = tox()[section]["commands"].split("\n")[1:]
    assert lines == [f"{one}: pytest scenarios -n auto --installer {one} {{posargs}}" for one in RELEASED]
    planned = strategy(count=20)
    assert {*re.findall(r"--installer ([\w:.=-]+)", planned)} == {"reference", *RELEASED}


def test_reports_and_scenarios_are_run_by_the_commands_of_tox() -> None:
    told = shlex.split(tox()["testenv:reports"]["commands"].removesuffix("{posargs}"))
    assert told[1:] in commands("pytest")


@pytest.mark.parametrize("arguments", commands("exdev"), ids=" ".join)
def test_every_exdev_command_is_understood(arguments: list[str]) -> None:
    assert callable(cli._parser().parse_args(arguments).run)


@pytest.mark.parametrize("arguments", commands("pytest"), ids=" ".join)
def test_every_pytest_command_selects_something(arguments: list[str], tmp_path: Path) -> None:
    words = ["reference" if word in RELEASED else word for word in arguments]  # nothing is provided for this
    words = [str(tmp_path / word) if word == "saved.json" else word for word in words]
    done = ran(ROOT, "--collect-only", "-q", "-p", "no:cacheprovider", *words, "-n", "0")
    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr


def test_extras_that_are_installed_exist() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    asked = {
        extra for words in commands("python -m pip install") for extra in re.findall(r"\[(\w+)\]", " ".join(words))
    }
    assert asked
    assert asked <= {*extras}
    assert {*tox()["testenv"]["extras"].split()} <= {*extras}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_script_is_one_that_bash_understands(name: str) -> None:
    for step in steps(name):
        if "run" in step:
            subprocess.run(["bash", "-n"], input=step["run"], text=True, check=True)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_outputs_of_the_plan_are_what_the_shards_use(name: str) -> None:
    text = (DIRECTORY / name).read_text(encoding="utf-8")
    used = {*re.findall(r"\bmatrix\.(\w+)", text)} - {"environment", "python", "json", "html", "xml"}
    assert used <= {*json.loads(strategy(count=1))["include"][0]}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_nothing_of_others_gets_into_a_shell_and_no_job_has_more_rights_than_it_needs(name: str) -> None:
    workflow = read(name)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 90
        assert job.get("permissions", {}) in ({}, {"contents": "read", "actions": "read"})
    for step in steps(name):
        assert "${{" not in step.get("run", "")
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z/-]+@[0-9a-f]{40}", step["uses"])
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_pinned_action_says_which_release_it_is_and_is_pinned_once(name: str) -> None:
    pins: dict[str, set[str]] = {}
    for line in (DIRECTORY / name).read_text(encoding="utf-8").splitlines():
        if "uses:" in line:
            found = re.search(r"uses: (actions/[a-z-]+)(?:/[a-z]+)?@(\w{40} # v\d+\.\d+\.\d+)$", line)
            assert found, line
            pins.setdefault(found[1], set()).add(found[2])
    assert {action: len(several) for action, several in pins.items()} == dict.fromkeys(pins, 1)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_who_makes_namespaces_first_does_what_the_doctor_says(name: str) -> None:
    circumstances = refusal.Circumstances(seccomp=0, apparmor_restricts=1)
    advice = " ".join(refusal.explain("unshare(CLONE_NEWUSER|CLONE_NEWNS)", 1, circumstances))
    for job in read(name)["jobs"].values():
        runs = [step["run"] for step in job["steps"] if "run" in step]
        first = next(
            (number for number, text in enumerate(runs) if re.search(r"^(pytest|tox -e py)", text, re.MULTILINE)), None
        )
        if first is not None:
            settings = [text for text in runs[:first] if text.startswith("sudo sysctl ")]
            assert len(settings) == 1
            assert settings[0] in advice


def test_the_reusable_workflow_is_called_as_the_readme_says() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (sample,) = re.findall(r"<!-- workflow -->\n```yaml\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    jobs = yaml.safe_load(sample)["jobs"]
    inputs = read("installer.yml")[True]["workflow_call"]["inputs"]  # `on` is true in YAML 1.1
    called = [job for job in jobs.values() if "uses" in job]
    assert called
    for job in called:
        assert re.fullmatch(r"OWNER/exdev/\.github/workflows/installer\.yml@\w+", job["uses"])
        assert {*job["with"]} <= {*inputs}
        assert {name for name, one in inputs.items() if one.get("required")} <= {*job["with"]}


def test_ci_keeps_no_two_runs_of_one_branch_of_a_pull_request() -> None:
    assert read("ci.yml")["concurrency"]["group"] == "ci-${{ github.ref }}"


@pytest.mark.parametrize("name", WORKFLOWS)
@pytest.mark.parametrize("saved", [0, 1])
def test_a_shard_that_is_lost_is_an_error_in_all_that_is_made_of_the_results(
    name: str, saved: int, tmp_path: Path
) -> None:
    joining = step(name, "matrix", "--merge")
    assert joining["env"] == {"MATRIX": "${{ needs.plan.outputs.matrix }}"}
    planned = strategy(count=2, installer=["reference"], layout=["plain", "file-bind"])
    shards = [job["name"] for job in json.loads(planned)["include"]]
    for shard in shards[:saved]:
        (tmp_path / "results").mkdir()
        (tmp_path / "results" / f"{shard}.json").write_text(dump(matrix(result())))
    assert done(joining["run"], tmp_path, MATRIX=planned) == 0
    found = parse((tmp_path / "matrix.json").read_text(), file="matrix.json").results
    assert sorted(one.state for one in found) == ["error"] * (2 - saved) + ["pass"] * saved
    for made in ("matrix.html", "matrix.xml", "GITHUB_STEP_SUMMARY"):
        assert f"shard {shards[-1]} gave no results" in (tmp_path / made).read_text()


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_cases_that_the_page_replays_are_kept_of_every_shard_whether_it_failed_or_not(name: str) -> None:
    (cases,) = (one for one in uploads(name, "scenarios") if str(FAILURES) in one["with"]["path"])
    assert cases["with"]["path"].split() == [str(FAILURES), str(KNOWN_CASES)]
    assert cases["with"]["include-hidden-files"] is True
    assert cases["with"]["if-no-files-found"] == "ignore"
    assert cases["if"] == "${{ !cancelled() }}"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_two_artifacts_of_a_run_have_one_name(name: str) -> None:
    for job, about in read(name)["jobs"].items():
        names = [one["with"]["name"] for one in uploads(name, job)]
        assert len(names) == len({*names})
        assert all("${{ matrix.name }}" in one for one in names) or "strategy" not in about


def artifacts(directory: Path, installer: str, name: str) -> tuple[list[str], str]:
    """What a call of the reusable workflow names its artifacts, and the pattern by which it looks for results."""
    planning = step("installer.yml", "plan", "--github")
    assert planning["env"]["NAME"] == "${{ inputs.name || inputs.installer }}"
    directory.mkdir()
    settings = {"INSTALLER": installer, "LAYOUTS": "", "SHARDS": "1", "NAME": name or installer}
    assert done(planning["run"], directory, "echo {}", **settings) == 0
    printed = dict(line.split("=", 1) for line in (directory / "GITHUB_OUTPUT").read_text().splitlines())
    assert printed.keys() == read("installer.yml")["jobs"]["plan"]["outputs"].keys() == {"matrix", "name"}
    told = {"needs.plan.outputs.name": printed["name"], "matrix.name": "01-uv"}
    every = [one["with"]["name"] for job in ("scenarios", "matrix") for one in uploads("installer.yml", job)]
    (pattern,) = re.findall(r"pattern: (.+)", (DIRECTORY / "installer.yml").read_text(encoding="utf-8"))
    *names, pattern = (re.sub(r"\$\{\{ (.+?) \}\}", lambda found: told[found[1]], one) for one in (*every, pattern))
    return names, pattern


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("uv==0.13.9", ""), ("pip", "")),
        (("path:built/uv", "uv"), ("path:built/uv", "uv-main")),
        (("path:built/uv", "uv"), ("path:built/uv", "uv_01-uv")),
        (("uv", ""), ("uv", "*?\n/..$(false)")),
    ],
)
def test_two_calls_of_the_reusable_workflow_do_not_meet_each_others_artifacts(
    first: tuple[str, str], second: tuple[str, str], tmp_path: Path
) -> None:
    names, pattern = artifacts(tmp_path / "1", *first)
    others, other_pattern = artifacts(tmp_path / "2", *second)
    assert all(re.fullmatch(r"exdev-[\w.-]+", one) for one in (*names, *others))
    assert len({*names, *others}) == len(names) + len(others) == 6
    assert len(fnmatch.filter([*names, *others], pattern)) == len(fnmatch.filter(names, pattern)) == 1
    assert len(fnmatch.filter([*names, *others], other_pattern)) == len(fnmatch.filter(others, other_pattern)) == 1


@pytest.mark.parametrize("name", WORKFLOWS)
@pytest.mark.parametrize("crashing", ["--merge", "--html", "--junit", "--markdown"])
def test_a_crash_that_leaves_a_file_out_fails_the_step_and_a_failing_result_does_not(
    name: str, crashing: str, tmp_path: Path
) -> None:
    script = step(name, "matrix", "--merge")["run"]
    # Each command writes what follows --output, and ends as where a result fails: with 1, as a failing import does.
    exdev = 'case "$*" in *"$CRASHING"*) exit 1;; esac; for last; do :; done; echo made > "$last"; exit 1'
    assert done(script, tmp_path, exdev, MATRIX="{}", CRASHING=crashing) != 0
    assert done(script, tmp_path, exdev, MATRIX="{}", CRASHING="none of them") == 0
    assert (tmp_path / "GITHUB_STEP_SUMMARY").read_text().endswith("made\n")


@pytest.mark.parametrize("name", WORKFLOWS)
def test_what_could_be_made_of_the_results_is_kept_and_nothing_is_no_success(name: str) -> None:
    (kept,) = (one for one in uploads(name, "matrix") if one["with"]["path"] == "matrix.*")
    assert kept["with"]["if-no-files-found"] == "error"
    assert kept["if"] == "${{ !cancelled() }}"


@pytest.mark.parametrize(
    ("name", "job", "providing"),
    [
        ("ci.yml", "scenarios", "exdev provision"),
        ("installer.yml", "scenarios", "exdev provision"),
        ("ci.yml", "reports", "pytest scenarios"),
    ],
)
def test_releases_are_cached_as_soon_as_they_are_provided_and_not_only_where_nothing_fails(
    name: str, job: str, providing: str
) -> None:
    every = read(name)["jobs"][job]["steps"]
    used = [one.get("uses", one.get("run", "")) for one in every]
    (before,) = (number for number, text in enumerate(used) if text.startswith("actions/cache/restore@"))
    (after,) = (number for number, text in enumerate(used) if text.startswith("actions/cache/save@"))
    assert providing in used[after - 1]
    assert before < after - 1
    assert not [text for text in used if text.startswith("actions/cache@")]
    restored, saved = every[before], every[after]
    assert saved["with"]["path"] == restored["with"]["path"]
    assert saved["with"]["key"] == f"${{{{ steps.{restored['id']}.outputs.cache-primary-key }}}}"
    assert f"steps.{restored['id']}.outputs.cache-hit != 'true'" in saved["if"]
