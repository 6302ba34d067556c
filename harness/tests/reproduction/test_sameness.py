"""Tests of comparing runs: drawn names do not make two of one, and nothing else is overlooked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.model import Evidence, Violation
from harness.reproduction.sameness import same, told
from harness.run import Verdict

if TYPE_CHECKING:
    from harness.model import Case


def _violation(path: str) -> Violation:
    return Violation(contract="no-debris", path=path, expected="nothing", found="a file", step=0)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("purelib/nvidia/.tmprNTYJ2", "purelib/nvidia/.tmpx0aB9c"),
        ("temporary/tmpab3_9xyz", "temporary/tmpzzzzzzz1"),
        ("temporary/pip-unpack-0nm3k_aa/x", "temporary/pip-unpack-qqqqqqqq/x"),
        ("cache/archive-v0/JKcmord-StKYiPIT/a", "cache/archive-v0/eSmTx7phq-OjcCUe/a"),
    ],
)
def test_a_drawn_name_is_the_same_as_any_other(one: str, other: str) -> None:
    assert told(_violation(one)) == told(_violation(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("purelib/nvidia/__init__.py", "purelib/nvidia/cublas.py"),
        ("purelib/.tmpfiles_of_a", "purelib/.tmpfiles_of_b"),
        ("purelib/tmp/a", "purelib/tmp/b"),
        ("purelib/.tmprNTYJ2/a", "purelib/.tmprNTYJ2/b"),
    ],
)
def test_other_names_make_a_difference(one: str, other: str) -> None:
    assert told(_violation(one)) != told(_violation(other))


def test_bytecode_is_the_same_whatever_its_digest_and_sources_are_not() -> None:
    def found(path: str, digest: str) -> Violation:
        return Violation(contract="no-debris", path=path, expected="nothing", found=f"a file, sha256 {digest}", step=0)

    bytecode, source = "purelib/a/__pycache__/b.cpython-311.pyc", "purelib/a/b.py"
    assert told(found(bytecode, "ae65c842")) == told(found(bytecode, "00000000"))
    assert told(found(source, "ae65c842")) != told(found(source, "00000000"))


def test_who_gives_no_order_may_break_a_promise_with_either_of_two_wheels(case: Case) -> None:
    def ran(path: str, *, ordered: bool, step: int = 0) -> Verdict:
        violation = replace(_violation(path), step=step)
        return Verdict(case=case, evidence=Evidence(case=case, steps=(), ordered=ordered), violations=(violation,))

    assert same(ran("purelib/a", ordered=False), ran("purelib/b", ordered=False))
    assert not same(ran("purelib/a", ordered=True), ran("purelib/b", ordered=True))
    assert not same(ran("purelib/a", ordered=False), ran("purelib/a", ordered=False, step=1))
