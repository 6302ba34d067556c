"""A verdict to tell of: uv#1513 on a cross-device cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.layouts import load
from harness.model import Case, Plan, Step
from harness.run import Runner
from harness.wheels import wheel

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory
    from harness.run import Verdict

WHEELS = tuple(wheel(f"nvidia-{name}", files=["nvidia/__init__.py"]) for name in "ab")


@pytest.fixture
def case() -> Case:
    """Fails with the specimen, holds with the reference core."""
    return Case(
        layout=load("cross-device-cache"),
        wheels=WHEELS,
        steps=(Step(action="install", wheels=tuple(one.key for one in WHEELS)),),
        plan=Plan(creation=("nvidia_a-1.0.dist-info", "nvidia_b-1.0.dist-info", "nvidia", "nvidia/__init__.py")),
        installer="specimen:uv-0.1.2",
    )


@pytest.fixture
def verdict(laboratory: Laboratory, case: Case) -> Verdict:
    """What became of it."""
    return Runner(laboratory).run(case)
