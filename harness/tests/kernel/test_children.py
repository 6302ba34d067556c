"""Other people's programs: what is heard of them, how they end, what ends with them, and what they cannot write to."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import NamespaceRefused
from harness.kernel import confinement, mounts
from harness.kernel.children import PRINTED_LIMIT, Command, run
from harness.kernel.laboratory import open_laboratory

if TYPE_CHECKING:
    from collections.abc import Iterator

# None of these programs needs a fraction of it.
SECONDS = 60.0
# Long enough for two interpreters to start, on a machine that does other things too.
SHORT = 4.0
ROOT = Path(__file__).parents[3]
# Of the machine: the session's own temporary directories may lie in a laboratory.
HOST_TEMPORARY = "/tmp"  # noqa: S108 - a directory of its own is made there, and removed

# Says that it lives, and lives until it is killed; who reads the pipe learns of its end by the pipe's. Where a test
# fails, it ends by itself.
LIVES = """\
import signal, sys
signal.alarm(100)
pipe = open(sys.argv[1], "w")
print(".", end="", file=pipe, flush=True)
print(".", end="", file=sys.stderr, flush=True)
signal.pause()
"""
# Starts one like that, which prints to where this does, and comes to its end once that one lives.
STARTS = f"""\
import subprocess, sys
started = subprocess.Popen([sys.executable, "-c", {LIVES!r}, sys.argv[1]], stderr=subprocess.PIPE)
started.stderr.read(1)
"""
# The same, with a session of its own for the one it starts: as daemons have it.
STARTS_APART = STARTS.replace("stderr=", "start_new_session=True, stderr=")
# Runs a program as the harness does.
RUNS = """\
import signal, sys
from harness.kernel.children import Command, run
# Who starts the tests in the background of a shell has them ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
arguments = (sys.executable, "-c", *sys.argv[1:])
try:
    run(Command(arguments=arguments, environment={}, directory="/"), seconds=60, writable=None)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.stdin.read()
"""
# The errno with which each path refuses to be written to; empty: it does not.
WRITES = """\
import errno, json, sys
said = []
for path in sys.argv[1:]:
    try:
        open(path, "a").close()
        said.append("")
    except OSError as refused:
        said.append(errno.errorcode[refused.errno])
print(json.dumps(said))
"""
# The errno with which the kernel refuses it: its root made writable, a mount namespace of its own.
TAKES_BACK = """\
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
MS_REMOUNT, MS_BIND, CLONE_NEWNS = 32, 4096, 0x20000
said = []
for status in (lambda: libc.mount(None, b"/", None, MS_REMOUNT | MS_BIND, None), lambda: libc.unshare(CLONE_NEWNS)):
    ctypes.set_errno(0)
    said.append(errno.errorcode[ctypes.get_errno()] if status() else "")
print(*said)
"""
# Prints to both of its pipes, which are as large as they can be, from four processes; ends by itself in the end.
PRINTS = """\
import fcntl, os, signal, sys
for pipe in (1, 2):
    fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 1 << 20)
os.fork()
pipe = 1 if os.fork() else 2
signal.alarm(100)
while True:
    os.write(pipe, b"x" * (1 << 19))
