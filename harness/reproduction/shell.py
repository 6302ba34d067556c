"""A shell inside a site that is built, for a person to look around in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from harness.layouts import picture
from harness.reproduction.describe import did

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.layouts import Site
    from harness.model import Case, StepEvidence

_USUAL_SHELL: Final = "/bin/sh"


def look_around(site: Site, steps: Sequence[StepEvidence], case: Case) -> int:
    """Say what was done, and run the user's shell in the site's root, with a variable for each role, until it ends.

    The shell is the user's own, with the user's own settings and rights, in the private namespaces of the laboratory:
    what it mounts, and the site, go with it; what it writes elsewhere is the user's affair.

    Args:
        site: what is looked at.
        steps: those that were done.
        case: whose they are.

    Returns:
        Exit status 0: a shell's own says how its last command ended, and nothing of the case.

    Raises:
        OSError: there is no shell.
    """
    sys.stdout.write(_told(site, steps, case))
    sys.stdout.flush()
    with _deaf_to_ctrl_c():
        try:
            _run(os.environ.get("SHELL") or _USUAL_SHELL, site)
        except OSError:
            # Only to execute it shows whether it can be: a directory has the bit, a text without #! has it, too.
            _run(_USUAL_SHELL, site)
    return 0


def _run(shell: str, site: Site) -> None:
    variables = {name.upper(): path for name, path in site.roles.items()}
    subprocess.run([shell], env={**os.environ, **variables}, cwd=site.root, check=False)  # noqa: S603 - the user's own


def _told(site: Site, steps: Sequence[StepEvidence], case: Case) -> str:
    lines = [f"    {line}" for line in picture(case.layout).splitlines()]
    for number, step in enumerate(steps, start=1):
        lines += did(number, step, case, site.roles)
    lines += ["", f"    {'in here':12}{site.root} is the layout's /; the shell's end takes all of it down"]
    lines += [f"    {f'${name.upper()}':14}{path}" for name, path in site.roles.items()]
    return "\n".join(lines) + "\n\n"


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Ctrl-C is the shell's. A handler, unlike SIG_IGN, is not inherited by what is executed (signal(7))."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
