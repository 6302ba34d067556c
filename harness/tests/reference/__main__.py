"""`python -m harness.tests.reference`: many sequences in memory, and a summary of the promises that were broken."""

from __future__ import annotations

import argparse
import collections
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.model import codec
from harness.tests.reference import sites
from harness.tests.reference.sequences import sequences
from harness.tests.second_opinion.compare import shape, smaller
from harness.tests.second_opinion.generating import each_example

if TYPE_CHECKING:
    from harness.tests.reference.sequences import Sequence

_BATCH, _BATCH_BITS = 250, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A sequence in which a promise was broken: the first one."""

    sequence: Sequence
    contract: str
    path: str
    text: str

    @property
    def cluster(self) -> tuple[str, str]:
        """What makes it one of many."""
        return self.contract, shape(self.path)


def broken(sequence: Sequence) -> Broken | None:
    """The first promise that the reference core breaks in a sequence.

    Raises:
        HarnessError: the layout cannot be had, or has no room for a wheelhouse.
    """
    fault = sequence.fault
    verdict = sites.run(sequence.case, clones=sequence.clones, fault=fault)
    # Who is refused once may try again, copy, or go round the cache: of which files the trees do not say afterwards.
    is_refused_once = fault is not None and fault.once
    violations = [
        violation
        for violation in verdict.violations
        if not (is_refused_once and violation.contract == "link-mode-honoured")
    ]
    if not violations:
        return None
    first = violations[0]
    return Broken(sequence=sequence, contract=first.contract, path=first.path, text=str(first))


def collect(*, examples: int, number: int, until: float | None = None) -> tuple[int, list[Broken]]:
    """Run so many sequences; the number of those that were run to their end, and all in which a promise was broken.

    Args:
        examples: how many.
        number: the seed.
        until: a time (`time.monotonic`) after which nothing more is begun.
    """
    found: list[Broken] = []
    count = 0
    # In batches: Hypothesis remembers all that it has drawn, and cannot be stopped in between.
    for batch, start in enumerate(range(0, examples, _BATCH)):
        if until is not None and time.monotonic() > until:
            break
        count += _run(min(_BATCH, examples - start), (number << _BATCH_BITS) + batch, found)
    return count, found


def _run(examples: int, number: int, found: list[Broken]) -> int:
    count = 0

    def judge(sequence: Sequence) -> None:
        nonlocal count
        try:
            result = broken(sequence)
        except HarnessError:
            return
        count += 1
        if result is not None:
            found.append(result)

    each_example(sequences(), judge, count=examples, number=number)
    return count


def main() -> int:
    """Exit status: 0 every promise was kept; 1 some were not."""
    parser = argparse.ArgumentParser(prog="python -m harness.tests.reference", description=__doc__)
    parser.add_argument("--examples", type=int, default=1000, help="how many sequences")
    parser.add_argument("--seed", type=int, default=0, help="the same number gives the same sequences")
    parser.add_argument("--seconds", type=float, default=None, help="begin nothing more after so long")
    parser.add_argument("--save", type=Path, default=None, help="directory for a small case of each group")
    arguments = parser.parse_args()
    started = time.monotonic()
    until = None if arguments.seconds is None else started + arguments.seconds
    count, found = collect(examples=arguments.examples, number=arguments.seed, until=until)
    rate = count / (time.monotonic() - started)
    groups: dict[tuple[str, str], list[Broken]] = collections.defaultdict(list)
    for one in found:
        groups[one.cluster].append(one)
    sys.stdout.write(f"{count} sequences, seed {arguments.seed}, {rate:.0f} a second: {len(groups)} groups\n")
    for number, (_, members) in enumerate(sorted(groups.items(), key=lambda item: -len(item[1]))):
        _tell(members, number, arguments.save)
    return 1 if groups else 0


def _tell(members: list[Broken], number: int, directory: Path | None) -> None:
    members.sort(key=lambda one: len(codec.dump_json(one.sequence.case)))
    first = members[0]
    sys.stdout.write(f"{len(members):5}  {' | '.join(first.cluster)}\n       e.g. {first.text[:300]}\n")
    if directory is None:
        sys.stdout.flush()
        return
    sequence = reduced(first)
    again = broken(sequence)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{number:02}-{first.contract}.toml"
    path.write_text(f"# {again.text if again else ''}\n# {sequence.fault}\n{codec.dump_toml(sequence.case)}", "utf-8")
    sys.stdout.write(f"       saved {path.name}, fault {sequence.fault}, clones {sequence.clones}\n")
    sys.stdout.flush()


def reduced(found: Broken) -> Sequence:
    """The smallest sequence in which the same contract is broken; what no layout can have goes first, if it can."""
    sequence = found.sequence
    for simpler in (replace(sequence, fault=None, clones=False), replace(sequence, fault=None)):
        if _breaks(simpler, found.contract):
            sequence = simpler
            break
    small = smaller(sequence.case, lambda case: _breaks(replace(sequence, case=case), found.contract))
    return replace(sequence, case=small)


def _breaks(sequence: Sequence, contract: str) -> bool:
    try:
        result = broken(sequence)
    except HarnessError:
        return False
    return result is not None and result.contract == contract


if __name__ == "__main__":
    sys.exit(main())
