"""An import by somebody else: a module is loaded with a site's own interpreter, which may leave bytecode there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from harness.errors import LayoutUntrue, errno_name
from harness.installers.environment import Place, base_interpreter
from harness.kernel.children import run

if TYPE_CHECKING:
    from harness.layouts import Site

# Isolated (-I): neither the working directory nor anything of the user's is looked into.
PROGRAM: Final = "import importlib, sys; sys.path[:0] = sys.argv[2:]; importlib.import_module(sys.argv[1])"
_SECONDS: Final = 30.0


def import_module(module: str, site: Site, *, tolerant: bool = False) -> bool:
    """Import it; answers whether it could be.

    Where an installer makes no virtual environment, the interpreter that runs us looks into the site's libraries.

    Args:
        module: its name.
        site: where.
        tolerant: there may be none: a control run has not all that the case's own layout has.

    Raises:
        LayoutUntrue: it cannot be imported, with the last line of what Python said.
    """
    place = Place(site)
    borrowed = not os.path.exists(place.python)
    libraries = dict.fromkeys((site.role("purelib"), site.role("platlib"))) if borrowed else ()
    python = base_interpreter() if borrowed else place.python
    command = place.command(python, "-Ic", PROGRAM, module, *libraries)
    try:
        os.makedirs(place.home, exist_ok=True)
        ended = run(command, seconds=_SECONDS, writable=place.writable)
        why = (ended.errors.strip().splitlines() or [f"exit {ended.exit}"])[-1] if ended.exit else ""
    except OSError as refused:
        why = errno_name(refused.errno)
    if why and not tolerant:
        raise LayoutUntrue(layout=site.layout.name, facts=(f"cannot import {module}: {why[:200]}",))
    return not why
