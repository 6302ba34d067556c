"""The reference core keeps every promise in memory, in sequences wider than any scenario has; more by command."""

from __future__ import annotations

import pytest

from harness.tests.reference.__main__ import collect


@pytest.mark.parametrize("number", range(4))
def test_the_core_keeps_every_promise_in_any_sequence(number: int) -> None:
    count, found = collect(examples=60, number=number)
    assert count > 45
    assert [one.text for one in found] == []
