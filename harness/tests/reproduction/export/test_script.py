"""The script as a program: red and green, by hand and as a plain user, with hostile text; it leaves nothing behind."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness import provisioning, reports
from harness.model import Case, Entry, Meddling, Step
from harness.provisioning import Release
from harness.reproduction.asked import Asked
from harness.reproduction.export.affected import Affected, Claim
from harness.reproduction.export.markdown import Machine, markdown
from harness.reproduction.export.script import script
from harness.reproduction.export.telling import tell
from harness.reproduction.save import save
from harness.wheels import wheel

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory
    from harness.reproduction.export.told import Told

RED, GREEN = Release("uv", "0.1.2"), Release("uv", "0.1.3")
WHOLE = Release("uv", "0.13.9")
HOSTILE = "x\n\x1b[31m'\"`$(touch /precious)\\\n```\nEOF\n# `id`"

pytestmark = [
    pytest.mark.skipif(
        not (provisioning.is_provided(RED) and provisioning.is_provided(GREEN)),
        reason="uv 0.1.2 and 0.1.3 are not provided; `exdev provision uv==0.1.2 uv==0.1.3`",
    ),
    pytest.mark.skipif(not shutil.which("unshare"), reason="util-linux's unshare is not installed"),
]


def program(release: Release) -> str:
    return str(provisioning.provide(release).scripts / "uv")


@cache
def told(laboratory: Laboratory) -> Told:
    return tell(asked(reports.case(reports.load("uv-1513-small"), str(RED))), laboratory)


def asked(case: Case) -> Asked:
    return Asked(file="uv-1513-small", case=case, report=reports.load("uv-1513-small"))


def run(path: Path, installer: str, *shell: str, **settings: str) -> subprocess.CompletedProcess[str]:
    temporary = path.parent / "temporary"
    temporary.mkdir(exist_ok=True)
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(temporary), "INSTALLER": installer, **settings}
    command = [*(shell or ("sh",)), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert not list(temporary.iterdir())
    return done


def written(text: str, directory: Path) -> Path:
    path = directory / "repro.sh"
    path.write_text(text)
    return path


@pytest.mark.parametrize(("release", "status", "word"), [(RED, 1, "reproduced"), (GREEN, 0, "not reproduced")])
def test_it_ends_as_the_release_deserves(
    tmp_path: Path, laboratory: Laboratory, release: Release, status: int, word: str
) -> None:
    done = run(written(script(told(laboratory)), tmp_path), program(release))
    assert (done.returncode, done.stderr, done.stdout.splitlines()[-1]) == (status, "", word)


def test_a_relative_path_is_that_of_the_caller(tmp_path: Path, laboratory: Laboratory) -> None:
    path = written(script(told(laboratory)), tmp_path)
    done = run(path, os.path.relpath(program(RED)))
    assert (done.returncode, done.stderr) == (1, "")


def test_the_one_on_the_path_is_taken_if_it_is_the_right_one(tmp_path: Path, laboratory: Laboratory) -> None:
    path = written(script(told(laboratory)), tmp_path)
    done = run(path, "", PATH=f"{os.path.dirname(program(RED))}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert program(RED) in done.stdout


def test_what_is_left_to_chance_is_tried_again(tmp_path: Path, laboratory: Laboratory) -> None:
    path = written(script(told(laboratory)), tmp_path)
    # All that an installer can write to is gone after a run; what is left in a pipe is not.
    luck = tmp_path / "luck"
    os.mkfifo(luck)
    end = os.open(luck, os.O_RDWR)
    os.write(end, f"{program(GREEN)}\n{program(GREEN)}\n{program(RED)}\n".encode())
    chancy = tmp_path / "uv"
    chancy.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && {{ echo uv 0.1.2; exit; }}\nread -r it < {luck}; exec "$it" "$@"\n'
    )
    chancy.chmod(0o755)
    done = run(path, str(chancy))
    os.close(end)
    assert (done.returncode, done.stderr, done.stdout.splitlines()[-1]) == (1, "", "reproduced")
    assert [line for line in done.stdout.splitlines() if line.startswith("run ")] == [
        "run 2 of at most 12:",
        "run 3 of at most 12:",
    ]


@pytest.mark.parametrize("installer", ["/nowhere/uv", "/bin/false"])
def test_what_is_no_installer_cannot_be_run(tmp_path: Path, laboratory: Laboratory, installer: str) -> None:
    done = run(written(script(told(laboratory)), tmp_path), installer)
    assert done.returncode == 2
    assert done.stderr == f"cannot be run: INSTALLER={installer} is no uv\n"


def test_without_namespaces_it_cannot_be_run(tmp_path: Path, laboratory: Laboratory) -> None:
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "unshare").write_text("#!/bin/sh\necho no >&2; exit 1\n")
    (bin_ / "unshare").chmod(0o755)
    done = run(written(script(told(laboratory)), tmp_path), program(RED), PATH=f"{bin_}:{os.environ['PATH']}")
    assert done.returncode == 2
    assert "this machine gives you no namespaces" in done.stderr


def test_somebody_else_creates_and_imports_in_it_as_well(tmp_path: Path, laboratory: Laboratory) -> None:
    other = wheel("other", files={"other/__init__.py": b"", "other/part.py": b"import sys\n"})
    case = told(laboratory).case
    changes = (
        Meddling(do="import", module="other.part"),
        Meddling(do="create", at="{purelib}/theirs/it's $HOME.txt", content=b"theirs\0", mode="600"),
    )
    steps = (Step(action="install", wheels=(other.key,)), replace(case.steps[0], meddled=changes))
    text = script(tell(asked(replace(case, wheels=(other, *case.wheels), steps=steps)), laboratory))
    shown = """
