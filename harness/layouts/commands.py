"""Commands that build a layout by hand: its blueprint in the words of a shell, for those who have no harness; pure."""

from __future__ import annotations

import base64
import itertools
import posixpath
import re
import shlex
import sys
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from harness.errors import FileInvalid, Problem
from harness.layouts import blueprint as plans
from harness.layouts import obstacles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from harness.layouts.blueprint import Action
    from harness.model import Layout, Meddling

# Stands for the place until each path is quoted; nothing is ever made there.
_PLACE: Final = "/exdev-place"
_OCTAL: Final = 8
# What parts options, and layers, and quotes them.
_SEPARATORS: Final = frozenset(',:\\"')
_READABLE: Final = re.compile(rb"[\n\t -~]*")
# What `{python}` stands for in a layout: of the interpreter that the script finds.
_INTERPRETER: Final = re.compile(rf"(?<=/)python{sys.version_info.major}\.{sys.version_info.minor}(?![\w.-])")


def commands(layout: Layout) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What builds the layout below the directory in the shell's variable `site`.

    The layout's `/` is `$site/root`. Run in a mount namespace of its own, with the rights to mount there, and with
    `userxattr` as `,userxattr` where those rights come from a user namespace (overlayfs.rst), empty otherwise; after
    the image steps with a command `inside PATH...` that ends everything where a path leads out of the site.

    Args:
        layout: any valid one.

    Returns:
        The commands that come first, and those that come after the image steps. Of an overlay with several lower
        layers all but the lowest are sealed empty.

    Raises:
        FileInvalid: the layout cannot be built safely, or not by mount(8).
    """
    plan = plans.blueprint(layout, _PLACE)
    start = (f"mkdir -p {quoted(plan.root)}", *_shell(plan.start))
    return start, tuple(_guarded(plan.image))


def lifting(layout: Layout) -> tuple[str, ...]:
    """What lifts the layout's obstacles, with `inside` as above; see `harness.layouts.obstacles`."""
    actions = obstacles.obstacles(layout, f"{_PLACE}/root")
    return tuple(line for action in actions for line in (f"inside {quoted(action.path)}", _LIFTS[type(action)](action)))


def creation(layout: Layout, meddling: Meddling) -> tuple[str, ...]:
    """What creates a file between two steps, with `inside` as above, and `fail TEXT` that ends everything."""
    mode = int(meddling.mode, _OCTAL)
    action = plans.PutFile(f"{_PLACE}/root{plans.site_path(layout, meddling.at)}", meddling.content, mode)
    path = quoted(action.path)
    there = f"if [ -e {path} ] || [ -L {path} ]; then fail {shlex.quote(meddling.at)} is there already; fi"
    return (f"inside {quoted(posixpath.dirname(action.path))}", there, *_put(action))


def role(layout: Layout, name: str) -> str:
    """Where a role lies, as a word of the shell."""
    return quoted(plans.blueprint(layout, _PLACE).roles[name])


def quoted(path: str) -> str:
    """A path of the blueprint as a word of the shell; `$py` stands for the interpreter's name in it."""
    if not path.startswith(_PLACE):
        return shlex.quote(path)
    text = re.sub(r'(["\\\\$`])', r"\\\1", path.removeprefix(_PLACE))
    return f'"$site{_INTERPRETER.sub("$py", text)}"'


def _shell(actions: Iterable[Action]) -> Iterator[str]:
    """Directories that are made one after the other, in one line: of those that lead to another, only the last."""
    for kind, group in groupby(actions, key=type):
        if kind is plans.MakeDirectory:
            yield f"mkdir -p {' '.join(map(quoted, _ends(group)))}"
        else:
            yield from itertools.chain.from_iterable(map(_WAYS[kind], group))


def _ends(actions: Iterable[Action]) -> list[str]:
    paths = [action.path for action in actions]
    return [path for path in paths if not any(other.startswith(f"{path}/") for other in paths)]


def _guarded(actions: Iterable[Action]) -> Iterator[str]:
    """An installer has been at work, and an environment's `bin/python` alone is a link to the machine's own."""
    for kind, group in groupby(actions, key=type):
        if kind is plans.MakeDirectory:
            ends = " ".join(map(quoted, _ends(group)))
            # Where a permission is set, an installer may have put a file or a link.
            yield f"inside {ends}"
            yield f'for path in {ends}; do [ -e "$path" ] || [ -L "$path" ] || mkdir -p "$path"; done'
            continue
        for action in group:
            yield f"inside {' '.join(map(quoted, dict.fromkeys(plans.followed(action))))}"
            yield from _WAYS[kind](action)


