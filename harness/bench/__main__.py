"""`python -m harness.bench`: measure, print a table, or `--json` for machines."""

from __future__ import annotations

import argparse
import gc
import json
import sys
from typing import TYPE_CHECKING

from harness.bench import Figure, closure, examples, page, released, search, sites, table
from harness.errors import BrowserMissing, HarnessError
from harness.kernel.laboratory import open_laboratory

if TYPE_CHECKING:
    from collections.abc import Callable

_PARTS: dict[str, Callable[..., list[Figure]]] = {
    "examples": examples.measure,
    "layouts": sites.measure,
    "closure": closure.measure,
    "released": released.measure,
    "search": search.measure,
    "page": page.measure,
}
_EPILOG = """\
parts:
  examples   examples per second of the cross-device property, contracts on
  layouts    build and take-down of every layout
  closure    warm install of the torch 2.2.0 closure's skeletons, and its memory
  released   a case with uv, pypa/installer and pip, beside the installer's own process,
             started bare: without the namespaces that a case starts it in
  search     seconds until uv#1513 is found from nothing in the real uv 0.1.2
  page       the matrix' page with 20,000 cells, opened in Chromium; not measured where there is none

Machines are noisy: look at ratios to the baseline, which is measured in turns in the same run.
"""


def _part(name: str) -> str:
    if name not in _PARTS:
        raise argparse.ArgumentTypeError(f"unknown {name!r}. Known: {', '.join(_PARTS)}")
    return name


def main() -> int:
    """Run the parts asked for. Exit status: 0; 2 where this machine cannot run them; 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m harness.bench",
        description="Measure the harness beside its baselines.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("part", nargs="*", type=_part, metavar="PART", help="what to measure; default: everything")
    parser.add_argument("--json", action="store_true", help="print data, not a table")
    parser.add_argument("--quick", action="store_true", help="few rounds: shows that it works, says little")
    arguments = parser.parse_args()
    figures: list[Figure] = []
    try:
        with open_laboratory() as laboratory:
            for part in arguments.part or _PARTS:
                sys.stderr.write(f"measuring {part} ...\n")
                # What imports and earlier parts have left would be looked at again by every collection of garbage.
                gc.collect()
                gc.freeze()
                try:
                    figures += _PARTS[part](laboratory, quick=arguments.quick)
                except BrowserMissing as missing:
                    if arguments.part:
                        raise
                    sys.stderr.write(f"{part} is left out: {missing}\n")
    except HarnessError as error:
        sys.stderr.write(f"harness.bench: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    text = json.dumps([one.data() for one in figures], indent=1) if arguments.json else table(figures)
    sys.stdout.write(f"{text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
