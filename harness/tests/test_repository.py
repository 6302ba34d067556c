"""The repository tells the truth about itself: README, tox, packaging, and the order of the rooms."""

from __future__ import annotations

import ast
import configparser
import importlib.util
import itertools
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness import cli, layouts, reports, strategies
from harness.contracts import CONTRACTS
from harness.installers.registry import RELEASED
from harness.kernel import refusal
from harness.layouts.verify import verify
from harness.model import Case, Plan, Step
from harness.reproduction import describe
from harness.reproduction.save import digest
from harness.run import Runner
from harness.tests.projects import ran
from harness.tests.test_rooms import ROOMS
from harness.wheels import wheel

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = f"python3.{sys.version_info.minor}"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# The harness's own are held to the same in test_rooms.
MODULES = [ROOT / "conftest.py", *sorted((ROOT / "scenarios").rglob("*.py"))]


def blocks(language: str) -> list[str]:
    """The fenced code blocks of the README in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def marked(mark: str) -> str:
    """The fenced code block of the README behind an HTML comment."""
    found = re.search(rf"^<!-- {mark} -->\n```\w+\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert found, mark
    return found[1]


def commands() -> list[list[str]]:
    """Every command of the README's shell blocks, as words."""
    lines = "".join(blocks("sh")).replace("\\\n", " ").splitlines()
    words = [shlex.split(line, comments=True) for line in lines]
    parts = [itertools.groupby(line, lambda word: word == "&&") for line in words]
    return [list(part) for line in parts for joins, part in line if not joins]


def called(program: str) -> list[list[str]]:
    """The arguments with which the README calls a program, by its bare name or in the environment it has made."""
    return [words[1:] for words in commands() if words[0].removeprefix(".venv/bin/") == program]


