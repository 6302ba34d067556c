"""The scripts of an environment: what starts them, what they do, and what they are to do, seen by running them."""

from __future__ import annotations

import os
import stat
import subprocess
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from harness.errors import errno_name
from harness.installers.environment import Place, make
from harness.kernel import children
from harness.model.evidence import Execution, ScriptEvidence
from harness.wheels import dist_info
from harness.wheels.expected import expected, faults
from harness.wheels.launchers import interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.layouts.build import Site
    from harness.layouts.observe import Observer
    from harness.model import Case, Trees, Wheel

# Beyond these a script is judged by reading it. `torchrun` of the published torch needs a second or two to complain.
_MOST: Final = 6
_SECONDS: Final = 10.0
_LARGEST: Final = 1 << 20  # bytes read of a script
PRINTED: Final = 4096  # characters kept of what it prints
_REMEMBERED: Final = 256
# A script hands on what it is given, blanks included.
ARGUMENTS: Final = ("one", "two words")
# What an entry point is (Entry points specification): its module is imported, its attribute called without arguments,
# and what that returns is the exit status. As in a script, `sys.argv[0]` is the script and its directory is searched.
CALL: Final = """\
import functools, importlib, os, sys
_, script, module, attribute, *arguments = sys.argv
sys.argv, sys.path[0] = [script, *arguments], os.path.dirname(os.path.realpath(script))
sys.exit(functools.reduce(getattr, attribute.split("."), importlib.import_module(module))())
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bringing:
    """One wheel's claim to a script.

    Attributes:
        wheel: its key.
        reference: the object that an entry point names (`torch.run:main`); empty: the archive holds the script.
    """

    wheel: str
    reference: str = ""


class ScriptRunner:
    """Looks at the scripts of a site after a step. Remembers what came of it: trees that are alike run alike."""

    def __init__(self) -> None:
        self._seen: OrderedDict[object, Mapping[str, ScriptEvidence]] = OrderedDict()

    def look(self, case: Case, site: Site, observer: Observer, trees: Trees) -> Mapping[str, ScriptEvidence]:
        """The evidence of every script of the case's wheels that is there, by its key in the environment tree.

        What is run can write nowhere, and leaves everything as it was.
        """
        bringing = {key: claims for key, claims in brought(case, observer.platlib).items() if key in trees.environment}
        if not bringing:
            return {}
        linked = hash(frozenset(trees.cache.items())) if case.link_mode == "symlink" else 0
        known = (site.layout, site.root, case.wheels, hash(frozenset(trees.environment.items())), linked)
        if known not in self._seen:
            self._seen[known] = dict(_evidence(bringing, site, observer))
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        self._seen.move_to_end(known)
        return self._seen[known]


def brought(case: Case, platlib: str) -> dict[str, tuple[Bringing, ...]]:
    """Who brings the scripts that installers make or give a first line, by their keys in the environment tree."""
    claims: dict[str, tuple[Bringing, ...]] = {}
    for wheel in case.wheels:
        for key, claim in _brought(wheel, platlib):
            claims[key] = (*claims.get(key, ()), claim)
    return claims


@lru_cache(maxsize=256)
def _brought(wheel: Wheel, platlib: str) -> tuple[tuple[str, Bringing], ...]:
    if faults(wheel, platlib=platlib):
        return ()
    references = dist_info.scripts(wheel)
    return tuple(
        (key, Bringing(wheel=wheel.key, reference=references.get(key.removeprefix("scripts/"), "")))
        for key, file in expected((wheel,), platlib=platlib).files.items()
        if key.startswith("scripts/") and (file.generated or file.shebang_rewritten)
    )


def provide_interpreter(site: Site) -> None:
    """Make the environment of a site one that scripts can be run in, where its installer needs none itself.

    Raises:
        LayoutUntrue: the layout has no room for one.
    """
    if not os.path.lexists(Place(site).python):
        make(site)


def _evidence(
    bringing: Mapping[str, tuple[Bringing, ...]], site: Site, observer: Observer
) -> Iterator[tuple[str, ScriptEvidence]]:
    place, left = Place(site), _MOST
    for key, claims in bringing.items():
        path = f"{site.role('scripts')}/{key.removeprefix('scripts/')}"
        content = _content(path, observer.root)
        if content is None:
            continue
        in_environment = _is_in_environment(interpreter(content), place)
        if left and not os.statvfs(path).f_flag & os.ST_NOEXEC:
            left -= 1
            ran, called = _compared(path, claims, place)
            yield key, ScriptEvidence(content=content, in_environment=in_environment, ran=ran, called=called)
        else:
            yield key, ScriptEvidence(content=content, in_environment=in_environment)


def _content(path: str, root: str) -> bytes | None:
    """A script's content; None where there is no file of the site, or one that is too large to be a script."""
    real = os.path.realpath(path)
    if not real.startswith(f"{root}/"):
        return None
    try:
        if not stat.S_ISREG(os.stat(real).st_mode):
            return None
        with open(real, "rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError:
        return None
    return content if len(content) <= _LARGEST else None


def _is_in_environment(python: str, place: Place) -> bool | None:
    if not python:
        return None
    return os.path.realpath(os.path.dirname(python)) == os.path.realpath(os.path.dirname(place.python))


def _compared(path: str, claims: tuple[Bringing, ...], place: Place) -> tuple[Execution | None, dict[str, Execution]]:
    """A script's run and what it is to do; both once more where they differ, as what is printed may be the time."""
    ran, called = _run((path, *ARGUMENTS), place), _called(path, claims, place)
    if ran is None or ran in called.values():
        return ran, called
    again, called_again = _run((path, *ARGUMENTS), place), _called(path, claims, place)
    if again != ran or called_again != called:
        ran = ran._replace(output=None)
        called = {wheel: execution._replace(output=None) for wheel, execution in called.items()}
    return ran, called


def _called(path: str, claims: tuple[Bringing, ...], place: Place) -> dict[str, Execution]:
    """What each wheel that brings a script asks for, by the wheels' keys."""
    commands = ((claim.wheel, (place.python, *_instead(path, claim), *ARGUMENTS)) for claim in claims)
    executions = ((wheel, _run(command, place)) for wheel, command in commands)
    return {wheel: execution for wheel, execution in executions if execution is not None}


def _instead(path: str, claim: Bringing) -> tuple[str, ...]:
    """Arguments with which an interpreter does what a script is to do."""
    if not claim.reference:
        return (path,)
    module, _, attribute = claim.reference.partition("[")[0].partition(":")
    return ("-c", CALL, path, module.strip(), attribute.strip())


def _run(arguments: tuple[str, ...], place: Place) -> Execution | None:
    """A run; None where it came to no end."""
    command = place.command(*arguments, PYTHONDONTWRITEBYTECODE="1")
    try:
        ended = children.run(command, seconds=_SECONDS, writable=place.writable, read_only=True)
    except OSError as refused:
        return Execution(exit=-1, refusal=errno_name(refused.errno))
    except subprocess.SubprocessError:
        return None
    return None if ended.stopped else Execution(exit=ended.exit, output=ended.output[:PRINTED])
