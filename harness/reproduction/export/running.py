"""The steps of a script: the installer's own commands, with what they read, and what is compared after each; pure."""

from __future__ import annotations

import hashlib
import posixpath
import shlex
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from harness.installers.importing import PROGRAM
from harness.layouts import commands as layout_commands
from harness.layouts.blueprint import site_path
from harness.model.case import USUAL_UMASK
from harness.reproduction.export import checking
from harness.reproduction.export.shell import Names, filled, here
from harness.wheels import reordered
from harness.wheels.archive import write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.model import Meddling, Step
    from harness.reproduction.export.recording import Ran
    from harness.reproduction.export.told import Told


def running(told: Told) -> Iterator[str]:
    """The functions that steps are made of, and every step."""
    common = _common(told)
    settings = [told.names.assignment(name, text) for name, text in common.items()]
    yield "\n# ---- The steps. Nothing of your own settings reaches the installer. ----"
    yield f'run() {{\n    env -i {filled(settings)} \\\n        "$@"\n}}'
    yield _FUNCTIONS
    if any(ran.hashed for ran in told.ran):
        yield _DIGESTS
    if any(one.do in ("remove", "empty", "edit") for step in told.steps for one in step.meddled):
        yield _MEDDLE
    yield from _steps(told, common)


def _steps(told: Told, common: Mapping[str, str]) -> Iterator[str]:
    _, after = layout_commands.commands(told.case.layout)
    written: dict[str, str] = {}
    for number, (step, commands) in enumerate(zip(told.steps, told.recorded.commands, strict=True), 1):
        if after and not step.image:
            yield from ("", "# The image is done: what the layout mounts, makes or denies after it.", *after)
            after = ()
        yield f"\nstep {shlex.quote(f'{number}. {step.action} {chr(32).join(step.wheels)}')}"
        yield from _before(step, told)
        yield from [f"umask {step.umask:03o}"] * (step.umask != USUAL_UMASK)
        for ran in commands:
            yield from _read(ran, told, written)
            yield _given(ran, told.names, common)
        yield from [f"umask {USUAL_UMASK:03o}"] * (step.umask != USUAL_UMASK)
        some = "some" if number in told.facts.drawn else "all"
        yield f"check {some} {here(checking.given(told.facts, number))}"


def _before(step: Step, told: Told) -> Iterator[str]:
    if step.lifted:
        yield "# What stood in the way is taken out of it."
        yield from layout_commands.lifting(told.case.layout)
    for meddling in step.meddled:
        yield from _meddled(meddling, told)


def _meddled(meddling: Meddling, told: Told) -> Iterator[str]:
    if meddling.do == "create":
        yield f"echo '    somebody else: create' {shlex.quote(meddling.at)}"
        yield from layout_commands.creation(told.case.layout, meddling)
    elif meddling.do == "import":
        yield f"echo '    somebody else: import {meddling.module}'"
        yield (
            f"run \"$environment/bin/python\" -Ic '{PROGRAM}' {meddling.module} ||"
            f" fail 'cannot import {meddling.module}'"
        )
    else:
        pattern = f"{told.recorded.base}/root{site_path(told.case.layout, meddling.at)}"
        yield f"meddle {meddling.do} {told.names.word(pattern)}"


def _read(ran: Ran, told: Told, written: dict[str, str]) -> Iterator[str]:
    """What was written for a command to read, where it is not there yet."""
    for directory in ran.environments:
        yield f"environment {told.names.word(directory)}"
    digests = dict(_digests(told))
    for path, text in ran.files.items():
        if written.get(path) == text:
            continue
        written[path] = text
        hashed = hashlib.sha256(ran.hashed.encode()).hexdigest()
        if ran.hashed and hashed in text:
            yield f"hash=$(hashed {told.names.document(ran.hashed)}\n)"
            digests[hashed] = "$hash"
        if not any(posixpath.dirname(path) == posixpath.dirname(other) for other in written if other != path):
            yield f"mkdir -p {told.names.word(posixpath.dirname(path))}"
        yield f"cat > {told.names.word(path)} {replace(told.names, substitutions=digests).document(text)}"


def _given(ran: Ran, names: Names, common: Mapping[str, str]) -> str:
    command = ran.command
    own = [names.assignment(name, text) for name, text in command.environment.items() if common.get(name) != text]
    return f"try {filled([names.word(command.directory), *own, *map(names.word, command.arguments)])}"


def _common(told: Told) -> dict[str, str]:
    """The variables that every command has, with what they most often are."""
    every = [ran.command.environment for ran in told.ran]
    return {
        name: Counter(environment[name] for environment in every).most_common(1)[0][0]
        for name in (every[0] if every else ())
        if all(name in environment for environment in every)
    }


def _digests(told: Told) -> Iterator[tuple[str, str]]:
    """The digest of each archive -> how the script finds it out."""
    for wheel in told.case.wheels:
        digest = hashlib.sha256(write(reordered(wheel, told.case.plan.creation))).hexdigest()
        yield digest, f'$(digest "$wheelhouse"/{shlex.quote(wheel.filename)})'


_FUNCTIONS: Final = """\
step() { status=0; printf '\\n%s\\n' "$*"; : > "$site/said"; }
try() {  # in a directory, a command, unless one before it in this step has failed; what it prints is shown
    [ "$status" = 0 ] || return 0
    cd "$1"; shift
    run "$@" < /dev/null > "$site/said.now" 2>&1 || status=$?
    case $status in 126 | 127) fail "$(cat "$site/said.now")" ;; esac
    cd /; cat "$site/said.now" >> "$site/said"
    tr -d '\\000-\\010\\013-\\037\\177' < "$site/said.now" | sed 's/^/    /'
}
check() { echo "    exit $status"; "$python" -IB "$site/check.py" "$status" "$1" "$site/said"; }"""

_DIGESTS: Final = """\
digest() { sha256sum < "$1" | cut -c1-64; }
hashed() { tr -d '\\n' | sha256sum | cut -c1-64; }"""

_MEDDLE: Final = """\
meddle() {  # what somebody else does to the storage
    "$python" -IB - "$@" <<'EOF'
import pathlib, shutil, sys
do, pattern = sys.argv[1:]
for path in sorted(pathlib.Path("/").glob(pattern[1:])) or sys.exit(f"cannot {do} {pattern}: there is none"):
    print(f"    somebody else: {do} {path}")
    if do == "remove":
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    else:
        with open(path, "w" if do == "empty" else "a") as file:
            file.write("" if do == "empty" else "\\n# edited in place\\n")
EOF
}"""