find "$purelib" -name "part.*.pyc" -printf "seen %f\\n" -o -name "*.txt" -printf "seen %f %m %s\\n"
if [ -e """
    done = run(written(text.replace("\nif [ -e ", shown), tmp_path), program(RED))
    assert (done.returncode, done.stderr) == (1, "")
    tag = sys.implementation.cache_tag
    assert {line for line in done.stdout.splitlines() if line.startswith("seen ")} >= {
        f"seen part.{tag}.pyc",
        "seen it's $HOME.txt 600 7",
    }
    assert "    somebody else: import other.part" in done.stdout


def test_another_release_does_its_steps_in_it_as_well(tmp_path: Path, laboratory: Laboratory) -> None:
    other = wheel("other", files={"other/__init__.py": b""})
    case = told(laboratory).case
    first = Step(action="install", wheels=(other.key,), installer=str(GREEN))
    shown = tell(asked(replace(case, wheels=(other, *case.wheels), steps=(first, *case.steps))), laboratory)
    assert f"1. install {other.key} (by {GREEN})" in script(shown)
    path = written(script(shown), tmp_path)
    done = run(path, program(RED), INSTALLER_2=program(GREEN))
    assert (done.returncode, done.stderr, done.stdout.splitlines()[-1]) == (1, "", "reproduced")
    assert f"uv {GREEN.version}: {program(GREEN)}" in done.stdout
    done = run(path, program(RED), INSTALLER_2=program(RED))
    assert (done.returncode, done.stderr) == (2, f"cannot be run: INSTALLER_2={program(RED)} is not {GREEN}\n")


# Should a script remount anything where it must not, then only in here.
APART = ("unshare", "--mount") if os.getuid() == 0 else ("unshare", "--map-root-user", "--mount")
READ_ONLY = "grep -c ' ro,' /proc/self/mountinfo"


def test_a_variable_that_is_there_already_does_not_lead_it_astray(tmp_path: Path, laboratory: Laboratory) -> None:
    path = written(script(told(laboratory)), tmp_path)
    done = run(path, program(RED), *APART, "sh", EXDEV_INSIDE="1")
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("arguments", [(), ("--inside",), ("--inside", "/nowhere")])
def test_in_the_machine_s_own_namespace_it_remounts_nothing(
    tmp_path: Path, laboratory: Laboratory, arguments: tuple[str, ...]
) -> None:
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    # One that gives no namespace, and says nothing about that.
    (bin_ / "unshare").write_text('#!/bin/sh\nwhile case $1 in -*) ;; *) break ;; esac; do shift; done; exec "$@"\n')
    (bin_ / "unshare").chmod(0o755)
    path = written(script(told(laboratory)), tmp_path)
    line = f'{READ_ONLY}; PATH="$bin:$PATH" sh "$@"; echo $?; {READ_ONLY}'
    environment = {**os.environ, "TMPDIR": str(tmp_path), "INSTALLER": program(RED), "bin": str(bin_)}
    done = subprocess.run(
        [*APART, "sh", "-c", line, "sh", str(path), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    before, *_, status, after = done.stdout.split()
    assert (status, after) == ("2", before), done.stdout
    assert done.stderr == "cannot be run: these mounts are the machine's own\n"


@pytest.mark.parametrize("shell", ["dash", "bash --posix", "busybox sh"])
def test_any_shell_will_do(tmp_path: Path, laboratory: Laboratory, shell: str) -> None:
    words = shell.split()
    if not shutil.which(words[0]):
        pytest.skip(f"{words[0]} is not installed")
    done = run(written(script(told(laboratory)), tmp_path), program(RED), *words)
    assert (done.returncode, done.stderr) == (1, "")


def test_the_machine_s_own_python_will_do(tmp_path: Path, laboratory: Laboratory) -> None:
    if not os.access("/usr/bin/python3", os.X_OK):
        pytest.skip("there is no /usr/bin/python3")
    # Neither exdev nor the harness can be found from here.
    done = run(written(script(told(laboratory)), tmp_path), program(RED), PATH="/usr/bin:/bin:/usr/sbin:/sbin")
    assert (done.returncode, done.stderr) == (1, "")


def test_a_plain_user_can_run_it(laboratory: Laboratory) -> None:
    if os.getuid() != 0 or laboratory.entered.user:
        pytest.skip("needs root, to become somebody else")
    nobody = pwd.getpwnam("nobody")
    # Where nobody may look: the releases lie in a home directory, and pytest's own are closed.
    place = Path("/var/tmp") / f"exdev-test-{os.getpid()}"  # noqa: S108 - made with exclusive create
    place.mkdir(mode=0o755)
    try:
        (place / "temporary").mkdir()
        os.chown(place / "temporary", nobody.pw_uid, nobody.pw_gid)
        shutil.copy(program(RED), place / "uv")
        path = written(script(told(laboratory)), place)
        environment = {"PATH": "/usr/bin:/bin", "TMPDIR": str(place / "temporary"), "INSTALLER": str(place / "uv")}
        done = subprocess.run(
            ["sh", path],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=(),
        )
        if "no namespaces" in done.stderr:
            pytest.skip("this machine gives plain users no namespaces")
        assert (done.returncode, done.stderr) == (1, "")
        assert not list((place / "temporary").iterdir())
    finally:
        shutil.rmtree(place)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_nothing_behind(tmp_path: Path, laboratory: Laboratory, number: signal.Signals) -> None:
    slow = tmp_path / "uv"
    slow.write_text('#!/bin/sh\n[ "$1" = --version ] && { echo uv 0.1.2; exit; }\nsleep 60\n')
    slow.chmod(0o755)
    path = written(script(told(laboratory)), tmp_path)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(temporary), "INSTALLER": str(slow)}
    with subprocess.Popen(
        ["sh", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, start_new_session=True
    ) as child:
        assert child.stdout
        while b"1. install" not in child.stdout.readline():
            pass
        time.sleep(0.2)
        os.killpg(child.pid, number)
        assert child.wait(timeout=30) in (130, 143, 128 + number)
    assert not list(temporary.iterdir())


def test_hostile_text_runs_nothing_and_ends_nothing(tmp_path: Path, laboratory: Laboratory) -> None:
    case = reports.case(reports.load("uv-1513-small"), str(RED))
    layout = replace(case.layout, about=HOSTILE)
    # Made and not installed: uv goes by chance, and the defect by the order of the others' files.
    spare = wheel("spare", files=[Entry("'\"$(touch precious)`id`\\.txt", HOSTILE.encode())])
    hostile = replace(case, layout=layout, wheels=(*case.wheels, spare))
    report = replace(reports.load("uv-1513-small"), title=HOSTILE, why=HOSTILE, url=HOSTILE)
    seen = replace(told_of(hostile, laboratory), report=report)
    text = script(seen)
    assert "\x1b" not in text
    done = run(written(text, tmp_path), program(RED))
    assert (done.returncode, done.stderr) == (1, "")
    assert not Path("/precious").exists()
    machine = Machine(kernel=HOSTILE, python=HOSTILE, user=HOSTILE)
    told_ = markdown(seen, machine, Affected(claims=(Claim(HOSTILE, (HOSTILE, HOSTILE)),)))
    told_ += markdown(seen, machine, Affected(claims=(), advice=HOSTILE))
    headings = [line for line in outside_of_fences(told_) if line.startswith("#")]
    assert len(headings) == 2
    assert "\x1b" not in told_


def told_of(case: Case, laboratory: Laboratory) -> Told:
    return tell(Asked(file="hostile", case=case), laboratory)


def outside_of_fences(text: str) -> list[str]:
    found, fence = [], ""
    for line in text.splitlines():
        ticks = line[: len(line) - len(line.lstrip("`"))]
        if fence:
            fence = "" if len(ticks) >= len(fence) and line == ticks else fence
        elif len(ticks) >= 3:
            fence = ticks
        else:
            found.append(line)
    assert not fence
    return found


def exported(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness.cli", "export", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_writes_over_nothing(tmp_path: Path) -> None:
    path = tmp_path / "repro.sh"
    done = exported("uv-1513-small", "--output", path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert path.read_text().startswith("#!/bin/sh\n")
    again = exported("uv-1513-small", "--output", path)
    assert again.returncode == 2
    assert "is there already" in again.stderr
    nowhere = exported("uv-1513-small", "--output", tmp_path / "none" / "repro.sh")
    assert nowhere.returncode == 2
    assert "cannot be written to: No such file or directory" in nowhere.stderr


def test_what_keeps_its_promises_is_not_exported() -> None:
    if not provisioning.is_provided(WHOLE):
        pytest.skip(f"{WHOLE} is not provided")
    done = exported("uv-1513-small", "--installer", str(WHOLE))
    assert (done.returncode, done.stdout) == (1, "")
    assert "uv==0.13.9 keeps every contract here" in done.stderr


def test_another_violation_is_not_told_under_the_name_of_the_report() -> None:
    done = exported("uv-1513-small", "--installer", str(GREEN))
    assert done.returncode == 0
    assert "# notes     uv==0.1.3 shows no sign of uv#1513-small: this is something else" in done.stdout
    assert "Failed to rename" not in done.stdout


def test_what_is_no_command_has_to_be_replaced_by_one(tmp_path: Path, case: Case) -> None:
    done = exported(save(case, tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "no script can be made for specimen:uv-0.1.2" in done.stderr
    assert "--installer uv==0.1.2" in done.stderr
    named = exported(save(case, tmp_path), "--installer", str(RED))
    assert (named.returncode, named.stderr) == (0, "")


def test_the_bug_report_says_all_that_a_maintainer_asks_for() -> None:
    done = exported("uv-1513-small", "--markdown")
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("Environment", "Layout", "Commands", "Expected", "Actual", "Affected", "<details>", "seen with"):
        assert word in done.stdout
