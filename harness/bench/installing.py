"""A process that installs wheels and prints its peak resident memory in MB: CACHE TEMPORARY ENVIRONMENT ARCHIVE...

Without arguments it imports nothing of ours and prints what the interpreter alone takes.
"""

from __future__ import annotations

import sys


def main(arguments: list[str]) -> None:
    """Install, then say what it took."""
    if arguments:
        from harness.bench.settings import settings_at  # noqa: PLC0415 - its memory belongs to what is measured
        from harness.drivers import perform, run  # noqa: PLC0415 - likewise
        from harness.reference import install  # noqa: PLC0415 - likewise

        cache, temporary, environment, *archives = arguments
        for archive in archives:
            run(install(archive, settings_at(cache, temporary, environment)), perform)
    # Not getrusage(2): its maximum includes the parent's memory from before exec(2).
    with open("/proc/self/status", encoding="ascii") as status:
        peak = next(line for line in status if line.startswith("VmHWM"))
    sys.stdout.write(f"{int(peak.split()[1]) / 1024:.1f}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
