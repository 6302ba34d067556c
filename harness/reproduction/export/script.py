"""Script: a recorded case as one POSIX shell script that shows the same on a machine without the harness; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from harness.installers.environment import schemes_pth
from harness.layouts import commands as layout_commands
from harness.model import ROLES as EVERY_ROLE
from harness.reproduction.export import archives, checking
from harness.reproduction.export.header import header
from harness.reproduction.export.running import running
from harness.reproduction.export.shell import here
from harness.reproduction.export.told import ROLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.provisioning import Release
    from harness.reproduction.export.told import Told


def script(told: Told) -> str:
    """The whole text.

    Raises:
        FileInvalid: the layout cannot be built by mount(8).
    """
    return "\n".join(
        (
            *(header(told), _START, *_installer(told), *_inside(told)),
            *(*_storage(told), _wheels(told), *_environment(told), _check(told), *running(told), _END),
        )
    )


_START: Final = """\
set -eu
fail() { echo "cannot be run: $*" >&2; exit 2; }

if [ "${1:-}" != --inside ]; then  # out here: find the installer, then come back in namespaces of our own
    [ -f "$0" ] || fail "save this to a file, and run that"
    work=$(mktemp -d "${TMPDIR:-/tmp}/exdev.XXXXXX") && work=$(cd "$work" && pwd -P) || fail "no temporary directory"
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT; trap 'exit 143' HUP TERM
    case $work in *[!A-Za-z0-9/._-]*) fail "set TMPDIR to a path without blanks or quotes" ;; esac
    how="--mount --net"
    [ "$(id -u)" = 0 ] || how="--map-root-user $how"
    unshare $how true || fail "this machine gives you no namespaces. On Ubuntu, this helps:
    sysctl -w kernel.apparmor_restrict_unprivileged_userns=0; in Docker: --security-opt seccomp=unconfined
    --security-opt apparmor=unconfined, as root also --cap-add SYS_ADMIN"\
"""


_ASK_UV: Final = r""""$1" --version 2>/dev/null | sed -n 's/^uv \([^ ]*\).*/\1/p'"""
_ASK: Final = """"$1" -c 'import importlib.metadata as m; print(m.version("{name}"))' 2>/dev/null"""


def _installer(told: Told) -> Iterator[str]:
    """How the program is found: the one that is named, that on PATH, or had from the index."""
    name, release = told.distribution, told.recorded.release
    is_program = name == "uv"
    command, what = ("uv", "uv") if is_program else ("python3", f"Python that has {name}")
    ask = _ASK_UV if is_program else _ASK.format(name=name)
    yield f"    version() {{ {ask}; }}"
    yield '    if [ -n "${INSTALLER:-}" ]; then'
    yield f'        [ -n "$(version "$INSTALLER")" ] || fail "INSTALLER=$INSTALLER is no {what}"'
    if release:
        yield f'    elif [ "$(version {command})" = {release.version} ]; then'
        yield f"        INSTALLER=$(command -v {command})"
        yield "    else"
        yield from _from_index("INSTALLER", release)
    else:
        yield "    else"
        yield '        fail "this was shown with a build of uv: say INSTALLER=/path/to/uv"'
    yield "    fi"
    yield from _given("INSTALLER", name)
    for number, other in enumerate(told.recorded.others, 2):
        variable = f"INSTALLER_{number}"
        yield "    # Another release, which does some of the steps."
        yield f'    if [ -z "${{{variable}:-}}" ]; then'
        yield from _from_index(variable, other, number)
        yield "    fi"
        yield from _given(variable, name)
        yield f'    [ "$(version "${variable}")" = {other.version} ] || fail "{variable}=${variable} is not {other}"'
        yield f"    export {variable}"


def _given(variable: str, name: str) -> Iterator[str]:
    """What a variable names is a program, and by its whole path from here on."""
    yield f'    {variable}=$(cd "$(dirname "${variable}")" && pwd)/$(basename "${variable}")'
    yield f'    [ -x "${variable}" ] || fail "${variable} is no program"'
    yield f'    echo "{name} $(version "${variable}"): ${variable}"'


def _from_index(variable: str, release: Release, number: int | None = None) -> Iterator[str]:
    name, venv = release.distribution, f"$work/venv{f'-{number}' if number else ''}"
    where = "given" if number else "on PATH"
    yield f'        echo "{name} {release.version} is not {where}: pip installs it for now" >&2'
    yield f'        python3 -m venv "{venv}" && {variable}={venv}/bin/' + ("uv" if name == "uv" else "python")
    yield f'        "{venv}/bin/python" -m pip install -q --disable-pip-version-check {release} >&2 ||'
    yield f'            fail "{name} {release.version} cannot be installed"'


# Enough for what one run in three shows.
_CHANCES: Final = 12


def _inside(told: Told) -> Iterator[str]:
    """Coming back in namespaces, and what they begin with."""
    yield _OUTSIDE
    if told.facts.drawn:
        yield f"    # {told.distribution} chooses among wheels by chance: what one run does not show, another may."
        yield _AGAIN.format(chances=_CHANCES)
    yield _INSIDE


