"""uv#1513 is found from nothing by every seed within the default profile, and shrinks to two small wheels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.bench.search import EXAMPLES, RELEASE, SPECIMEN, Found, search
from harness.run import Runner

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory

SEEDS = range(20)


def _is_minimal(found: Found) -> bool:
    case = found.failure.verdict.case
    files = {entry.path for one in case.wheels for entry in one.entries if ".dist-info/" not in entry.path}
    return len(case.wheels) <= 2 and len(files) <= 3 and "nvidia/__init__.py" in files


@pytest.mark.parametrize("number", SEEDS)
def test_every_seed_finds_and_shrinks_it(laboratory: Laboratory, number: int) -> None:
    found = search(Runner(laboratory), SPECIMEN, number)
    assert "rename: ENOENT" in str(found.failure)
    assert _is_minimal(found)


@pytest.mark.parametrize("number", SEEDS[:2])
def test_it_is_found_in_the_release_itself(laboratory: Laboratory, number: int) -> None:
    found = search(Runner(laboratory), RELEASE, number)
    if not _is_minimal(found):
        # Which wheel comes second is by chance in uv: Hypothesis gives up shrinking where a failure fails to come back.
        found = search(Runner(laboratory), RELEASE, number)
    assert "failed to rename file from" in str(found.failure)
    assert "No such file or directory (os error 2)" in str(found.failure)
    assert _is_minimal(found)


@pytest.mark.parametrize("installer", ["reference", "uv==0.1.3"])
def test_those_that_have_it_not_survive_the_same_search(laboratory: Laboratory, installer: str) -> None:
    with pytest.raises(LookupError, match=f"not found in {installer} with seed 0, after {EXAMPLES} examples"):
        search(Runner(laboratory), installer, 0)
