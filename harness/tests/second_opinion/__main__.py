"""`python -m harness.tests.second_opinion`: many random cases, and a summary of the disagreements."""

from __future__ import annotations

import argparse
import collections
import hashlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from harness import installers
from harness.kernel.laboratory import open_laboratory
from harness.model import codec
from harness.tests.second_opinion.compare import Disagreement, disagreements, features, smaller
from harness.tests.second_opinion.generating import each_example
from harness.tests.second_opinion.reasons import reason_of
from harness.tests.second_opinion.strategies import cases

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory
    from harness.model import Case

_SAVED = 3


def collect(
    laboratory: Laboratory, *, installer: str, examples: int, number: int, until: float | None = None
) -> tuple[int, list[Disagreement]]:
    """Run so many cases; the number of those that were run, and all disagreements.

    Args:
        laboratory: where.
        installer: who.
        examples: how many.
        number: the seed.
        until: a time (`time.monotonic`) after which nothing more is run.
    """
    abilities = installers.find(installer).abilities
    found: list[Disagreement] = []
    count = 0

    def judge(case: Case) -> None:
        nonlocal count
        if until is not None and time.monotonic() > until:
            return
        count += 1
        found.extend(disagreements(case, laboratory))

    strategy = cases(installer=installer, actions=abilities.actions, link_modes=abilities.link_modes)
    each_example(strategy, judge, count=examples, number=number)
    return count, found


def main() -> int:
    """Exit status: 0 no disagreement without a reason; 1 some."""
    parser = argparse.ArgumentParser(prog="python -m harness.tests.second_opinion", description=__doc__)
    parser.add_argument("--installer", default="reference", help="who: reference, uv, pip==26.3, ...")
    parser.add_argument("--examples", type=int, default=200, help="how many cases")
    parser.add_argument("--seed", type=int, default=0, help="the same number gives the same cases")
    parser.add_argument("--seconds", type=float, default=None, help="stop after so long")
    parser.add_argument("--save", type=Path, default=None, help="directory for up to three small cases of each group")
    parser.add_argument("--both", action="store_true", help="also where both judges see something")
    arguments = parser.parse_args()
    with open_laboratory() as laboratory:
        until = None if arguments.seconds is None else time.monotonic() + arguments.seconds
        count, found = collect(
            laboratory, installer=arguments.installer, examples=arguments.examples, number=arguments.seed, until=until
        )
        groups: dict[tuple[str, ...], list[Disagreement]] = collections.defaultdict(list)
        for one in found:
            if reason_of(one) is None and (one.kind != "both" or arguments.both):
                groups[one.cluster].append(one)
        sys.stdout.write(f"{count} cases of {arguments.installer}, seed {arguments.seed}: {len(groups)} groups\n")
        for cluster, members in sorted(groups.items(), key=lambda item: (item[0][0], -len(item[1]))):
            _tell(cluster, members, laboratory, arguments.save)
    return 1 if any(cluster[0] in {"false alarm", "missed"} for cluster in groups) else 0


def _tell(
    cluster: tuple[str, ...], members: list[Disagreement], laboratory: Laboratory, directory: Path | None
) -> None:
    common = set.intersection(*(set(features(one.case)) for one in members))
    sys.stdout.write(f"{len(members):5}  {' | '.join(cluster)}\n       layouts: {', '.join(sorted(common)) or '-'}\n")
    members.sort(key=lambda one: len(codec.dump_json(one.case)))
    sys.stdout.write(f"       e.g. {members[0].text[:300]}\n")
    if directory is None or cluster[0] == "error":
        sys.stdout.flush()
        return
    directory.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(cluster[2].encode()).hexdigest()[:4]
    name = "-".join((*cluster[:2], digest)).replace(" ", "-")
    for index, member in enumerate(members[:1]):

        def still(case: Case, kind: tuple[str, ...] = cluster[:2]) -> bool:
            return any(one.cluster[:2] == kind for one in disagreements(case, laboratory))

        small = smaller(member.case, still)
        path = directory / f"{name}-{index}.toml"
        path.write_text(codec.dump_toml(small), encoding="utf-8")
        now = next(one for one in disagreements(small, laboratory) if one.cluster[:2] == cluster[:2])
        sys.stdout.write(f"       saved {path.name}: {now.text[:200]} | {', '.join(features(small)) or 'plain'}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