"""


def python(program: str, *arguments: str, directory: str = "/", **variables: str) -> Command:
    return Command(arguments=(sys.executable, "-c", program, *arguments), environment=variables, directory=directory)


@dataclass(frozen=True, slots=True)
class Pipe:
    """The reading end of a named pipe that programs hold open as long as they live."""

    path: str
    end: int

    def wait_until_held(self) -> None:
        assert self._read() == b"."

    def wait_until_let_go(self) -> None:
        while self._read():
            pass

    def _read(self) -> bytes:
        ready, _, _ = select.select([self.end], [], [], SECONDS)
        assert ready, f"nothing happened for {SECONDS} s"
        return os.read(self.end, 1)


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Pipe]:
    path = f"{tmp_path}/pipe"
    os.mkfifo(path)
    end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    yield Pipe(path, end)
    os.close(end)


def test_what_it_prints_and_its_exit_status_are_kept_apart() -> None:
    ended = run(
        python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"), seconds=SECONDS, writable=None
    )
    assert (ended.exit, ended.output, ended.errors, ended.stopped) == (3, "out\n", "err\n", False)


def test_what_a_signal_ends_has_the_exit_status_that_a_shell_gives_it() -> None:
    ended = run(
        python("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"),
        seconds=SECONDS,
        writable=None,
    )
    assert (ended.exit, ended.stopped) == (128 + signal.SIGSEGV, False)


def test_bytes_that_are_no_text_lose_nothing_around_them() -> None:
    ended = run(python("import os; os.write(1, b'a\\xffb')"), seconds=SECONDS, writable=None)
    assert ended.output == "a\N{REPLACEMENT CHARACTER}b"


def test_what_it_prints_beyond_the_limit_is_read_and_dropped() -> None:
    program = f"import sys; sys.stdout.write('x' * {3 * PRINTED_LIMIT}); sys.stderr.write('the end')"
    ended = run(python(program), seconds=SECONDS, writable=None)
    assert (ended.exit, len(ended.output), ended.errors) == (0, PRINTED_LIMIT, "the end")


def test_it_gets_what_it_is_given_and_nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_TARGET", "/nowhere")
    program = (
        "import json, os, sys; mask = os.umask(0); print(json.dumps("
        "[sorted(os.environ.items()), os.getcwd(), mask, sys.stdin.read(), os.getpid() == os.getsid(0)]))"
    )
    ended = run(python(program, directory=str(tmp_path), LC_ALL="C.UTF-8"), seconds=SECONDS, writable=None, umask=0o027)
    assert json.loads(ended.output) == [[["LC_ALL", "C.UTF-8"]], str(tmp_path), 0o027, "", True]


@pytest.mark.parametrize("pinned", [True, False])
def test_what_is_pinned_keeps_to_one_of_our_processors(pinned: bool) -> None:
    counts = replace(python("import os; print(sorted(os.sched_getaffinity(0)))"), pinned=pinned)
    ours = os.sched_getaffinity(0)
    theirs = set(json.loads(run(counts, seconds=SECONDS, writable=None).output))
    assert theirs <= ours
    assert len(theirs) == (1 if pinned else len(ours))


def test_a_program_that_is_not_there_is_an_error() -> None:
    missing = Command(arguments=("/nowhere/program",), environment={}, directory="/")
    with pytest.raises(FileNotFoundError):
        run(missing, seconds=SECONDS, writable=None)


def test_when_its_time_is_up_all_that_it_started_ends_with_it(pipe: Pipe) -> None:
    ended = run(python(f"{STARTS}\nimport signal\nsignal.pause()", pipe.path), seconds=SHORT, writable=None)
    assert (ended.exit, ended.stopped) == (128 + signal.SIGKILL, True)
    assert ended.seconds >= SHORT
    pipe.wait_until_held()
    pipe.wait_until_let_go()


def test_what_prints_for_ever_has_no_more_time_than_others() -> None:
    ended = run(python(PRINTS), seconds=1.0, writable=None)
    assert (ended.exit, ended.stopped, len(ended.output)) == (128 + signal.SIGKILL, True, PRINTED_LIMIT)


def test_what_it_leaves_running_ends_and_holds_nobody_up(pipe: Pipe) -> None:
    ended = run(python(STARTS, pipe.path), seconds=SECONDS, writable=None)
    assert (ended.exit, ended.stopped) == (0, False)
    assert ended.seconds < SECONDS
    pipe.wait_until_held()
    pipe.wait_until_let_go()


def test_it_does_not_outlive_a_harness_that_is_killed(pipe: Pipe) -> None:
    with _harness(LIVES, pipe.path) as harness:
        pipe.wait_until_held()
        harness.kill()
        pipe.wait_until_let_go()


def test_it_does_not_outlive_ctrl_c(pipe: Pipe) -> None:
    with _harness(LIVES, pipe.path) as harness:
        pipe.wait_until_held()
        harness.send_signal(signal.SIGINT)
        # The harness itself goes on here, and waits for its input to end.
        pipe.wait_until_let_go()
        assert harness.poll() is None
        output, _ = harness.communicate(timeout=SECONDS)
        assert output == b"interrupted\n"


def test_it_does_not_outlive_a_parent_that_was_gone_before_it_asked_to_end_with_it() -> None:
    # Its parent is another process than the one that it takes for its parent: so it looks to an orphan.
    orphan = "import os; from harness.kernel.confinement import _end_with; _end_with(os.getpid())"
    assert subprocess.run([sys.executable, "-c", orphan], cwd=ROOT, check=False).returncode == -signal.SIGKILL


def test_ctrl_c_between_fork_and_exec_leaves_no_process(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement, "_end_with", lambda parent: os.kill(parent, signal.SIGINT))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            run(python(LIVES, pipe.path), seconds=SECONDS, writable=None)
    finally:
        signal.signal(signal.SIGINT, before)
    me = f"/proc/{os.getpid()}/task/{threading.get_native_id()}/children"
    assert not [pid for pid in Path(me).read_text().split() if pipe.path in Path(f"/proc/{pid}/cmdline").read_text()]


def _harness(*arguments: str) -> subprocess.Popen[bytes]:
    """A process of its own that runs a program."""
    return subprocess.Popen(
        [sys.executable, "-c", RUNS, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )


def _telling(function: str, user: str, *arguments: str) -> list[str]:
    """The command that prints, as JSON, what a function of this module answers: as the same user, or as a plain one."""
    asking = f"import json, sys; from {__name__} import {function} as told; print(json.dumps(told(*sys.argv[1:])))"
    command = [sys.executable, "-c", asking, *arguments]
    return command if user == "same" else [sys.executable, "-m", "harness.tests.unprivileged", user, *command]


def refused() -> list[str]:
    """How paths refuse a program: one below the directory that it may write to, then others."""
    with ExitStack() as stack:
        lab = stack.enter_context(open_laboratory())
        site, beside, machine = (
            stack.enter_context(tempfile.TemporaryDirectory(dir=directory, prefix="exdev-"))
            for directory in (lab.sites, lab.temporary, HOST_TEMPORARY)
        )
        # The last one: the same directory of the machine, as it is to us.
        ours = f"/proc/{os.getpid()}/root{machine}"
        paths = [f"{directory}/exdev-file" for directory in (site, beside, machine, sys.prefix, "", ours)]
        ended = run(python(WRITES, *paths), seconds=SECONDS, writable=lab.sites)
        assert ended.exit == 0, ended.errors
        # What is read-only to the program is not to us.
        for path in paths[1:3]:
            Path(path).touch(exist_ok=False)
        said: list[str] = json.loads(ended.output)
        return said


@pytest.mark.parametrize("user", ["same", "plain"])
def test_it_cannot_write_to_the_machine_nor_beside_the_sites(user: str) -> None:
    done = subprocess.run(_telling("refused", user), cwd=ROOT, stdout=subprocess.PIPE, check=True)
    assert json.loads(done.stdout) == ["", *["EROFS"] * 4, "EACCES"]


@pytest.mark.parametrize("user", ["same", "plain"])
def test_it_cannot_take_back_what_protects_the_machine(user: str) -> None:
    done = subprocess.run(_telling("taken_back", user), cwd=ROOT, stdout=subprocess.PIPE, check=True)
    assert json.loads(done.stdout) == "EPERM EPERM"


def taken_back() -> str:
    """How a program is refused that wants its root writable again, and a mount namespace of its own."""
    with open_laboratory() as lab:
        ended = run(python(TAKES_BACK), seconds=SECONDS, writable=lab.sites)
        assert ended.exit == 0, ended.errors
        return ended.output.strip()


@pytest.mark.parametrize("user", ["same", "plain"])
@pytest.mark.parametrize("ending", ["by itself", "when its time is up"])
def test_what_it_leaves_running_in_another_session_has_ended_when_it_has(pipe: Pipe, user: str, ending: str) -> None:
    program = STARTS_APART if ending == "by itself" else f"{STARTS_APART}\nimport signal\nsignal.pause()"
    done = subprocess.run(
        _telling("left_running", user, program, pipe.path), cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    assert json.loads(done.stdout) == (0 if ending == "by itself" else 128 + signal.SIGKILL)


@pytest.mark.parametrize("user", ["same", "plain"])
def test_what_it_has_running_in_another_session_does_not_outlive_a_harness_that_is_killed(
    pipe: Pipe, user: str
) -> None:
    program = f"{STARTS_APART}\nimport signal\nsignal.pause()"
    with subprocess.Popen(_telling("left_running", user, program, pipe.path), cwd=ROOT) as harness:
        pipe.wait_until_held()
        harness.kill()
        pipe.wait_until_let_go()


def left_running(program: str, path: str) -> int:
    """The exit status of a program that has another one running which holds a pipe open: it must not, afterwards."""
    end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with open_laboratory() as lab:
        ended = run(python(program, path), seconds=SHORT, writable=lab.sites)
        # At once: an end of file where nobody has the pipe open, otherwise a refusal.
        assert (os.read(end, 1), os.read(end, 1)) == (b".", b""), ended.errors
    return ended.exit


@pytest.mark.parametrize("user", ["same", "plain"])
def test_outside_of_a_laboratory_too_it_writes_to_its_directory_alone(user: str, tmp_path: Path) -> None:
    own, beside = (tmp_path / name for name in ("own", "beside"))
    own.mkdir()
    beside.mkdir()
    done = subprocess.run(
        _telling("written_to", user, str(own), str(beside)), cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    assert json.loads(done.stdout) == ["", "", "EROFS", "EROFS"]


@pytest.mark.parametrize("user", ["same", "plain"])
def test_one_that_only_looks_can_write_nowhere(user: str) -> None:
    done = subprocess.run(_telling("looking", user), cwd=ROOT, stdout=subprocess.PIPE, check=True)
    assert json.loads(done.stdout) == ["EROFS", "EROFS", ""]


def looking() -> list[str]:
    """How a program that may only look is refused below the sites and on a mount there; and we are not, afterwards."""
    with ExitStack() as stack:
        lab = stack.enter_context(open_laboratory())
        mounted = f"{lab.sites}/mounted"
        os.mkdir(mounted)
        stack.enter_context(mounts.tmpfs(mounted))
        command = python(WRITES, f"{lab.sites}/file", f"{mounted}/file")
        said: list[str] = json.loads(run(command, seconds=SECONDS, writable=lab.sites, read_only=True).output)
        Path(mounted, "ours").touch()
        return [*said, ""]


def written_to(own: str, beside: str) -> list[str]:
    """How paths refuse a program outside of a laboratory: two of its directory, one of them relative, then others."""
    paths = [f"{own}/file", "other", f"{beside}/file", f"{sys.prefix}/exdev-file"]
    ended = run(python(WRITES, *paths, directory=own), seconds=SECONDS, writable=own)
    said: list[str] = json.loads(ended.output)
    return said


def test_who_may_have_no_namespaces_is_told_why_before_anything_is_run(tmp_path: Path) -> None:
    done = subprocess.run(_telling("ran", "hemmed-in", str(tmp_path)), cwd=ROOT, stdout=subprocess.PIPE, check=True)
    assert json.loads(done.stdout) == "unshare(CLONE_NEWUSER|CLONE_NEWNS): ENOSPC"
    assert list(tmp_path.iterdir()) == []


def ran(directory: str) -> str:
    """Why a program that would write to a directory is not run."""
    try:
        run(python(WRITES, f"{directory}/file"), seconds=SECONDS, writable=directory)
    except NamespaceRefused as refused:
        return str(refused).partition(".")[0]
    return ""
