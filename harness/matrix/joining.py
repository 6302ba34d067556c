"""Several matrices as one: shards side by side, equal results once, contradicting ones flaky; pure."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from harness.matrix.cells import DRAWN, SEVERITY, Result
from harness.matrix.matrix import INCOMPLETE, Matrix

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.matrix.cells import State
    from harness.matrix.shards import Shard

# Nothing was tried: what another machine could do, or another release does, does not contradict it.
_SILENT: Final[frozenset[State]] = frozenset({"not applicable", "not run"})
# The instance that stands for all of a shard that told nothing: the directory of the scenarios.
LOST: Final = "scenarios"
_STORY: Final = "Its job ended before pytest saved anything (provisioning, timeout, machine): see the job's log."


def join(files: Sequence[tuple[str, Matrix]]) -> Matrix:
    """One matrix of all.

    The same instance with two verdicts (one broke a promise, the other kept it) is `flaky`: it fails, and says which
    file says what. Instances that one file has run and another one could not are those that were run.

    Args:
        files: each with its name.
    """
    found: dict[tuple[str, ...], list[tuple[str, Result]]] = {}
    for name, matrix in files:
        for result in matrix.results:
            found.setdefault(result.identity, []).append((name, result))
    return Matrix(
        results=tuple(map(_one, found.values())),
        about=_about([matrix for _, matrix in files]),
        layouts={name: shown for _, matrix in files for name, shown in matrix.layouts.items()},
    )


def lost(planned: Mapping[str, Shard], files: Sequence[tuple[str, Matrix]]) -> Matrix:
    """An error for each installer on each layout of every shard that gave no results: what is missing is no success.

    Args:
        planned: the shards by name.
        files: each with its name; that of a shard is `NAME.json`, in any directory. One without results is none.
    """
    told = {PurePath(name).stem for name, matrix in files if matrix.results}
    silent = {f"shard {name} gave no results": shard for name, shard in planned.items() if name not in told}
    return Matrix(
        results=tuple(
            _hole(why, installer, layout)
            for why, shard in silent.items()
            for installer, layout in product(shard.installers, shard.layouts)
        ),
        about={INCOMPLETE: "; ".join(silent)} if silent else {},
    )


def _hole(why: str, installer: str, layout: str) -> Result:
    return Result(
        scenario=LOST,
        layout=layout,
        link_mode=DRAWN,  # any: which of them this installer has is not known here
        installer=installer,
        state="error",
        why=(why,),
        instance=LOST,
        story=_STORY,
    )


def _one(told: list[tuple[str, Result]]) -> Result:
    """Of one instance's results what all of them together come to."""
    spoken = [(name, result) for name, result in told if result.state not in _SILENT] or told
    _, worst = min(spoken, key=lambda one: SEVERITY.index(one[1].state))
    if len({result.state for _, result in spoken}) > 1 and worst.state not in _SILENT:
        return replace(worst, state="flaky", why=tuple(dict.fromkeys(map(_verdict, spoken))))
    every = (why for _, result in spoken if result.state == worst.state for why in result.why)
    return replace(worst, why=tuple(dict.fromkeys(every)), seconds=max(result.seconds for _, result in spoken))


def _verdict(told: tuple[str, Result]) -> str:
    name, result = told
    return f"{result.state} in {name}" + (f" ({', '.join(result.why)})" if result.why else "")


def _about(matrices: Sequence[Matrix]) -> dict[str, str]:
    """Of each fact every value that differs."""
    names = dict.fromkeys(name for matrix in matrices for name in matrix.about)
    values = {name: dict.fromkeys(one.about[name] for one in matrices if name in one.about) for name in names}
    return {name: ", ".join(several) for name, several in values.items()}
