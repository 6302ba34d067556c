"""Strategies: layouts composed of all that a layout's file can say, wheels of all that a wheel can hold, sequences."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hypothesis import strategies as st

from harness.layouts.validate import problems
from harness.model import Case, Directory, Entry, File, Layout, Mount, Permission, Plan, Roles, Step, Symlink, Wheel
from harness.wheels import wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from harness.model import Action, LinkMode
    from harness.model.layout import MountType

Draw: TypeAlias = "Callable[[st.SearchStrategy[Any]], Any]"

# What an installer may say where something of a layout stands in its way; ELOOP, of a link that leads outwards.
REFUSALS: Final = (
    *("EROFS", "ENOSPC", "EACCES", "EPERM", "EBUSY", "EXDEV", "EDQUOT", "ENOENT", "ENOTEMPTY", "EINVAL", "ELOOP"),
)
_LONG: Final = "a-directory-whose-name-is-as-long-as-those-of-continuous-integration-are"
_ENVIRONMENTS: Final = (
    "/environment",
    "/srv/my environment",
    "/\u00fcn\u00ef/\u4eba/env",
    f"/{_LONG}/{_LONG}/environment",
)
_ROLES: Final[tuple[dict[str, str], ...]] = (
    {},
    {},
    {"platlib": "{environment}/lib64/{python}/site-packages"},
    {"scripts": "/usr/local/tools"},
    {"data": "/usr/share/data"},
    {"headers": "/usr/include/site"},
    {"purelib": "/opt/libraries/pure"},
    {"platlib": "/opt/libraries/platform"},
    {"cache": "/root/.cache/installer"},
    {"temporary": "/var/tmp/mine"},  # noqa: S108 - a path inside the site
)
# Where something may be mounted: on roles, below and above them.
_PLACES: Final = (
    "{purelib}",
    "{purelib}/shared",
    "{purelib}/one",
    "{environment}",
    "{environment}/lib",
    "{environment}/share",
    "{environment}/share/man",
    "{scripts}",
    "{data}",
    "{headers}",
    "{platlib}",
    "{cache}",
    "{cache}/wheels",
    "{temporary}",
    "{wheelhouse}",
    "{environment}/include",
)
_FILES: Final = ("{purelib}/shared/__init__.py", "{purelib}/one/empty.txt", "{data}/share/common.txt")
_LINKS: Final[tuple[tuple[Symlink, ...], ...]] = (
    (Symlink(at="{environment}/man", to="share/man"),),
    (Symlink(at="{environment}/lib64", to="lib"),),
    (Symlink(at="{environment}/share", to="/elsewhere/share"),),
    (Symlink(at="{environment}/share", to="lib/share"),),
    (Symlink(at="{environment}/include", to="{environment}/share/include"),),
    (Symlink(at="{purelib}", to="/elsewhere/deep/er/libraries"),),
    (Symlink(at="{purelib}/shared", to="/elsewhere/shared"),),
    (Symlink(at="{purelib}/shared", to="../shared"),),
    (Symlink(at="{purelib}/one", to="two"),),
    (Symlink(at="{cache}", to="/elsewhere/cache"),),
    (Symlink(at="{environment}/share", to="a"), Symlink(at="{environment}/a", to="b/c")),
    (Symlink(at="{environment}/a", to="b/c"), Symlink(at="{environment}/share", to="a")),
    (Symlink(at="{environment}", to="/real/environment"),),
    (Symlink(at="{scripts}", to="/elsewhere/bin"),),
)
# What lies there already: neighbours in site-packages, beside and inside of what wheels bring, and where they write to.
_CONTENTS: Final[tuple[tuple[File | Directory, ...], ...]] = (
    (File(at="{purelib}/neighbour.py", content=b"NEIGHBOUR = 1\n"),),
    (File(at="{purelib}/one/theirs.txt", content=b"theirs\n", mode="400"), Directory(at="{purelib}/one/theirs")),
    (File(at="{purelib}/shared/data.bin", content=b"\0\xff", mode="666"),),
    (Directory(at="{purelib}/empty", mode="700"),),
    (Directory(at="{purelib}/closed/deep", mode="555"), Directory(at="{purelib}/closed", mode="555")),
    (Directory(at="{environment}/share/man/man1", mode="2775"),),
    (File(at="{scripts}/theirs", content=b"#!/bin/sh\nexit 0\n", mode="755"),),
    (File(at="{data}/share/theirs.txt", content=b"theirs\n"),),
    (File(at="{cache}/theirs/CACHEDIR.TAG", content=b"Signature: 8a477f597d28d172789f06886806bc55\n"),),
    (File(at="{temporary}/theirs.lock"), Directory(at="{temporary}/theirs", mode="1777")),
    (File(at="/elsewhere/theirs.txt", content=b"theirs\n"), Directory(at="/elsewhere/shared", mode="755")),
)
_NAMES: Final = ("one", "two-b", "Three", "four.dot")


@st.composite
def layouts(
    draw: Draw, *, types: tuple[MountType, ...] = ("tmpfs", "bind", "overlay"), contents: bool = True
) -> Layout:
    """Valid layouts: up to three mounts, two groups of links, two of contents, a permission. Shrink to the plain one.

    Args:
        draw: given by Hypothesis.
        types: of the mounts.
        contents: whether files and directories may be there from the start.
    """
    roles = Roles(**{"environment": draw(_ANY_ENVIRONMENT), **draw(_ANY_ROLES)})
    # Who mounts one volume in two places of an environment sees each file twice, in whatever RECORD one of them is.
    mounts = tuple({one.source or one.at: one for one in draw(_several_mounts(types))}.values())
    links = tuple(dict.fromkeys(one for group in draw(_ANY_LINKS) for one in group))
    permissions = tuple(draw(_ANY_PERMISSIONS))
    there = tuple(dict.fromkeys(one for group in draw(_ANY_CONTENTS) for one in group)) if contents else ()
    obstacle = any(_hinders(one) for one in mounts) or bool(permissions)
    made = Layout(
        name="composed",
        about="Composed at random",
        roles=roles,
        mounts=mounts,
        symlinks=links,
        files=tuple(one for one in there if isinstance(one, File)),
        directories=tuple(one for one in there if isinstance(one, Directory)),
        permissions=permissions,
        refusals=REFUSALS if obstacle else (),
    )
    if problems(made):
        return Layout(name="composed", about="Composed at random", roles=roles)
    return made


@lru_cache
def _several_mounts(types: tuple[MountType, ...]) -> st.SearchStrategy[list[Mount]]:
    return st.lists(_mounts(types), max_size=3, unique_by=lambda one: (one.at, one.after))


@st.composite
def _mounts(draw: Draw, types: tuple[MountType, ...]) -> Mount:
    kind = draw(_TYPES[types])
    after = draw(_MOUNT_MOMENTS)
    fields: dict[str, Any] = {"type": kind, "after": after, "at": draw(_ANY_PLACE)}
    flags = draw(_FLAGS)
    if kind == "bind":
        fields["source"] = draw(_SOURCES)
        if draw(_SIXTHS) == 5:
            fields |= {"file": True, "at": draw(_ANY_FILE)}
    elif kind == "tmpfs":
        fields |= draw(_TMPFS)
    else:
        fields["lowers"] = draw(_LAYERS) if after == "image" else 1
    return Mount(**fields, flags=flags)


# Strategies are made once: to make one costs more than to draw from it.
_TYPES: Final[dict[tuple[MountType, ...], st.SearchStrategy[MountType]]] = {
    types: st.sampled_from(types) for types in (("tmpfs", "bind", "overlay"), ("tmpfs", "bind"))
}
_MOUNT_MOMENTS: Final = st.sampled_from(("start", "start", "image"))
_ANY_PLACE: Final = st.sampled_from(_PLACES)
_ANY_FILE: Final = st.sampled_from(_FILES)
_FLAGS: Final = st.sampled_from(((), (), (), ("nosuid", "nodev"), ("noexec",), ("ro",)))
_SOURCES: Final = st.sampled_from((None, "volume", "other", "/elsewhere/bound"))
_SIXTHS: Final = st.integers(0, 5)
_LAYERS: Final = st.integers(1, 2)
_TMPFS: Final = st.sampled_from(({}, {}, {"size": "64k"}, {"inodes": 12}, {"mode": "1777"}, {"size": "4m"}))
_ANY_ENVIRONMENT: Final = st.sampled_from(_ENVIRONMENTS)
_ANY_ROLES: Final = st.sampled_from(_ROLES)
_ANY_LINKS: Final = st.lists(st.sampled_from(_LINKS), max_size=2)
_ANY_CONTENTS: Final = st.lists(st.sampled_from(_CONTENTS), max_size=2)
_ANY_PERMISSIONS: Final = st.lists(
    st.builds(
        Permission,
        at=_ANY_PLACE,
        mode=st.sampled_from(("700", "1777", "555")),
        after=st.sampled_from(("start", "image")),
    ),
    max_size=1,
)


def _hinders(mount: Mount) -> bool:
    """Whether somebody who meets this mount may have to give up."""
    return mount.file or "ro" in mount.flags or bool(mount.size) or bool(mount.inodes)


@st.composite
def wheel_sets(draw: Draw) -> tuple[Wheel, ...]:
    """Up to three distributions, of some of which there is a second version. Shrink towards one small wheel."""
    count = draw(_WHEELS)
    sharing = draw(_ANY_SHARING)
    found = []
    for name in draw(_ANY_NAMES)[:count]:
        parts = frozenset(draw(_ANY_PARTS))
        pure = draw(_EITHER)
        versions = ("1.0", "2.0") if draw(_EITHER) else ("1.0",)
        found += [made(name, version, parts, sharing, pure=pure) for version in versions]
    return tuple(found)


def _code(name: str, version: str) -> bytes:
    return f'NAME = "{name} {version}"\n\n\ndef main():\n    print("I am", NAME)\n'.encode()


# What a wheel may hold beside its package, by the name of the part: path -> content and mode; `{}` is its module's name
# and `@` its .data.
_EXTRAS: Final[dict[str, dict[str, tuple[str, int]]]] = {
    "nested": {"{}/sub/__init__.py": ("", 0o644), "{}/sub/deep/module.py": ("DEEP = '%s'\n", 0o644)},
    "empty": {"{}/empty.txt": ("", 0o644)},
    "large": {"{}/large.bin": ("%s" * 9000, 0o644)},
    "executable": {"{}/program": ("#!/bin/sh\necho %s\n", 0o755)},
    "beyond-ascii": {"{}/na\u00efve.txt": ("%s", 0o644), "{}/m\u00f3dulo.py": ("M = '%s'\n", 0o644)},
    "data-purelib": {"@/purelib/{}_pure.py": ("PURE = '%s'\n", 0o644)},
    "data-platlib": {"@/platlib/{}_plat.py": ("PLAT = '%s'\n", 0o644)},
    "data-script": {"@/scripts/{}-tool": ("#!python\nprint('I am %s')\n", 0o755)},
    "data-windowed": {"@/scripts/{}-window": ("#!pythonw\nprint('I am %s')\n", 0o755)},
    "data-shell": {"@/scripts/{}-shell": ("#!/bin/sh\necho 'I am %s'\n", 0o755)},
    "header": {"@/headers/{}.h": ("/* %s */\n", 0o644)},
    "data-share": {"@/data/share/{}/data.txt": ("%s\n", 0o644)},
    "data-man": {"@/data/share/man/man1/{}.1": ("%s\n", 0o644)},
    "data-bin": {"@/data/bin/{}-data": ("#!/bin/sh\necho 'I am %s'\n", 0o755)},
    "data-lib": {"@/data/lib/{}.txt": ("%s\n", 0o644)},
    "data-include": {"@/data/include/{}.h": ("/* %s */\n", 0o644)},
    "licence": {"!/licenses/LICENSE": ("for %s\n", 0o644)},
    "old-only": {},
}
PARTS: Final = (*_EXTRAS, "console", "windowed", "common-script", "common-data")
_WHEELS: Final = st.integers(1, 3)
_ANY_SHARING: Final = st.sampled_from(("none", "identical", "equal-size", "different"))
_ANY_NAMES: Final = st.permutations(_NAMES)
_ANY_PARTS: Final = st.sets(st.sampled_from(PARTS), max_size=6)
_EITHER: Final = st.booleans()
_SHARED: Final = {"identical": "# shared\n", "equal-size": "# of %s\n", "different": "# of %s, once more: %s\n"}


@lru_cache(maxsize=4096)
def made(name: str, version: str, parts: frozenset[str], sharing: str, *, pure: bool) -> Wheel:
    """One wheel of these parts; its content says its name and version."""
    module = name.replace("-", "_").replace(".", "_").lower()
    stem = f"{name.replace('-', '_')}-{version}"
    entries = [Entry(f"{module}/__init__.py", _code(name, version))]
    if sharing in _SHARED:
        entries.append(Entry("shared/__init__.py", _filled(_SHARED[sharing], name[:3], version)))
    for part in PARTS:
        for path, (text, mode) in _EXTRAS.get(part, {}).items() if part in parts else ():
            place = path.replace("{}", module).replace("@", f"{stem}.data").replace("!", f"{stem}.dist-info")
            entries.append(Entry(place, _filled(text, name, version), mode))
    if "old-only" in parts:
        entries.append(Entry(f"{module}/only_in_{version.replace('.', '_')}.py", b"ONLY = True\n"))
    if "common-data" in parts and sharing in _SHARED:
        entries.append(Entry(f"{stem}.data/data/share/common.txt", _filled(_SHARED[sharing], name[:3], version)))
    return wheel(name, version, entries, entry_points=_entry_points(module, parts), root_is_purelib=pure)


def _filled(text: str, name: str, version: str) -> bytes:
    return text.replace("%s", f"{name} {version}").encode()


def _entry_points(module: str, parts: frozenset[str]) -> str | None:
    console = [f"{module} = {module}:main"] * ("console" in parts)
    console += [f"common = {module}:main"] * ("common-script" in parts)
    windowed = [f"{module}-gui = {module}:main"] * ("windowed" in parts)
    groups = {"console_scripts": console, "gui_scripts": windowed}
    text = "\n".join(f"[{group}]\n" + "\n".join(lines) + "\n" for group, lines in groups.items() if lines)
    return text or None


@st.composite
def cases(draw: Draw, *, installer: str, actions: Collection[Action], link_modes: Collection[LinkMode]) -> Case:
    """Sequences of one to four steps somewhere.

    Args:
        draw: given by Hypothesis.
        installer: who.
        actions: those that it knows.
        link_modes: those that it knows.
    """
    wheels = draw(wheel_sets())
    steps = [_step(draw, wheels, ("install",), first=True)]
    steps += [_step(draw, wheels, tuple(sorted(actions)), first=False) for _ in range(draw(st.integers(0, 3)))]
    if any(one.image and not before.image for before, one in pairwise(steps)):
        steps = [Step(action=one.action, wheels=one.wheels, lifted=one.lifted and not one.image) for one in steps]
    return Case(
        layout=draw(layouts()),
        wheels=wheels,
        steps=tuple(steps),
        plan=Plan(),
        installer=installer,
        link_mode=draw(st.sampled_from(sorted(link_modes))),
    )


def _step(draw: Draw, wheels: tuple[Wheel, ...], actions: tuple[Action, ...], *, first: bool) -> Step:
    action = draw(st.sampled_from(actions))
    chosen: dict[str, Wheel] = {}
    for one in draw(st.lists(st.sampled_from(wheels), min_size=1, max_size=3)):
        chosen.setdefault(one.name, one)
    image = draw(st.integers(0, 3)) == 3
    lifted = not first and not image and draw(st.integers(0, 7)) == 7
    return Step(action=action, wheels=tuple(one.key for one in chosen.values()), image=image, lifted=lifted)
