"""Facts: what of a verdict a few lines of Python can look for on any machine; pure.

Runs at two places tell apart what belongs to the defect from what belongs to chance or to the place: names that are
drawn, sizes of files that hold their own path.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from harness.model import ROLES
from harness.reproduction.sameness import without_drawn_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.model import Evidence, Node, ScriptEvidence, StepEvidence, Violation
    from harness.model.report import Report
    from harness.run import Verdict

# Of one promise in one step: enough to know it by, few enough to be read.
_SHOWN: Final = 5
NOTHING: Final = "nothing"
UNLIKE_RECORD: Final = "not as RECORD says"
INCOMPLETE: Final = "incomplete"
RUN: Final = "run: "
BEGINS: Final = "begins: "
# Of a path with one of these, a pattern for names that are drawn would say too much.
_GLOB: Final = frozenset("*?[")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that is to be found after a step.

    Attributes:
        step: its number, from 1.
        contract: the promise that it breaks.
        path: `role/path`, `root/path` for what lies beside the roles; with `*` where a name is drawn.
        found: how what is there begins, in the words of the script's `found`; or one of this module's constants.
        expected: what should have been there.
    """

    step: int
    contract: str
    path: str
    found: str
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a script looks for.

    Attributes:
        exits: the exit status of each step; None where it differs between runs.
        says: regular expressions that are found in what a step prints, by the step's number.
        states: what is found after the steps.
        drawn: the numbers of steps in which the installer chooses among wheels by chance: of the states of one promise
            there, one is enough.
    """

    exits: tuple[int | None, ...]
    says: Mapping[int, tuple[str, ...]]
    states: tuple[Fact, ...]
    drawn: frozenset[int]


def facts(verdicts: Sequence[Verdict], report: Report | None = None) -> Facts:
    """What all these verdicts have in common.

    Args:
        verdicts: of runs of one case that came to the same.
        report: whose signs are looked for in what is printed.
    """
    evidence = verdicts[0].evidence
    statuses = [tuple(step.outcome.exit for step in one.evidence.steps) for one in verdicts]
    exits = tuple(seen[0] if len(set(seen)) == 1 else None for seen in zip(*statuses, strict=True))
    choosing = frozenset(
        number for number, step in enumerate(evidence.steps, 1) if not evidence.ordered and len(step.step.wheels) > 1
    )
    return Facts(
        exits=exits,
        says=_says(verdicts, report, choosing),
        states=tuple(_bounded(_states(verdicts, choosing), choosing)),
        drawn=choosing,
    )


def _states(verdicts: Sequence[Verdict], choosing: frozenset[int]) -> Iterator[Fact]:
    """What every run has found; where the installer chooses, what any has."""
    every = [{(one.step, one.contract, one.path): one for one in _told(verdict)} for verdict in verdicts]
    first, *others = every
    for key, fact in first.items():
        seen = [other[key] for other in others if key in other]
        if len(seen) == len(others) and (common := _common(fact, seen)):
            yield common
    for other in others:
        yield from (fact for key, fact in other.items() if fact.step in choosing and key not in first)


def _common(fact: Fact, others: Sequence[Fact]) -> Fact | None:
    """With as much of what was found as is the same."""
    parts = fact.found.split(", ")
    for other in others:
        theirs = other.found.split(", ")
        parts = [mine for mine, its in zip(parts, theirs, strict=False) if mine == its]
    if not parts:
        return None
    return Fact(step=fact.step, contract=fact.contract, path=fact.path, found=", ".join(parts), expected=fact.expected)


def _told(verdict: Verdict) -> Iterator[Fact]:
    evidence = verdict.evidence
    choosing = not evidence.ordered
    for violation in verdict.violations:
        step = evidence.steps[violation.step]
        located = None if _GLOB & {*violation.path} else _located(violation, step, evidence)
        if located is None:
            continue
        path, node = located
        found = state(node)
        if node is not None and node.kind == "file" and "as the RECORD of " in violation.expected:
            found = UNLIKE_RECORD
        if violation.contract == "scripts-run" and violation.path in step.scripts:
            found = _script_state(step.scripts[violation.path], evidence.roots["environment"]) or found
        yield Fact(
            step=violation.step + 1,
            contract=violation.contract,
            path=without_drawn_names(path),
            found=found,
            expected=without_drawn_names(violation.expected),
        )
        if choosing and len(step.step.wheels) > 1 and violation.contract == "complete" and node is None:
            # Which of the wheels is the one that is not whole is different each time.
            yield Fact(
                step=violation.step + 1,
                contract="complete",
                path="purelib",
                found=INCOMPLETE,
                expected="everything that the wheels bring",
            )


def _located(violation: Violation, step: StepEvidence, evidence: Evidence) -> tuple[str, Node | None] | None:
    """The path as a script says it, and what was there; None: the violation is about no path."""
    role, _, rest = violation.path.partition("/")
    after = step.after
    if violation.path.startswith("/"):
        root = _root(evidence)
        key = violation.path.removeprefix(f"{root}/").lstrip("/")
        return f"root/{key}", after.outside.get(key)
    if role not in ROLES or role == "wheelhouse":
        return None
    trees = {"cache": after.cache, "temporary": after.temporary}
    if role in trees:
        return violation.path, trees[role].get(rest)
    return violation.path, after.environment.get(violation.path)


def _root(evidence: Evidence) -> str:
    """The directory that is the layout's `/`: every role lies in it, as the layout spells it."""
    role = "environment"
    return evidence.roots[role].removesuffix(evidence.case.layout.roles.path(role))


