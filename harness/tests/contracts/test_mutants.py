"""Tests that every contract rejects an installer that is wrong, for what it does wrong, and accepts the right one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from harness.contracts import CONTRACTS
from harness.run import Runner
from harness.tests.contracts.mutants import MUTANTS, Mutant

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory

_ALL = [
    pytest.param(contract, mutant, id=f"{contract}: {mutant.about}")
    for contract, mutants in MUTANTS.items()
    for mutant in mutants
]


def test_every_contract_has_a_mutant_and_every_mutant_a_contract() -> None:
    assert set(CONTRACTS) == set(MUTANTS)
    assert all(MUTANTS.values())


@pytest.mark.parametrize(("contract", "mutant"), _ALL)
def test_a_mutant_is_rejected_by_its_contract_at_the_right_path(
    laboratory: Laboratory, contract: str, mutant: Mutant
) -> None:
    verdict = Runner(laboratory, find=lambda _: mutant.installer).run(mutant.case)
    # The name of a wheel's directory in the cache ends in a digest of the archive.
    paths = {
        re.sub(r"/(\w+)-1\.0-[0-9a-f]{16}/", r"/{\1}/", one.path)
        for one in verdict.violations
        if one.contract == contract
    }
    assert mutant.path in paths
    assert {one.contract for one in verdict.violations} == {contract, *mutant.also}


@pytest.mark.parametrize(("contract", "mutant"), _ALL)
def test_the_reference_core_is_accepted_where_a_mutant_is_rejected(
    laboratory: Laboratory, contract: str, mutant: Mutant
) -> None:
    verdict = Runner(laboratory).run(mutant.case)
    assert verdict.holds, f"{contract}: {verdict.violations}"
