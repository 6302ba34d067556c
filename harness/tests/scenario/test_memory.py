"""Failures that machines remember together: found by one process, tried first by another that knows nothing of it."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis.database import InMemoryExampleDatabase

from harness.errors import MemoryUnusable
from harness.scenario.memory import GITHUB, REDIS, TOKEN, MemoryLost, UntilLost, remembering

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_plugins = ("pytester",)

# The scenario that finds uv#1513, with a note of how each example ended.
SCENARIO = """
from hypothesis import given
from hypothesis import strategies as st

from harness.model import Plan
from harness.scenario import install, scenario
from harness.strategies import directory_orders, wheel_sets


@scenario(layouts=["cross-device-cache"], link_modes=["hardlink"])
@given(data=st.data(), wheels=wheel_sets())
def test_a_shared_file_visited_first_is_not_lost(lab, data, wheels):
    order = data.draw(directory_orders(wheels))
    ended = "violated"
    try:
        lab.run(install(*wheels), plan=Plan(creation=order))
        ended = "held"
    finally:
        with open("seen", "a") as seen:
            seen.write(ended + "\\n")
"""
OPTIONS = ("--installer=specimen:uv-0.1.2", "--layout=cross-device-cache")


def redis_library() -> None:
    pytest.importorskip("redis", reason="the extra `redis` is not installed: pip install '.[redis]'")


def client(server: str) -> Any:  # noqa: ANN401 - the library may be absent where types are checked
    """Somebody else who talks to the server."""
    return importlib.import_module("redis").Redis.from_url(server)


@pytest.fixture
def server() -> Iterator[str]:
    """The URL of a Redis server of the test's own, on a socket that nobody else reaches."""
    redis_library()
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server on this machine: apt-get install redis-server")
    with tempfile.TemporaryDirectory() as directory, running(program, directory) as url:
        yield url


class running:  # noqa: N801 - reads as what it is: `with running(...)`
    """A Redis server while the block runs; it keeps nothing on a disk."""

    def __init__(self, program: str, directory: str) -> None:
        self._socket = f"{directory}/redis"
        options = ("--port", "0", "--unixsocket", self._socket, "--dir", directory, "--save", "", "--appendonly", "no")
        self._command = (program, *options)

    def __enter__(self) -> str:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        self._wait()
        return f"unix://{self._socket}"

    def _wait(self) -> None:
        ends = time.monotonic() + 20
        while not Path(self._socket).exists():
            assert self._process.poll() is None, "the server has ended"
            assert time.monotonic() < ends, "the server does not start"
            time.sleep(0.05)

    def __exit__(self, *exception: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)


