"""A case in memory gives the evidence that it gives on real mounts; otherwise no verdict in memory would count."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, reject, settings

from harness.contracts import CONTRACTS
from harness.errors import LayoutUntrue
from harness.run import Runner
from harness.tests.reference import sites
from harness.tests.reference.sequences import sequences

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory
    from harness.model import Evidence, Outcome, Trees, Violation
    from harness.tests.reference.sequences import Sequence


def _without_place(outcome: Outcome, root: str) -> dict[str, Any]:
    """What an outcome says, whatever the directory that the site lies in."""

    def put(text: str) -> str:
        return text.replace(root, "")

    return {
        "exit": outcome.exit,
        "message": put(outcome.message),
        "notes": [put(note) for note in outcome.notes],
        "trace": [(one.program, one.operation, put(one.path), put(one.second), one.errno) for one in outcome.trace],
    }


def _trees(trees: Trees, root: str) -> dict[str, Any]:
    """All trees of one moment; links lead to where they lead in the site."""
    scripts = {path.rpartition("/")[2] for path in trees.environment if path.startswith("scripts/")}
    found: dict[str, Any] = {
        "records": {path: _rows(data.decode().replace(root, ""), scripts) for path, data in trees.records.items()}
    }
    for name in ("environment", "cache", "temporary", "outside"):
        for path, node in getattr(trees, name).items():
            # The place of the site may be in it.
            placed = {"size": 0, "digest": ""} if path.endswith("/RECORD") or path.startswith("scripts/") else {}
            found[f"{name}: {path}"] = node._replace(target=node.target.replace(root, ""), **placed)
    return found


def _rows(record: str, scripts: set[str]) -> list[str]:
    """The rows of a RECORD; those of scripts, whose first line names an interpreter of the site, by their paths."""
    rows = (row.partition(",") for row in record.splitlines())
    return [path if path.rpartition("/")[2] in scripts else f"{path},{rest}" for path, _, rest in rows]


def _seen(evidence: Evidence) -> dict[str, Any]:
    """All of it by what it is, so that what differs is told by name."""
    root = evidence.root
    found: dict[str, Any] = {"furniture": {path for path in evidence.furniture if not path.startswith("/")}}
    for number, one in enumerate(evidence.steps):
        parts = (_without_place(one.outcome, root), _trees(one.before, root), _trees(one.after, root))
        for name, part in zip(("outcome", "before", "after"), parts, strict=True):
            found |= {f"{number} {name} {key}": value for key, value in part.items()}
    return found | {f"sharing {path}": one for path, one in evidence.sharing.items()}


def _without_found(violations: tuple[Violation, ...]) -> list[Violation]:
    """What was found may hold the place of the site."""
    return sorted((replace(one, found="") for one in violations), key=str)


@given(sequence=sequences(faults=False))
@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_evidence_in_memory_is_that_of_real_mounts(laboratory: Laboratory, sequence: Sequence) -> None:
    case = replace(sequence.case, plan=replace(sequence.case.plan, listing=sequence.case.plan.listing or ()))
    try:
        # In memory nothing can be run.
        there = Runner(laboratory, contracts=[name for name in CONTRACTS if name != "scripts-run"]).run(case)
    except LayoutUntrue:
        # Nothing to remove, or no room for a wheelhouse: such a layout gives no evidence.
        reject()
    here = sites.run(case)
    ours, real = _seen(here.evidence), _seen(there.evidence)
    assert {key: (ours.get(key), real.get(key)) for key in ours | real if ours.get(key) != real.get(key)} == {}
    # In whatever order the two list their trees.
    assert _without_found(here.violations) == _without_found(there.violations)
