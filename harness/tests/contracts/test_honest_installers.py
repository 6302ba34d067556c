"""Tests that contracts let real installers do in ways of their own what is right: no false alarms."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.layouts import load
from harness.model import Outcome, SharingEvidence
from harness.model.layout import Mount
from harness.run import Runner
from harness.tests.contracts.cases import B2, A, B, case, step
from harness.tests.contracts.handmade import DIRECTORY, EMPTY, broken, file, installed, link, put, seen, unpacked
from harness.wheels import wheel
from harness.wheels.make import record_row

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory

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


@pytest.mark.parametrize(
    "printed",
    [
        "Processing ./{A.filename}\nProcessing ./{bad.filename}\nerror: a hash is wrong",
        "Found nvidia-a==1.0\nFound bad (1.0)\nerror: a hash is wrong",
    ],
)
def test_a_bad_wheel_may_be_the_last_one_that_is_named_before_the_message(printed: str) -> None:
    bad = wheel("bad", files={"bad.py": b""}, record="wrong-hash")
    two = replace(COPY, wheels=(A, bad), steps=(step("install", A.key, bad.key),))
    refusal = Outcome(exit=1, message="error: a hash is wrong", printed=printed.format(A=A, bad=bad))
    assert broken(seen(two, EMPTY, outcome=refusal)) == {}


def test_a_good_wheel_may_be_installed_before_a_bad_one_is_refused() -> None:
    bad = wheel("bad", files={"bad.py": b""}, record="wrong-hash")
    two = replace(COPY, wheels=(A, bad), steps=(step("install", A.key, bad.key),))
    refusal = Outcome(exit=1, message=f"/site/wheelhouse/{bad.filename}: RECORD is untrue")
    assert broken(seen(two, installed(A), outcome=refusal)) == {}


def test_a_warm_of_what_the_cache_holds_may_add_nothing() -> None:
    twice = replace(COPY, steps=(step("warm", A.key), step("warm", A.key)))
    unlike = put(EMPTY, cache={"pool/7f": file(b"the archive, in a form of its own")})
    assert broken(seen(twice, unlike, unlike)) == {}
    other = replace(COPY, steps=(step("uninstall", A.key), step("warm", A.key)))
    known = put(installed(A), cache=unpacked(A, "archive/x"))
    assert "honest-exit" not in broken(seen(other, known, known))


def test_an_uninstall_may_fail_over_one_that_is_not_there_once_the_other_is_removed() -> None:
    two = replace(COPY, wheels=(A, B), steps=(step("install", A.key), step("uninstall", A.key, B.key)))
    failed = Outcome(exit=1, message="/site/env: nvidia-b is not installed here: ENOENT")
    assert broken(seen(two, installed(A), EMPTY, outcome=failed)) == {}


UPGRADE = replace(case("read-only-site-packages", step("install", B.key), step("upgrade", B2.key)), link_mode="copy")


def test_a_failure_may_say_what_it_has_lost() -> None:
    told = Outcome(exit=1, message=f"/site/env/x: link: EROFS; removed before: {B.dist_info}")
    assert broken(seen(UPGRADE, installed(B), EMPTY, outcome=told)) == {}
    one = {path: node for path, node in installed(B).environment.items() if not path.endswith("/b/data.txt")}
    told = replace(told, message="/site/env/x: link: EROFS. Gone: nvidia/b/data.txt.")
    lost = replace(installed(B), environment=one)
    assert "failure-preserves" not in broken(seen(UPGRADE, installed(B), lost, outcome=told))


def test_a_failure_may_keep_what_it_could_not_restore_aside_and_say_where() -> None:
    said = "ERROR: Could not restore '/site/env/lib/python3/site-packages/nvidia/' from '/site/env/~vidia'. x: EBUSY"
    told = Outcome(exit=1, message=said)
    rest = {path: node for path, node in installed(B).environment.items() if "/nvidia/" not in path}
    stashed = replace(installed(B), environment={**rest, "purelib/~vidia": DIRECTORY, "purelib/~vidia/a": file(b"")})
    assert broken(seen(UPGRADE, installed(B), stashed, outcome=told)).keys() <= {"complete"}
    silent = replace(told, message="/site/env/x: rename: EBUSY")
    assert {"failure-preserves", "no-debris"} <= broken(seen(UPGRADE, installed(B), stashed, outcome=silent)).keys()


def test_what_is_said_of_one_directory_says_nothing_of_those_beside_it() -> None:
    said = (
        "ERROR: Could not restore '/site/env/lib/python3/site-packages/nvidia/b/deep/' from '/site/env/~eep'. x: EBUSY"
    )
    told = Outcome(exit=1, message=said)
    rest = {path: node for path, node in installed(B).environment.items() if "/nvidia/" not in path}
    evidence = seen(UPGRADE, installed(B), replace(installed(B), environment=rest), outcome=told)
    assert "failure-preserves" in broken(evidence)


def test_a_failure_may_have_brought_the_new_version() -> None:
    two = replace(UPGRADE, wheels=(A, B, B2), steps=(step("install", B.key), step("upgrade", B2.key, A.key)))
    refused = Outcome(exit=1, message="/site/env/x: link: EROFS")
    assert broken(seen(two, installed(B), installed(B2), outcome=refused)) == {}


def test_a_rerun_may_say_that_it_cannot_repair() -> None:
    refused = Outcome(exit=1, message="/site/env/x: link: EROFS")
    again = replace(UPGRADE, steps=(*UPGRADE.steps, step("upgrade", B2.key, lifted=True)))
    evidence = seen(again, installed(B), installed(B), installed(B), outcome=refused)
    first, second, third = evidence.steps
    assert broken(replace(evidence, steps=(first, replace(second, outcome=refused), third))) == {}


def test_what_went_with_a_mount_is_nobodys_fault() -> None:
    steps = (step("install", A.key), step("install", A.key, lifted=True), step("uninstall", A.key))
    nested = replace(COPY, layout=load("nested-tmpfs"), steps=steps)
    whole = installed(A)
    kept = {path: node for path, node in whole.environment.items() if not path.startswith("purelib/nvidia/")}
    bare = replace(whole, environment=kept)
    evidence = seen(nested, whole, bare, EMPTY, control=seen(replace(COPY, steps=steps), whole, whole, EMPTY))
    first, second, third = evidence.steps
    evidence = replace(evidence, steps=(first, replace(second, before=bare), third))
    assert broken(evidence) == {}
    again = replace(nested, steps=(steps[0], step("reinstall", A.key, lifted=True), steps[2]))
    second = replace(evidence.steps[1], step=again.steps[1])
    assert "complete" in broken(replace(evidence, case=again, steps=(evidence.steps[0], second, third)))


def test_what_was_copied_across_a_mount_stays_a_copy_when_the_mount_goes() -> None:
    steps = (step("install", A.key), step("install", A.key, lifted=True))
    nested = replace(ONE, layout=load("nested-bind"), steps=steps)
    trees = installed(A, cache=unpacked(A, "archive/x"))
    sharing = {path: OWN for path, node in trees.environment.items() if path.startswith("purelib/nvidia/")}
    evidence = seen(nested, trees, trees, sharing=sharing)
    assert broken(evidence) == {}
    first, second = evidence.steps
    placed = replace(evidence, steps=(replace(first, after=EMPTY), replace(second, before=EMPTY)))
    assert "link-mode-honoured" in broken(placed)


SAYS = b"import sys\n\ndef main():\n    print('%s', *sys.argv[1:])\n"
FIRST, SECOND = (
    wheel(
        name,
        files={
            f"{name}.py": SAYS.replace(b"%s", name.encode()),
            f"{name}-1.0.data/scripts/both": b"#!python\nprint('x')\n",
        },
        entry_points=f"[console_scripts]\ncommon = {name}:main\n",
    )
    for name in ("first", "second")
)


def test_a_script_of_two_wheels_may_be_that_of_either(laboratory: Laboratory) -> None:
    steps = (step("install", FIRST.key, SECOND.key), step("reinstall", FIRST.key), step("uninstall", FIRST.key))
    verdict = Runner(laboratory).run(replace(case("plain"), wheels=(FIRST, SECOND), steps=steps))
    assert verdict.violations == ()
    assert [{*one.scripts} for one in verdict.evidence.steps] == [{"scripts/common", "scripts/both"}] * 3


def test_what_a_script_prints_may_be_the_time(laboratory: Laboratory) -> None:
    clock = wheel(
        "clock",
        files={"clock.py": b"import time\n\ndef main():\n    print(time.monotonic_ns())\n    return 3\n"},
        entry_points="[gui_scripts]\nclock = clock:main [extra]\n",
    )
    verdict = Runner(laboratory).run(replace(case("plain"), wheels=(clock,), steps=(step("install", clock.key),)))
    assert verdict.violations == ()
    ran = verdict.evidence.steps[0].scripts["scripts/clock"].ran
    assert (ran.exit, ran.output) == (3, None) if ran else False


def test_a_script_that_is_run_changes_nothing(laboratory: Laboratory) -> None:
    writer = wheel(
        "writer",
        files={"writer.py": b"def main():\n    open(__file__, 'a').write('#')\n"},
        entry_points="[console_scripts]\nwriter = writer:main\n",
    )
    steps = (step("install", writer.key), step("uninstall", writer.key))
    verdict = Runner(laboratory).run(replace(case("plain"), wheels=(writer,), steps=steps))
    assert verdict.violations == ()
    ran = verdict.evidence.steps[0].scripts["scripts/writer"].ran
    assert ran is not None
    assert ran.exit == 1