def state(node: Node | None) -> str:
    """What is at a path, as the script's own `found` says it."""
    if node is None:
        return NOTHING
    if node.kind == "symlink":
        return "symlink"
    if node.kind == "directory":
        return f"directory, mode {node.mode:04o}"
    if node.kind == "file":
        return f"file, mode {node.mode:04o}, {node.size} bytes, sha256 {node.digest[:12]}"
    return "something else"


def _script_state(script: ScriptEvidence, environment: str) -> str:
    """What a script comes to, as the script's own `script` says it; empty: nothing that tells it from a good one."""
    ran = script.ran
    if ran is not None and ran not in script.called.values():
        printed = "" if ran.output is None else f", printed {hashlib.sha256(ran.output.encode()).hexdigest()[:12]}"
        return f"{RUN}{ran.refusal or f'exit {ran.exit}{printed}'}"
    if script.in_environment is False:
        line = script.content.partition(b"\n")[0].decode(errors="replace")
        return f"{BEGINS}{line.replace(environment, '{environment}')}"
    return ""


def _bounded(states: Iterator[Fact], choosing: frozenset[int]) -> Iterator[Fact]:
    """Of each promise in each step the first few; what chance may change, last."""
    seen: dict[tuple[int, str], int] = {}
    once: set[Fact] = set()
    # Bytecode holds times, and the interpreter's version is in its name.
    for fact in sorted(states, key=lambda one: (one.step, "__pycache__" in one.path)):
        group = fact.step, fact.contract
        room = seen.get(group, 0) < _SHOWN or (fact.found == INCOMPLETE and fact.step in choosing)
        if fact not in once and room:
            once.add(fact)
            seen[group] = seen.get(group, 0) + 1
            yield fact


def _says(
    verdicts: Sequence[Verdict], report: Report | None, choosing: frozenset[int]
) -> Mapping[int, tuple[str, ...]]:
    """The patterns of the report; without one, the line with which a failing step begins its account."""
    found: dict[int, list[str]] = {}
    for pattern in dict.fromkeys(sign.message for sign in report.signs if sign.message) if report else ():
        for number, step in enumerate(verdicts[0].evidence.steps, 1):
            if re.search(pattern, step.outcome.message):
                found.setdefault(number, []).append(pattern)
    for number in range(1, len(verdicts[0].evidence.steps) + 1):
        lines = {_line(verdict, number - 1) for verdict in verdicts}
        if len(lines) == 1 and number not in found and number not in choosing and (line := lines.pop()):
            found[number] = [line]
    return {number: tuple(patterns) for number, patterns in found.items()}


def _line(verdict: Verdict, index: int) -> str:
    """The first line of what a step said when it failed, as a pattern: paths of the site may be any."""
    message = verdict.evidence.steps[index].outcome.message.strip()
    if not message or not verdict.evidence.steps[index].outcome.exit:
        return ""
    line = without_drawn_names(message.splitlines()[0]).replace(_root(verdict.evidence), "*")
    return ".*".join(re.escape(part) for part in line.split("*"))