def ran(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    """A run of the scenario, without a seed: that would turn every memory off."""
    pytester.plugins = []
    plugin = ("-p", "harness.scenario.plugin", "-p", "no:cacheprovider", "--import-mode=importlib", "--tb=short", "-q")
    file = pytester.makepyfile(test_shared=SCENARIO)
    return pytester.runpytest_subprocess(*plugin, f"--rootdir={pytester.path}", *OPTIONS, *options, file)


def examples(pytester: pytest.Pytester, *options: str) -> list[str]:
    """How each example ended, in turn, in a process without any memory of its own."""
    for left in (".hypothesis", ".exdev"):
        shutil.rmtree(pytester.path / left, ignore_errors=True)
    seen = pytester.path / "seen"
    seen.unlink(missing_ok=True)
    result = ran(pytester, *options)
    assert result.ret == pytest.ExitCode.TESTS_FAILED, result.stdout.str() + result.stderr.str()
    return seen.read_text().split()


def test_what_one_process_found_another_tries_first(
    pytester: pytest.Pytester, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(REDIS, server)
    finder = examples(pytester, "--hypothesis-profile=ci")
    assert finder[0] == "held"  # without memory, the failure has to be found
    told = examples(pytester, "--hypothesis-profile=ci")
    assert told[0] == "violated"
    assert len(told) < len(finder)
    # And once the memory is empty, what nobody watches draws just what it drew.
    client(server).flushall()
    assert examples(pytester, "--hypothesis-profile=ci") == finder


def test_a_server_that_is_lost_makes_no_scenario_red(server: str) -> None:
    memory = remembering({REDIS: server})
    assert memory is not None
    subprocess.run(
        [shutil.which("redis-cli") or "redis-cli", "-s", server.removeprefix("unix://"), "shutdown"], check=False
    )
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        memory.save(b"key", b"value")
        memory.save(b"key", b"other")
        assert set(memory.fetch(b"key")) == {b"value", b"other"}  # this machine's own memory goes on
        memory.delete(b"key", b"value")
        memory.delete(b"key", b"other")
    assert [warning.category for warning in told] == [MemoryLost]


class Gone(Exception):  # noqa: N818 - a stand-in for what a client library raises
    """The server is gone."""


class Failing(InMemoryExampleDatabase):
    """Fails from the second question on."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def save(self, key: bytes, value: bytes) -> None:
        self.asked += 1
        if self.asked > 1:
            raise Gone
        super().save(key, value)


def test_what_is_lost_is_not_asked_again_and_told_once() -> None:
    wrapped = Failing()
    memory = UntilLost(wrapped, (Gone,))
    memory.save(b"k", b"1")
    assert list(memory.fetch(b"k")) == [b"1"]
    with pytest.warns(MemoryLost):
        memory.save(b"k", b"2")
    memory.save(b"k", b"2")  # no warning, which would be an error here
    assert wrapped.asked == 2
    assert list(memory.fetch(b"k")) == []


def test_a_loss_is_told_and_is_no_error_where_warnings_are_errors() -> None:
    memory = UntilLost(Failing(), (Gone,))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("error")
        memory.save(b"k", b"1")
        memory.save(b"k", b"2")
    assert [warning.category for warning in told] == [MemoryLost]


def test_nothing_is_shared_where_nothing_is_named() -> None:
    assert remembering({}) is None
    assert remembering({REDIS: "", GITHUB: ""}) is None


@pytest.mark.parametrize(
    ("url", "because"),
    [
        ("unix:///nowhere/redis", "no answer from the server"),
        ("redis://user:hunter2@127.0.0.1:1/0", "no answer from the server"),
        ("http://user:hunter2@example.org", "not the URL of a Redis server"),
        ("redis://user:hunter2@127.0.0.1:1/0?nothing=like-that", "not the URL of a Redis server"),
        ("redis://user:hunter2@a..b/0", "not the URL of a Redis server"),
        ("redis://user:hunt/er2@example.org", "not the URL of a Redis server"),
        ("redis://[hunter2", "not the URL of a Redis server"),
        ("hunter2", "not the URL of a Redis server"),
    ],
)
def test_a_server_that_cannot_be_used_is_told_without_its_password(url: str, because: str) -> None:
    redis_library()
    with pytest.raises(MemoryUnusable) as caught:
        remembering({REDIS: url})
    said = str(caught.value)
    assert said.startswith(f"{REDIS}=")
    assert because in said
    assert f"unset {REDIS}" in said
    assert "hunt" not in said


def test_a_missing_library_is_told_with_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(MemoryUnusable, match=r"pip install 'exdev\[redis\]'"):
        remembering({REDIS: "redis://localhost"})


def test_a_run_stops_at_its_start_where_the_memory_is_not_there(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis_library()
    monkeypatch.setenv(REDIS, "unix:///nowhere/redis")
    result = ran(pytester)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"{REDIS}=unix:///nowhere/redis: no answer from the server" in result.stderr.str()
    assert "Traceback" not in result.stderr.str()


@pytest.mark.parametrize(
    ("environment", "because"),
    [
        ({GITHUB: "just-a-name", TOKEN: "t"}, "not OWNER/REPOSITORY"),
        ({GITHUB: "owner/../../x", TOKEN: "t"}, "not OWNER/REPOSITORY"),
        ({GITHUB: "owner/name"}, "is not set"),
    ],
)
def test_a_repository_that_cannot_be_used_is_told(environment: dict[str, str], because: str) -> None:
    with pytest.raises(MemoryUnusable, match=because):
        remembering(environment)


def test_a_failure_in_an_artifact_is_tried_first_and_nothing_is_written_there(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples(pytester, "--hypothesis-profile=dev")
    # As a workflow uploads it: the zipped directory of one machine's database, fetched less than a day ago.
    when = datetime.now(UTC).isoformat().replace(":", "_")
    artifact = pytester.path / f"{when}.zip"
    with zipfile.ZipFile(artifact, "x") as archive:
        for file in (pytester.path / ".hypothesis" / "examples").rglob("*"):
            archive.write(file, file.relative_to(pytester.path / ".hypothesis" / "examples"))
    fetched = artifact.read_bytes()
    monkeypatch.setenv(GITHUB, "owner/name")
    monkeypatch.setenv(TOKEN, "not a token")
    monkeypatch.setenv("HYPOTHESIS_STORAGE_DIRECTORY", str(pytester.path / "other"))
    cache = pytester.path / "other" / "github-artifacts" / "hypothesis-example-db"
    cache.mkdir(parents=True)
    shutil.copy(artifact, cache)
    assert examples(pytester, "--hypothesis-profile=dev")[0] == "violated"
    assert next(cache.iterdir()).read_bytes() == fetched
