"""What must hold inside a well-typed value beyond its types: references that resolve, numbers in range."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.errors import Problem
from harness.model.case import Case, Meddling, Step
from harness.model.wheel import Entry, Wheel

_ALL_MODE_BITS = 0o7777
_PERMISSION_BITS = 0o777
_RELEASE = re.compile(r"[a-z][a-z0-9-]*==[A-Za-z0-9][A-Za-z0-9.+!-]{0,63}")
_WILDCARDS = frozenset("*?[")
_LONGEST_NAME = 255  # NAME_MAX, limits.h


def incoherences(kind: type[object], fields: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """The problems of one value by itself; see `harness.model.codec.Check`."""
    if kind is Case and fields.keys() >= {"wheels", "steps"}:
        yield from _dangling(fields["wheels"], fields["steps"])
        yield from _colliding(fields["wheels"])
    if kind is Wheel and fields.keys() >= {"name", "version", "tag"}:
        yield from _misnamed(Wheel(**{**fields, "entries": ()}), where)
    if kind is Step and fields.get("image") and fields.get("lifted"):
        message = "an image step: its layout is still in the making, and has no obstacle that could be lifted"
        yield Problem(where=f"{where}.lifted", message=message)
    if kind is Step and fields.get("image") and fields.get("meddled"):
        yield Problem(where=f"{where}.meddled", message="an image step: nobody else is at work while an image is made")
    if kind is Meddling and fields.keys() >= {"do", "at", "content", "mode", "module"}:
        yield from _unfitting(Meddling(**fields), where)
    if kind is Step and fields.get("installer") and not _RELEASE.fullmatch(fields["installer"]):
        message = f"{fields['installer']!r:.100} is not a release like 'uv==0.1.2'"
        yield Problem(where=f"{where}.installer", message=message)
    if kind is Step and not 0 <= fields.get("umask", 0) <= _PERMISSION_BITS:
        yield Problem(where=f"{where}.umask", message=f"{fields['umask']} is not a umask: 0 to 511 (0o777)")
    mode = fields.get("mode", 0)
    if kind is Entry and not 0 <= mode <= _ALL_MODE_BITS:
        yield Problem(where=f"{where}.mode", message=f"{mode} is not a mode: 0 to {_ALL_MODE_BITS} (0o7777)")


def _unfitting(change: Meddling, where: str) -> Iterator[Problem]:
    """Each kind of change has keys of its own."""
    known = {"create": ("at", "content", "mode"), "import": ("module",)}.get(change.do, ("at",))
    plain = Meddling(do=change.do)
    for name in ("at", "content", "mode", "module"):
        if name not in known and getattr(change, name) != getattr(plain, name):
            message = f"means nothing for {change.do!r}, which has {' and '.join(map(repr, known))}"
            yield Problem(where=f"{where}.{name}", message=message)
    if not getattr(change, known[0]):
        yield Problem(where=f"{where}.{known[0]}", message=f"missing: what to {change.do}")
    if change.do == "create" and _WILDCARDS.intersection(change.at):
        message = f"{change.at!r:.100} has a wildcard (* ? [), and is to be one new file"
        yield Problem(where=f"{where}.at", message=message)
    if change.do == "import" and change.module and not all(map(str.isidentifier, change.module.split("."))):
        yield Problem(where=f"{where}.module", message=f"{change.module!r:.100} is not the name of a module")


def _dangling(wheels: Iterable[Wheel], steps: Iterable[Step]) -> Iterator[Problem]:
    known = {wheel.key for wheel in wheels}
    for number, step in enumerate(steps):
        for index, key in enumerate(step.wheels):
            if key not in known:
                message = f"{key!r} is no wheel of this case; it has: {', '.join(sorted(known)) or 'none'}"
                yield Problem(where=f"step[{number}].wheels[{index}]", message=message)


def _misnamed(wheel: Wheel, where: str) -> Iterator[Problem]:
    """Entries may say anything, but the archive's own name is where the harness writes: one name in one directory."""
    flaw = unusable(wheel.filename)
    if flaw:
        yield Problem(where=where, message=f"{wheel.filename!r:.100} cannot be the archive's name: {flaw}")


def unusable(filename: str) -> str:
    """Why a text cannot be the name of a file in a given directory; empty: it can."""
    if "/" in filename or "\0" in filename:
        return "it holds a slash or a NUL byte"
    if len(os.fsencode(filename)) > _LONGEST_NAME:
        return f"longer than {_LONGEST_NAME} bytes"
    return ""


def _colliding(wheels: Iterable[Wheel]) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, wheel in enumerate(wheels):
        first = seen.setdefault(wheel.filename, index)
        if first != index:
            yield Problem(
                where=f"wheel[{index}]", message=f"has the same file name as wheel[{first}]: {wheel.filename}"
            )
