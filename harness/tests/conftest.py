"""Fixtures that several rooms' tests share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from harness.kernel.laboratory import Laboratory, open_laboratory

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def laboratory() -> Iterator[Laboratory]:
    """This process' own laboratory: from its first use on, the process lives in private namespaces.

    A plain user's process then looks like root to pytest, which would ask for a temporary root that belongs to
    somebody else (`pytest-of-root`): it gets the laboratory's, unless it has chosen one before.
    """
    with open_laboratory() as opened:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = opened.temporary
        yield opened
        os.environ.pop("PYTEST_DEBUG_TEMPROOT", None)
