"""How long installers take on layouts: from saved results, else from `fixtures/durations.json`.

`python -m harness.matrix.durations FILE...` prints the table that saved results make, for that file.
"""

from __future__ import annotations

import json
import sys
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Final

from harness.data import fixtures
from harness.matrix.cells import DRAWN
from harness.matrix.file import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.matrix.cells import Result

# The most widely used tool for what nobody has measured: an installer of one's own.
_UNKNOWN: Final = "uv"
_FILE: Final = "durations.json"


def expected(
    layouts: Sequence[str], installers: Sequence[str], results: Iterable[Result] = ()
) -> Mapping[tuple[str, str], float]:
    """Seconds of each installer on each layout.

    What these results say counts, then what was measured once, for any release; then the installer's mean.

    Args:
        layouts: as a command line names them.
        installers: likewise.
        results: of earlier runs, of these or other releases.
    """
    known = {**committed(), **measured(results)}
    return {(installer, layout): _one(known, installer, layout) for installer, layout in product(installers, layouts)}


def measured(results: Iterable[Result]) -> Mapping[tuple[str, str], float]:
    """Seconds of each distribution on each layout; of several releases of one their mean.

    A scenario that draws its layout counts on none: every shard runs it.
    """
    sums: dict[tuple[str, str], dict[str, float]] = {}
    for one in results:
        if not one.drawn and one.layout != DRAWN:
            releases = sums.setdefault((_distribution(one.installer), one.layout), {})
            releases[one.installer] = releases.get(one.installer, 0.0) + one.seconds
    return {where: fmean(releases.values()) for where, releases in sums.items()}


def committed() -> Mapping[tuple[str, str], float]:
    """What was measured once, on one machine."""
    table = json.loads((fixtures() / _FILE).read_text(encoding="utf-8"))["seconds"]
    return {(installer, layout): taken for installer, layouts in table.items() for layout, taken in layouts.items()}


def _one(known: Mapping[tuple[str, str], float], installer: str, layout: str) -> float:
    name = _distribution(installer)
    if all(other != name for other, _ in known):
        name = _UNKNOWN
    mine = {place: taken for (other, place), taken in known.items() if other == name}
    return mine.get(layout, fmean(mine.values()))


def _distribution(installer: str) -> str:
    return installer.partition("==")[0]


def main(files: Sequence[str]) -> None:
    """Print the table of these files, for `fixtures/durations.json`."""
    matrices = [read(Path(file)) for file in files]
    table: dict[str, dict[str, float]] = {}
    for (installer, layout), taken in sorted(measured(one for each in matrices for one in each.results).items()):
        table.setdefault(installer, {})[layout] = round(taken, 1)
    about = "Seconds that all scenarios of one installer take on one layout, summed."
    sys.stdout.write(json.dumps({"about": about, "seconds": table}, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
