"""Tests that contracts let real installers do in ways of their own what is right: no false alarms."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.model import Outcome, SharingEvidence
from harness.model.layout import Mount
from harness.tests.contracts.cases import A, B, case, step
from harness.tests.contracts.handmade import DIRECTORY, EMPTY, broken, file, installed, link, put, seen, unpacked
from harness.wheels import wheel
from harness.wheels.make import record_row

ONE = case("plain", step("install", A.key))
COPY = replace(ONE, link_mode="copy")
SHARED = SharingEvidence(sharing="shared", possible=True)
OWN = SharingEvidence(sharing="own", possible=True)


def test_a_tree_as_the_oracle_expects_it_breaks_nothing() -> None:
    assert broken(seen(COPY, installed(A))) == {}


def test_files_that_pip_adds_and_records_are_no_violation() -> None:
    extra = {
        "nvidia_a-1.0.dist-info/INSTALLER": b"pip\n",
        "nvidia_a-1.0.dist-info/REQUESTED": b"",
        "nvidia_a-1.0.dist-info/direct_url.json": b"{}",
    }
    rows = "".join(record_row(path, content) for path, content in extra.items())
    rows += "nvidia/a/__pycache__/__init__.cpython-311.pyc,,\n"
    nodes = {f"purelib/{path}": file(content) for path, content in extra.items()}
    bytecode = {
        "purelib/nvidia/a/__pycache__": DIRECTORY,
        "purelib/nvidia/a/__pycache__/__init__.cpython-311.pyc": file(b"1"),
    }
    assert broken(seen(COPY, put(installed(A, more=rows), environment=nodes | bytecode))) == {}


def test_bytecode_that_no_record_names_is_no_violation() -> None:
    bytecode = {
        "purelib/nvidia/a/__pycache__": DIRECTORY,
        "purelib/nvidia/a/__pycache__/__init__.cpython-311.pyc": file(b"1"),
    }
    assert broken(seen(COPY, put(installed(A), environment=bytecode))) == {}


def test_empty_lock_files_of_uv_are_no_violation() -> None:
    trees = put(
        installed(A),
        environment={"data/.lock": file(b"")},
        temporary={"uv-0f3a.lock": file(b"")},
        cache={".lock": file(b""), "CACHEDIR.TAG": file(b"Signature: 8a477f597d28d172789f06886806bc55")},
    )
    assert broken(seen(COPY, trees)) == {}


def test_a_pointer_in_the_cache_may_be_rewritten() -> None:
    two = replace(COPY, steps=(step("warm", A.key), step("install", A.key)))
    warm = put(EMPTY, cache={"wheels/a.rev": file(b"1"), **unpacked(A, "archive/x")})
    after = put(installed(A), cache={**warm.cache, "wheels/a.rev": file(b"2")})
    assert broken(seen(two, warm, after)) == {}


def test_content_of_a_file_that_the_installer_made_may_differ_from_plain() -> None:
    path = "purelib/nvidia_a-1.0.dist-info/uv_cache.json"
    ours, theirs = (
        put(installed(A, more=record_row(path.partition("/")[2], content)), environment={path: file(content)})
        for content in (b'{"timestamp": 1}', b'{"timestamp": 2}')
    )
    assert broken(seen(COPY, ours, control=seen(COPY, theirs))) == {}


@pytest.mark.parametrize("name", ["tools", "Tools_Of-Mine", "tools-of-mine", "tools_of_mine"])
def test_headers_may_lie_below_any_spelling_of_the_name(name: str) -> None:
    made = wheel(name, files={f"{name.replace('-', '_')}-1.0.data/headers/t.h": b"h\n"})
    spelled = name.lower().replace("-", "_")
    row = record_row(f"../../../include/python3/{spelled}/t.h", b"h\n")
    plain = replace(COPY, wheels=(made,), steps=(step("install", made.key),))
    trees = installed(made)
    archived = {f"purelib/{made.stem}.data/headers/t.h"}
    own = f"purelib/{made.dist_info}/RECORD"
    record = (
        b"".join(line for line in trees.records[own].splitlines(keepends=True) if b".data/" not in line) + row.encode()
    )
    environment = {path: node for path, node in trees.environment.items() if path not in archived}
    environment |= {f"headers/{spelled}": DIRECTORY, f"headers/{spelled}/t.h": file(b"h\n"), own: file(record)}
    assert broken(seen(plain, replace(trees, environment=environment, records={own: record}))) == {}


def test_a_link_into_the_cache_may_pass_a_link_inside_the_cache() -> None:
    cache = {"wheels/a": link("../archive/x"), **unpacked(A, "archive/x")}
    trees = installed(A, cache=cache)
    path = "purelib/nvidia/a/data.txt"
    linked = {
        key: link(f"/site/cache/wheels/a/{key.removeprefix('purelib/')}")
        for key, node in trees.environment.items()
        if node.kind == "file" and not key.endswith("/RECORD")
    }
    assert path in linked
    assert broken(seen(replace(ONE, link_mode="symlink"), put(trees, environment=linked))) == {}


def test_records_that_a_wheel_brings_inside_speak_for_nobody() -> None:
    inner = "vendor/_vendor/other-1.0.dist-info/RECORD"
    made = wheel("vendor", files={"vendor/__init__.py": b"", inner: b"other/gone.py,sha256=abc,1\n"})
    trees = installed(made)
    records = {**trees.records, f"purelib/{inner}": b"other/gone.py,sha256=abc,1\n"}
    plain = replace(COPY, wheels=(made,), steps=(step("install", made.key),))
    assert broken(seen(plain, replace(trees, records=records))) == {}


def test_a_fallback_from_clone_to_hardlink_is_accepted_where_nothing_can_be_cloned() -> None:
    clone = replace(ONE, link_mode="clone")
    trees = installed(A, cache=unpacked(A, "archive/x"))
    shared = {path: SHARED for path in trees.environment if path.endswith(".txt")}
    assert broken(seen(clone, trees, sharing=shared)) == {}
    possible = {**shared, "purelib/nvidia/a/__init__.py": OWN}
    assert "link-mode-honoured" in broken(seen(clone, trees, sharing=possible))


def test_a_wheel_that_never_reached_the_cache_may_be_copied() -> None:
    path = "purelib/nvidia/a/__init__.py"
    cached = unpacked(A, "archive/x")
    assert "link-mode-honoured" in broken(seen(ONE, installed(A, cache=cached), sharing={path: OWN}))
    # The same content may be in the cache as another wheel's: that proves nothing.
    alone = {key: node for key, node in cached.items() if key.endswith("/a/__init__.py")}
    assert broken(seen(ONE, installed(A, cache=alone), sharing={path: OWN})) == {}


def test_what_a_bind_mount_shows_twice_is_not_written_outside() -> None:
    bound = Mount(at="{site_packages}/nvidia", type="bind", source="/elsewhere/nvidia")
    nested = replace(COPY, layout=replace(COPY.layout, mounts=(bound,)))
    trees = put(installed(A), outside={"elsewhere/nvidia/a/data.txt": file(b"data of a\n")})
    assert broken(seen(nested, trees)) == {}
    assert "outside-untouched" in broken(seen(COPY, trees))


def test_names_like_temporary_ones_may_come_from_a_wheel() -> None:
    made = wheel("odd", files={"odd/.tmp.py": b"", "odd/~backup/x.py": b""})
    plain = replace(COPY, wheels=(made,), steps=(step("install", made.key),))
    assert broken(seen(plain, installed(made, cache=unpacked(made, "archive/x")))) == {}


@pytest.mark.parametrize(
    "message",
    [
        "error: failed to hardlink file from /site/cache/x to /site/env/y: Read-only file system (os error 30)",
        "ERROR: Could not install packages due to an OSError: [Errno 30] Read-only file system: '/site/env/y'",
        "/site/env/y: link: EROFS",
    ],
)
def test_every_tools_way_to_name_an_errno_is_understood(message: str) -> None:
    refused = case("read-only-site-packages", step("install", A.key))
    assert broken(seen(refused, EMPTY, outcome=Outcome(exit=1, message=message))) == {}


def test_the_last_writers_version_of_a_shared_file_may_stay_when_it_goes() -> None:
    both = replace(COPY, wheels=(A, B), steps=(step("install", A.key, B.key), step("uninstall", B.key)))
    before, after = installed(A, B), installed(A)
    kept = {"purelib/nvidia/__init__.py": before.environment["purelib/nvidia/__init__.py"]}
    assert kept["purelib/nvidia/__init__.py"] != after.environment["purelib/nvidia/__init__.py"]
    assert broken(seen(both, before, put(after, environment=kept))) == {}


def test_a_good_wheel_may_be_installed_before_a_bad_one_is_refused() -> None:
    bad = wheel("bad", files={"bad.py": b""}, record="wrong-hash")
    two = replace(COPY, wheels=(A, bad), steps=(step("install", A.key, bad.key),))
    refusal = Outcome(exit=1, message=f"/site/wheelhouse/{bad.filename}: RECORD is untrue")
    assert broken(seen(two, installed(A), outcome=refusal)) == {}