_OUTSIDE: Final = """\
    export INSTALLER
    mkdir "$work/site"
    machine=$(readlink /proc/self/ns/mnt) || fail "there is no /proc"
    once() { status=0; unshare $how sh "$0" --inside "$work" "$machine" || status=$?; }
    once\
"""

_AGAIN: Final = """\
    for again in $(seq 2 {chances}); do
        [ "$status" = 40 ] || break
        echo "run $again of at most {chances}:" && once
    done\
"""

_INSIDE: Final = """\
    case $status in 41) exit 1 ;; 40) exit 0 ;; 130 | 143) exit "$status" ;; *) exit 2 ;; esac
fi

# ---- In here, whatever goes astray must not reach the machine: all of it is read-only. ----
now=$(readlink /proc/self/ns/mnt) || fail "there is no /proc"
case ${3:-} in "" | "$now") fail "these mounts are the machine's own" ;; esac
work=$2
while read -r _ _ _ _ point _; do
    mount -o remount,bind,ro "$(printf %b "$point")" 2>/dev/null || :
done < /proc/self/mountinfo
python=$(python3 -c 'import os, sys; print(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))')
py=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
# On one processor threads take turns, and come to the same end nearly every time.
"$python" -c 'import os; os.sched_setaffinity(os.getppid(), {min(os.sched_getaffinity(0))})'
umask 022"""


_GUARD: Final = """\
inside() {  # an installer has been at work: none of its links may lead us out of the site
    for path; do case "$(realpath -m "$path")/" in "$site"/*) ;; *) fail "$path leads out of the site" ;; esac; done
}"""


def _storage(told: Told) -> Iterator[str]:
    start, after = layout_commands.commands(told.case.layout)
    yield "\n# ---- The storage: $site/root is / in the picture above. ----"
    yield "site=$work/site root=$work/site/root"
    yield 'mount -t tmpfs -o mode=755 exdev "$site"'
    if any("$userxattr" in line for line in (*start, *after)):
        yield "# Overlays keep their notes elsewhere where a user namespace gives the right to mount."
        yield 'userxattr=; [ "$(readlink /proc/self/ns/user)" = "user:[4026531837]" ] || userxattr=,userxattr'
    if after or any(step.lifted or step.meddled for step in told.steps):
        yield _GUARD
    yield from start
    looked_at = {fact.path.partition("/")[0] for fact in told.facts.states}
    roles = [*ROLES, *(role for role in EVERY_ROLE if role in {*told.apart, *looked_at} and role not in ROLES)]
    yield from (f"{role}={layout_commands.role(told.case.layout, role)}" for role in roles)
    yield 'aside=$site/aside; mkdir -p "$aside/home"'
    yield f"export py root {' '.join(roles)}"


def _wheels(told: Told) -> str:
    order = ": an installer creates files in the order of their entries" if told.case.plan.creation else ""
    text = archives.program(told.case)
    return f'\n# ---- The wheels{order}. ----\n"$python" -IW ignore - "$wheelhouse" {here(text)}'


_ENVIRONMENT: Final = """
# ---- The smallest virtual environment that is one (PEP 405). ----
environment() {
    mkdir -p "$1/bin" "$1/lib/$py/site-packages"
    printf 'home = %s\\ninclude-system-site-packages = false\\n' "${python%/*}" > "$1/pyvenv.cfg"
    ln -s "$python" "$1/bin/python"
}
environment "$environment\""""

_PREFIX: Final = """\
prefix=$("$environment/bin/python" -IBc 'import sys; print(sys.prefix)')
[ "$prefix" = "$environment" ] || fail "the environment's interpreter takes itself for $prefix\""""

_LIBRARY: Final = "import os, {name} as it; print(os.path.dirname(os.path.dirname(it.__file__)))"


def _environment(told: Told) -> Iterator[str]:
    yield _ENVIRONMENT
    if told.apart:
        places = {role: told.recorded.verdicts[0].evidence.roots[role] for role in told.apart}
        text = told.names.document(schemes_pth(places))
        yield "# Its interpreter knows where the layout has its directories, and imports from there."
        yield f'cat > "$environment/lib/$py/site-packages/exdev-schemes.pth" {text}'
    yield _PREFIX
    if told.distribution in ("pip", "installer"):
        # Its library is run by the environment's own interpreter.
        for ending in ("", *(f"_{number}" for number, _ in enumerate(told.recorded.others, 2))):
            yield f"library{ending}=$(\"$INSTALLER{ending}\" -c '{_LIBRARY.format(name=told.distribution)}')"


def _check(told: Told) -> str:
    text = here(checking.program(told.facts))
    return f'\n# ---- How facts are compared: see the end of each step. ----\ncat > "$site/check.py" {text}'


_END: Final = """
if [ -e "$site/said.otherwise" ]; then printf '\\nnot reproduced\\n'; exit 40; fi
printf '\\nreproduced\\n'
exit 41
"""