def tables() -> dict[str, list[list[str]]]:
    """The README's tables: the cells of each row, by the head of their first column."""
    found: dict[str, list[list[str]]] = {}
    for table in re.findall(r"(?:^\|.*\|\n)+", README, re.MULTILINE):
        head, _, *rows = ([cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines())
        found[head[0]] = rows
    return found


def named(cell: str) -> list[str]:
    """What a cell of a table names as code."""
    return re.findall(r"`([^`]+)`", cell)


def test_only_commands_that_are_tried_here_stand_in_the_readme() -> None:
    programs = {words[0].removeprefix(".venv/bin/") for words in commands()}
    assert programs == {"python3", "pip", "pytest", "exdev", "sh", "tox", ".ci/run"}


@pytest.mark.parametrize("name", ["scenarios", "reports", "tests"])
def test_the_first_commands_set_up_everything_in_one_line(name: str) -> None:
    environment, package, run = marked(f"command: {name}").strip().split(" && ")
    assert environment == "python3 -m venv .venv"
    assert package == ".venv/bin/pip install --quiet --editable ."
    assert run.startswith(".venv/bin/pytest ")
    assert run.endswith("-n auto")


@pytest.mark.parametrize("arguments", called("pytest"), ids=" ".join)
def test_every_pytest_command_selects_something(arguments: list[str], tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(marked("layout"))
    words = [str(mine) if word == "path/to/mine.toml" else word for word in arguments]
    # Collected by one process, whatever the command says: `-n` is given again, and the last one counts.
    done = ran(ROOT, "--collect-only", "-q", "-p", "no:cacheprovider", *words, "-n", "0")
    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr


@pytest.mark.parametrize("arguments", called("exdev"), ids=" ".join)
def test_every_exdev_command_is_understood(arguments: list[str]) -> None:
    assert callable(cli._parser().parse_args(arguments).run)


def test_the_report_in_the_readme_is_the_one_in_the_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "report.toml"
    path.write_text(marked("report"))
    assert reports.load(path) in map(reports.load, reports.names())


def test_every_defect_that_is_not_fixed_is_listed_with_the_command_that_shows_it() -> None:
    listed = re.findall(
        r"^\| `exdev replay ([\w-]+)` \|", (ROOT / "scenarios" / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(listed) == sorted(name for name in reports.names() if reports.load(name).status != "fixed")


def test_no_report_is_both_here_and_said_not_to_be() -> None:
    absent = (ROOT / "fixtures" / "reports" / "README.md").read_text(encoding="utf-8")
    first = [line.split("|")[1] for line in absent.splitlines() if line.startswith("| [")]
    present = {reports.load(name).url for name in reports.names() if reports.load(name).url.startswith("https")}
    assert [cell for cell in first if any(f"({url})" in cell for url in present)] == []


def test_the_installers_of_the_readme_are_those_that_there_are() -> None:
    told = [name for row in tables()["installer"] for name in named(row[0])]
    assert [name for name in told if "==" not in name] == [*RELEASED]


def test_programs_named_in_the_text_exist() -> None:
    modules = set(re.findall(r"`python -m ([\w.]+)`", README))
    assert modules == {"harness.bench"}
    assert all(importlib.util.find_spec(name) for name in modules)
    for words in re.findall(r"`exdev ([^`]+)`", README):
        assert callable(cli._parser().parse_args(shlex.split(words)).run)


def test_settings_of_machines_are_those_that_the_doctor_names() -> None:
    advice = " ".join(
        part
        for number in (1, 28)
        for seccomp, restricts in ((2, None), (0, 1))
        for part in refusal.explain(
            "unshare(CLONE_NEWUSER|CLONE_NEWNS)",
            number,
            refusal.Circumstances(seccomp=seccomp, apparmor_restricts=restricts),
        )
    )
    said = re.findall(r"`(sudo [^`]+|docker run [^`]+|--cap-add [^`]+)`", README.replace("\n", " "))
    assert len(said) == 3
    assert all(" ".join(words.split()) in advice for words in said)


def test_every_tox_environment_named_exists() -> None:
    asked = [name for words in called("tox") for name in ",".join(words).removeprefix("-e,").split(",") if name]
    assert asked
    assert set(asked) <= set(tox_environments())
    assert f"tox                  # {', '.join(tox_environments())};" in README


def test_the_tables_list_every_layout_and_contract() -> None:
    listed = [name for row in tables()["the matter"] for name in named(row[1])]
    assert sorted(listed) == list(layouts.names())
    promises = [(named(name)[0], promise) for name, promise in tables()["contract"]]
    assert promises == [(one.name, one.promise) for one in CONTRACTS.values()]


def test_every_strategy_is_in_the_readme_under_its_own_name() -> None:
    functions = {name for name in strategies.__all__ if name.islower()}
    assert functions <= set(re.findall(r"\b\w+\b", README))


def test_the_sample_layout_is_built_and_is_what_it_says(tmp_path: Path, laboratory: Laboratory) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(marked("layout"))
    layout = layouts.load(mine)
    assert layout.facts
    verify(layout, laboratory=laboratory)


def sample_case() -> Case:
    """The case behind the sample failure: its two wheels, and its order with the files that it leaves unsaid."""
    wheels = tuple(wheel(f"nvidia-{name}", "1.0", {"nvidia/__init__.py": b""}) for name in ("cublas", "cusolver"))
    order = re.findall(r"created in this order +(.*)\n", marked("sample"))[0].split(", ")
    files = ("METADATA", "WHEEL", "RECORD")
    unsaid = {one.dist_info: [f"{one.dist_info}/{name}" for name in files] for one in wheels}
    return Case(
        layout=layouts.load("cross-device-cache"),
        wheels=wheels,
        steps=(Step(action="install", wheels=tuple(one.key for one in wheels)),),
        plan=Plan(creation=tuple(path for entry in order for path in (entry, *unsaid.get(entry, ())))),
        installer="specimen:uv-0.1.2",
    )


def test_the_sample_failure_is_what_its_case_comes_to(laboratory: Laboratory) -> None:
    told = describe(Runner(laboratory).run(sample_case()), replay="any").replace(PYTHON, "python3.11").splitlines()
    # How much was shrunk, and where it was saved, is of the run that found it.
    shown = [line for line in marked("sample").splitlines() if "(shrunk from" not in line and "replay  " not in line]
    assert shown == [line for line in told if "replay  " not in line]


def test_the_sample_commands_replay_the_sample_case() -> None:
    # The sessions' own are in test_sessions.
    text = re.sub(r"^<!-- session: .*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
    names = re.findall(r"exdev replay \.exdev/failures/(\w+)\.toml", text)
    assert len(names) > 3
    assert set(names) == {digest(sample_case())}


def test_the_sample_project_passes(tmp_path: Path) -> None:
    if importlib.util.find_spec("pip") is None:
        pytest.skip("this environment has no pip, which the sample puts to the test")
    (tmp_path / "test_storage.py").write_text(marked("project"))
    (tmp_path / "pytest.ini").write_text(marked("setting"))
    done = ran(tmp_path)
    assert " 3 passed " in done.stdout, done.stdout


def test_the_sample_scenario_holds(tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text(marked("scenario"))
    # The second has too little space for an upgrade that must succeed: the sample leaves it out.
    choice = ["--layout", "cross-device-cache", "--layout", "few-inodes", "--link-mode", "hardlink"]
    done = ran(tmp_path, "-p", "harness.scenario.plugin", *choice)
    assert " 1 passed " in done.stdout, done.stdout


def tox_environments() -> list[str]:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "tox.ini")
    return [name.strip() for name in parser["tox"]["env_list"].split(",")]


def test_tox_classifiers_and_metadata_name_the_same_pythons() -> None:
    project = PYPROJECT["project"]
    prefix = "Programming Language :: Python :: 3."
    minors = [int(line.removeprefix(prefix)) for line in project["classifiers"] if line.startswith(prefix)]
    assert project["requires-python"] == f">=3.{minors[0]}"
    assert [name for name in tox_environments() if name.startswith("py")] == [f"py3{minor}" for minor in minors]
    assert PYPROJECT["tool"]["mypy"]["python_version"] == f"3.{minors[0]}"
    assert PYPROJECT["tool"]["ruff"]["target-version"] == f"py3{minors[0]}"
    assert f"Python 3.{minors[0]} or newer" in README


def test_the_continuous_run_takes_its_commands_from_the_readme() -> None:
    script = ROOT / ".ci" / "run"
    listing = script.read_text(encoding="utf-8")
    function = listing[listing.index("readme() {") : listing.index("\n}\n", listing.index("readme() {")) + 3]
    for name in ("scenarios", "tests"):
        command = ["bash", "-euo", "pipefail", "-c", f"{function}readme {name}"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout == marked(f"command: {name}")
    missing = subprocess.run([*command[:-1], f"{function}readme nothing"], cwd=ROOT, capture_output=True, check=False)
    assert missing.returncode == 1


def test_every_module_says_its_job_in_its_first_line() -> None:
    first = {path: (ast.get_docstring(ast.parse(path.read_bytes())) or "").partition("\n")[0] for path in MODULES}
    assert [str(path) for path, line in first.items() if not line.endswith((".", ":"))] == []


def test_the_house_is_described_room_by_room_from_the_top() -> None:
    described = [name.rstrip("/").removesuffix(".py") for row in tables()["room"] for name in named(row[0])]
    assert described == [room for room in ROOMS if room not in {"output", "data", "printable", "errors"}]
