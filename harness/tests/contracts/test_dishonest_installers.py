"""Tests that contracts see what is wrong where no mutant is needed to show it: bad wheels, lies, failures."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from harness.contracts import CONTRACTS, judge
from harness.model import Entry, Outcome, Step
from harness.model.errnos import errnos_in
from harness.tests.contracts.cases import B2, A, B, case, step
from harness.tests.contracts.handmade import DIRECTORY, EMPTY, broken, file, installed, put, seen, unpacked
from harness.wheels import wheel
from harness.wheels.make import record_row

COPY = case("plain", step("install", A.key), link_mode="copy")
BAD = wheel("bad", files={"bad.py": b""}, record="wrong-hash")
REFUSING = replace(COPY, wheels=(BAD,), steps=(step("install", BAD.key),))
DATA = "purelib/nvidia/a/data.txt"


def test_every_contract_says_its_promise_in_a_sentence() -> None:
    assert all(contract.promise.endswith(".") and len(contract.promise.split()) > 4 for contract in CONTRACTS.values())


def test_only_the_contracts_asked_for_judge() -> None:
    evidence = seen(COPY, EMPTY)
    assert {one.contract for one in judge(evidence, ("honest-exit",))} == {"honest-exit"}


def test_a_bad_wheel_that_is_installed_breaks_honest_exit() -> None:
    assert broken(seen(REFUSING, installed(BAD)))["honest-exit"] == {f"wheelhouse/{BAD.filename}"}


def test_a_bad_wheel_that_is_installed_and_then_refused_breaks_honest_exit() -> None:
    refusal = Outcome(exit=1, message=f"/site/wheelhouse/{BAD.filename}: refused")
    assert broken(seen(REFUSING, installed(BAD), outcome=refusal))["honest-exit"] == {f"purelib/{BAD.dist_info}"}


def test_a_refusal_that_does_not_name_the_wheel_breaks_message() -> None:
    evidence = seen(REFUSING, EMPTY, outcome=Outcome(exit=1, message="invalid wheel"))
    assert broken(evidence) == {"message-names-path-and-errno": {"message"}}


TWO = replace(COPY, wheels=(A, BAD), steps=(step("install", A.key, BAD.key),))


@pytest.mark.parametrize(
    "printed",
    [
        f"Processing ./{BAD.filename}\nProcessing ./{A.filename}\nerror: a hash is wrong",
        f"error: a hash is wrong\nnot installed: {BAD.filename}",
        "Found bad 1.0\nFound nvidia-a==1.0\nerror: a hash is wrong",
        "error: a hash is wrong",
    ],
)
def test_naming_every_wheel_and_not_the_bad_one_breaks_message(printed: str) -> None:
    refusal = Outcome(exit=1, message="error: a hash is wrong", printed=printed)
    assert broken(seen(TWO, EMPTY, outcome=refusal)) == {"message-names-path-and-errno": {"message"}}


def test_a_file_of_a_refused_wheel_breaks_no_debris() -> None:
    refusal = Outcome(exit=1, message=f"{BAD.filename}: refused")
    evidence = seen(REFUSING, put(EMPTY, environment={"scripts/evil": file(b"")}), outcome=refusal)
    assert broken(evidence) == {"no-debris": {"scripts/evil"}}


def test_a_row_with_a_wrong_size_breaks_complete() -> None:
    row = record_row("nvidia/a/data.txt", b"data of a\n").replace(",10\n", ",11\n")
    assert broken(seen(COPY, installed(A, more=row))) == {"complete": {DATA}}


@pytest.mark.parametrize("size", ["-1", "ten", "9" * 5000])
def test_a_row_with_an_unreadable_size_breaks_complete(size: str) -> None:
    row = record_row("nvidia/a/data.txt", b"data of a\n").replace(",10\n", f",{size}\n")
    assert broken(seen(COPY, installed(A, more=row))) == {"complete": {DATA}}


def test_a_record_that_is_no_csv_breaks_complete() -> None:
    trees = installed(A)
    hostile = dict.fromkeys(trees.records, b'"' + b"a" * 200_000)
    assert broken(seen(COPY, replace(trees, records=hostile))).keys() == {"complete"}


def test_a_row_that_leaves_the_environment_breaks_complete() -> None:
    assert broken(seen(COPY, installed(A, more="../../../../../etc/passwd,,\n"))) == {"complete": {"/etc/passwd"}}


def test_the_old_distribution_left_beside_the_new_one_breaks_complete() -> None:
    upgrade = replace(COPY, wheels=(B, B2), steps=(step("install", B.key), step("upgrade", B2.key)))
    both = installed(B, B2)
    assert f"purelib/{B.dist_info}" in broken(seen(upgrade, installed(B), both))["complete"]


def test_content_that_came_torn_into_a_cold_cache_breaks_cache_untouched() -> None:
    cache = unpacked(A, "archive/x")
    cache["archive/x/nvidia/a/data.txt"] = file(b"data of")
    assert broken(seen(COPY, installed(A, cache=cache))) == {"cache-untouched": {"cache/archive/x/nvidia/a/data.txt"}}


def test_a_bad_wheels_true_record_that_came_untrue_into_the_cache_breaks_cache_untouched() -> None:
    linked = wheel("bad", files={"bad.py": b"", "bad/link.py": Entry("", b"../bad.py", 0o777, "symlink")})
    cache = unpacked(linked, "archive/x") | {f"archive/x/{linked.dist_info}/RECORD": file(b"bad.py,,\n")}
    refusing = replace(COPY, wheels=(linked,), steps=(step("install", linked.key),))
    refusal = Outcome(exit=1, message=f"{linked.filename}: a symbolic link")
    found = broken(seen(refusing, replace(EMPTY, cache=cache), outcome=refusal))
    assert found == {"cache-untouched": {f"cache/archive/x/{linked.dist_info}/RECORD"}}


def test_content_that_is_gone_from_the_cache_breaks_cache_untouched() -> None:
    two = replace(COPY, steps=(step("warm", A.key), step("install", A.key)))
    warm = put(EMPTY, cache=unpacked(A, "archive/x"))
    cache = {path: node for path, node in warm.cache.items() if not path.endswith("data.txt")}
    assert broken(seen(two, warm, installed(A, cache=cache))) == {
        "cache-untouched": {"cache/archive/x/nvidia/a/data.txt"}
    }


def test_data_left_unspread_in_the_library_breaks_no_debris() -> None:
    row = record_row("nvidia_a-1.0.data/data/x", b"")
    trees = put(installed(A, more=row), environment={"purelib/nvidia_a-1.0.data/data/x": file(b"")})
    trees = put(trees, environment={"purelib/nvidia_a-1.0.data": file(b"")})
    assert "purelib/nvidia_a-1.0.data" in broken(seen(COPY, trees))["no-debris"]


def test_a_failure_for_another_reason_than_the_layouts_breaks_complete() -> None:
    refused = case("read-only-site-packages", step("install", A.key))
    missing = Outcome(exit=1, message="/site/env/x: rename: ENOENT")
    assert broken(seen(refused, EMPTY, outcome=missing)).keys() == {"complete"}


@pytest.mark.parametrize(
    "one",
    [
        step("install", A.key, image=True),
        Step(action="install", wheels=(A.key,), must=True),
    ],
)
def test_a_step_that_has_to_succeed_is_not_excused_by_the_layout(one: Step) -> None:
    refused = case("read-only-site-packages", one)
    outcome = Outcome(exit=1, message="/site/env/x: link: EROFS")
    assert broken(seen(refused, EMPTY, outcome=outcome)).keys() == {"complete"}


def test_a_warm_that_adds_nothing_to_a_cache_of_other_things_breaks_honest_exit() -> None:
    seeded = put(EMPTY, cache={"interpreter-v4/3.11.msgpack": file(b"python"), ".lock": file(b"")})
    warm = replace(COPY, steps=(step("install", A.key), step("warm", B.key)), wheels=(A, B))
    first = replace(installed(A), cache=seeded.cache)
    assert broken(seen(warm, first, first)) == {"honest-exit": {"cache"}}
    locked = put(first, cache={"wheels/.lock": file(b""), "wheels": DIRECTORY})
    assert broken(seen(warm, first, locked)) == {"honest-exit": {"cache"}}


UPGRADE = replace(case("read-only-site-packages", step("install", B.key), step("upgrade", B2.key)), link_mode="copy")


@pytest.mark.parametrize(
    "told",
    [
        "",
        ": nvidia/b/data.txt",
        f": {B.dist_info}/METADATA, nvidia/b/data.txt and nvidia/b/__init__.py",
        f": {B.dist_info}",
        f": {B.dist_info} could not be removed",
    ],
)
def test_naming_some_of_what_a_failure_lost_breaks_failure_preserves(told: str) -> None:
    failed = Outcome(exit=1, message=f"/site/env/x: link: EROFS{told}")
    assert broken(seen(UPGRADE, installed(B), EMPTY, outcome=failed)) == {
        "failure-preserves": {f"purelib/{B.dist_info}"}
    }


def test_what_a_failure_lost_is_told_of_the_step_that_lost_it() -> None:
    again = replace(UPGRADE, steps=(*UPGRADE.steps, step("upgrade", B2.key)))
    failed = Outcome(exit=1, message="/site/env/x: link: EROFS")
    evidence = seen(again, installed(B), EMPTY, EMPTY, outcome=failed)
    (first, second, third) = evidence.steps
    evidence = replace(evidence, steps=(first, replace(second, outcome=failed), third))
    assert [(one.contract, one.step) for one in judge(evidence)] == [("failure-preserves", 1)]


def test_an_old_version_lost_to_a_new_one_with_holes_breaks_failure_preserves() -> None:
    holes = {path: node for path, node in installed(B2).environment.items() if not path.endswith("/b/__init__.py")}
    failed = Outcome(exit=1, message="/site/env/x: link: EROFS")
    found = broken(seen(UPGRADE, installed(B), replace(installed(B2), environment=holes), outcome=failed))
    assert found["failure-preserves"] == {f"purelib/{B.dist_info}"}
    assert found["honest-exit"] == {f"purelib/{B2.dist_info}"}


def test_an_old_version_left_with_holes_beside_the_new_one_breaks_honest_exit() -> None:
    two = replace(UPGRADE, wheels=(A, B, B2), steps=(step("install", B.key), step("upgrade", B2.key, A.key)))
    rest = {path: node for path, node in installed(B).environment.items() if B.dist_info in path}
    failed = Outcome(exit=1, message="/site/env/x: link: EROFS")
    found = broken(seen(two, installed(B), put(installed(B2), environment=rest), outcome=failed))
    assert found["honest-exit"] == {f"purelib/{B.dist_info}"}


def test_a_rerun_that_says_success_over_the_old_version_breaks_rerun_repairs() -> None:
    refused = Outcome(exit=1, message="/site/env/x: link: EROFS")
    again = replace(UPGRADE, steps=(*UPGRADE.steps, step("upgrade", B2.key, lifted=True)))
    evidence = seen(again, installed(B), installed(B), installed(B))
    first, second, third = evidence.steps
    found = broken(replace(evidence, steps=(first, replace(second, outcome=refused), third)))
    assert f"purelib/{B2.dist_info}/METADATA" in found["rerun-repairs"]
    # Of what is missing the first few will do: complete lists them all.
    assert len(found["rerun-repairs"]) <= 3 < len(found["complete"])


def test_a_lifted_step_is_not_excused_by_what_is_no_longer_in_its_way() -> None:
    lifted = case("read-only-site-packages", step("install", A.key, lifted=True))
    outcome = Outcome(exit=1, message="/site/env/x: link: EROFS")
    assert broken(seen(lifted, EMPTY, outcome=outcome)).keys() == {"complete"}


def test_messages_name_errnos_by_name_by_number_and_in_words() -> None:
    assert errnos_in("x: link: EXDEV") == {18}
    assert errnos_in("Invalid cross-device link (os error 18)") == {18}
    assert errnos_in("[Errno 28] No space left on device") == {28}
    assert errnos_in("EXDEVICE, errnos and other words") == frozenset()
    assert errnos_in("No such device or address") == {6}
    assert errnos_in("error: x: is a directory") == {21}


@pytest.mark.parametrize(
    "words",
    ["'x' is a directory, expected a file", "if the file exists", "no such process-wide lock", "file existsy"],
)
def test_words_that_anybody_uses_are_no_errno(words: str) -> None:
    assert errnos_in(words) == frozenset()


def test_bytecode_whose_module_was_removed_breaks_no_debris() -> None:
    two = replace(COPY, steps=(*COPY.steps, step("uninstall", A.key)))
    own, others = (
        f"purelib/nvidia/a/__pycache__/__init__.{tag}.pyc" for tag in (sys.implementation.cache_tag, "pypy39")
    )
    compiled = {own: file(b"1"), others: file(b"2"), own.rpartition("/")[0]: DIRECTORY}
    with_bytecode = put(installed(A), environment=compiled)
    left = put(EMPTY, environment={**compiled, "purelib/nvidia/a": DIRECTORY, "purelib/nvidia": DIRECTORY})
    assert broken(seen(two, with_bytecode, left)) == {"no-debris": {own}}
    assert broken(seen(COPY, with_bytecode)) == {}


def test_what_is_left_in_the_home_directory_breaks_outside_untouched() -> None:
    evidence = seen(COPY, installed(A))
    left = replace(evidence.steps[0], home={".tool/log": file(b"")})
    assert broken(replace(evidence, steps=(left,))) == {"outside-untouched": {"home/.tool/log"}}


@pytest.mark.parametrize("name", ["nvidia_a-0.9-py3.11.egg-info", "NVIDIA.a.egg-info"])
def test_legacy_metadata_of_what_was_removed_breaks_complete(name: str) -> None:
    two = replace(COPY, steps=(*COPY.steps, step("uninstall", A.key)))
    legacy = {f"purelib/{name}": DIRECTORY, f"purelib/{name}/PKG-INFO": file(b"Name: nvidia-a\n")}
    others = {"purelib/nvidia_ab-1.0.egg-info": file(b"Name: nvidia-ab\n")}
    there, left = put(EMPTY, environment=legacy | others), put(installed(A), environment=legacy | others)
    evidence = seen(two, left, there)
    first = replace(evidence.steps[0], before=there)
    evidence = replace(evidence, steps=(first, evidence.steps[1]))
    assert broken(evidence) == {"complete": {f"purelib/{name}"}}
    refused = replace(evidence.steps[1], after=left, outcome=Outcome(exit=1, message="/site/env: EPERM"))
    assert broken(replace(evidence, steps=(first, refused))) == {}
