"""Running scenarios in a pytest of their own, away from this checkout's databases and saved failures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import harness

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

SCENARIOS = Path(harness.__file__).parents[1] / "scenarios"
_LINE = re.compile(r"^(PASSED|FAILED|ERROR) \S*::(test_\w+\[[^\s]+\])", re.MULTILINE)


def run(pytester: pytest.Pytester, *arguments: str | Path) -> pytest.RunResult:
    """Pytest with the scenarios' plugin, in a subprocess; files are named by the caller.

    The first example of every property is the same in every run, so that what is found is too.
    """
    pytester.plugins = []
    plugin = ("-p", "harness.scenario.plugin", "-p", "no:cacheprovider", "--import-mode=importlib", "--tb=short")
    where = (f"--rootdir={pytester.path}", "--hypothesis-seed=0", "-rA", "-q")
    return pytester.runpytest_subprocess(*plugin, *where, *map(str, arguments))


def outcomes(result: pytest.RunResult) -> Mapping[str, str]:
    """`PASSED`, `FAILED` or `ERROR` of every scenario instance that ran."""
    return {name: outcome for outcome, name in _LINE.findall(result.stdout.str())}