def _tmpfs(action: plans.LayTmpfs) -> Iterator[str]:
    limits = {"size": action.size, "nr_inodes": action.inodes, "mode": action.mode or "755"}
    options = [*(f"{name}={value}" for name, value in limits.items() if value), *action.options, *action.flags]
    yield f"mount -t tmpfs -o {shlex.quote(','.join(options))} exdev {quoted(action.path)}"


def _bind(action: plans.LayBind) -> Iterator[str]:
    yield f"mount --bind {quoted(action.source)} {quoted(action.path)}"
    if action.flags:
        yield f"mount -o remount,bind,{','.join(action.flags)} {quoted(action.path)}"


def _overlay(action: plans.LayOverlay) -> Iterator[str]:
    path, sealed = quoted(action.path), [action.path]
    if set(action.path) & _SEPARATORS:
        # The kernel takes any path, one by one; mount(8) takes one text of options (overlayfs.rst, mount(8)).
        problem = Problem(where="mount", message=f"{action.path.removeprefix(_PLACE)!r} cannot be told to mount(8)")
        raise FileInvalid(file="this layout", problems=(problem,))
    for number in range(action.lowers):
        upper, work = (f"{action.layers}/{number}/{name}" for name in ("upper", "work"))
        parts = [f"lowerdir={':'.join(map(quoted, sealed))}", f"upperdir={quoted(upper)}", f"workdir={quoted(work)}"]
        parts += map(shlex.quote, (*action.options, *action.flags))
        if number:
            yield f"umount {path}"
        yield f"mkdir -p {quoted(upper)} {quoted(work)}"
        # An overlay's root shows owner and mode of the upper directory (overlayfs.rst).
        yield f"chmod --reference={path} {quoted(upper)}; chown --reference={path} {quoted(upper)}"
        yield f'mount -t overlay -o {",".join(parts)}"$userxattr" exdev {path}'
        sealed.insert(0, upper)


def _permission(action: plans.SetPermission) -> Iterator[str]:
    path = quoted(action.path)
    owner, group = ("" if one == -1 else str(one) for one in (action.owner, action.group))
    if owner or group:
        yield f"chown {owner}:{group} {path}"
    if action.mode is not None:
        yield f"chmod {action.mode:04o} {path}"


def _volume(action: plans.LayVolume) -> Iterator[str]:
    yield f"mount -t tmpfs -o mode=755 exdev {quoted(action.path)}"


def _file(action: plans.MakeFile) -> Iterator[str]:
    yield f"mkdir -p {quoted(posixpath.dirname(action.path))}; touch {quoted(action.path)}"


def _put(action: plans.PutFile) -> Iterator[str]:
    path = quoted(action.path)
    yield f"mkdir -p {quoted(posixpath.dirname(action.path))}"
    if _READABLE.fullmatch(action.content):
        yield f"printf %s {shlex.quote(action.content.decode())} > {path}"
    else:
        # No line of base64 has three characters.
        yield f"base64 -d > {path} <<'EOF'\n{base64.encodebytes(action.content).decode()}EOF"
    yield f"chmod {action.mode:04o} {path}"


_WAYS: dict[type[Any], Callable[[Any], Iterator[str]]] = {
    plans.MakeDirectory: lambda action: iter([f"mkdir -p {quoted(action.path)}"]),
    plans.MakeFile: _file,
    plans.PutFile: _put,
    plans.MakeLink: lambda action: iter([f"ln -s {quoted(action.target)} {quoted(action.path)}"]),
    plans.LayVolume: _volume,
    plans.LayTmpfs: _tmpfs,
    plans.LayBind: _bind,
    plans.LayOverlay: _overlay,
    plans.SetPermission: _permission,
    plans.MakeReadOnly: lambda action: iter([f"mount -o remount,bind,ro {quoted(action.path)}"]),
}

# A mount that went along when a directory above it was renamed is where nothing was laid: there is nothing to undo.
_LIFTS: dict[type[Any], Callable[[Any], str]] = {
    obstacles.TakeAway: lambda action: (
        f"if mountpoint -q {quoted(action.path)}; then umount -l {quoted(action.path)}; fi"
    ),
    obstacles.AllowWriting: lambda action: f"mount -o remount,bind,rw {quoted(action.path)}",
    # With its source named, mount(8) adds no option of its own, of which some mean nothing in a user namespace.
    obstacles.LiftLimits: lambda action: (
        f"mount -t tmpfs -o remount,{','.join(action.options)} exdev {quoted(action.path)}"
    ),
    obstacles.Permit: lambda action: f"chmod {action.mode:04o} {quoted(action.path)} 2>/dev/null || :",
}
