"""What must hold inside a layout beyond its types: paths that stay in the site, roles that exist, keys that fit.

`check` is handed to the codec, so that these problems come together with the codec's own; `problems` judges a layout
that was made in code.
"""

from __future__ import annotations

import errno
import os
import re
from typing import TYPE_CHECKING, Final

from harness.errors import Problem
from harness.kernel.probes import CAPABILITIES
from harness.model import ROLES, Fact, Layout, Mount, Permission, Roles, Symlink
from harness.model.codec import unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_REPORT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*#[0-9]+")
_SIZE: Final = re.compile(r"[1-9][0-9]{0,14}[kmg]?")
_OCTAL: Final = re.compile(r"[0-7]{3,4}")
_VOLUME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")

_ERRNOS: Final = tuple(sorted(errno.errorcode.values()))
_CAPABILITIES: Final = tuple(capability.name for capability in CAPABILITIES)
_PLACEHOLDERS: Final = (*ROLES, "site_packages", "python")
_MAX_PATH: Final = 512  # generous: the site's own root and a wheel's paths have to fit into PATH_MAX (4096) as well
_MAX_COMPONENT: Final = 255  # NAME_MAX, limits.h
_MAX_LOWERS: Final = 16
_MAX_INODES: Final = 1 << 32
_MAX_ID: Final = (1 << 32) - 2  # (uid_t)-1 means "leave it" to chown(2)

# Which keys mean something for which type of mount; what is not named here fits all of them.
_FITS: Final = {
    "source": ("bind",),
    "file": ("bind",),
    "size": ("tmpfs",),
    "inodes": ("tmpfs",),
    "mode": ("tmpfs",),
    "lowers": ("overlay",),
    "options": ("tmpfs", "overlay"),
}
_ABSENT: Final = Mount(at="/", type="tmpfs")
_TWO_PATHS: Final = ("link", "rename", "rename-directory", "same-device")


def check(value: object, where: str) -> Iterator[Problem]:
    """The problems of one value of a layout by itself; `where` is its path in the file it came from."""
    match value:
        case Layout():
            yield from _layout(value, where)
        case Mount():
            yield from _mount(value, where)
        case Symlink():
            yield from _template(value.at, f"{where}.at")
            yield from _target(value.to, f"{where}.to")
        case Permission():
            yield from _permission(value, where)
        case Roles():
            yield from _roles(value, where)
        case Fact():
            yield from _fact(value, where)


def problems(layout: Layout) -> tuple[Problem, ...]:
    """Every problem of a layout, its parts included, as its file would be told."""
    parts: list[tuple[object, str]] = [(layout, ""), (layout.roles, "roles")]
    for key, values in (
        ("mount", layout.mounts),
        ("symlink", layout.symlinks),
        ("permission", layout.permissions),
        ("verify", layout.facts),
    ):
        parts += [(value, f"{key}[{index}]") for index, value in enumerate(values)]
    return tuple(problem for value, where in parts for problem in check(value, where))


def _layout(layout: Layout, where: str) -> Iterator[Problem]:
    prefix = f"{where}." if where else ""
    if not _NAME.fullmatch(layout.name):
        yield Problem(where=f"{prefix}name", message=f"{layout.name!r} is not lower-case words joined by hyphens")
    for index, report in enumerate(layout.reports):
        if not _REPORT.fullmatch(report):
            yield Problem(where=f"{prefix}reports[{index}]", message=f"{report!r} is not like 'uv#1513'")
    for index, name in enumerate(layout.refusals):
        if name not in _ERRNOS:
            yield Problem(where=f"{prefix}refusals[{index}]", message=unknown(name, _ERRNOS))
    for index, name in enumerate(layout.requires):
        if name not in _CAPABILITIES:
            yield Problem(where=f"{prefix}requires[{index}]", message=unknown(name, _CAPABILITIES))
    yield from _undeclared(layout, prefix)


def _undeclared(layout: Layout, prefix: str) -> Iterator[Problem]:
    for index, permission in enumerate(layout.permissions):
        if (permission.owner, permission.group) != (None, None) and "chown" not in layout.requires:
            message = "only root may give files away: a layout that does must say requires = ['chown']"
            yield Problem(where=f"{prefix}permission[{index}]", message=message)


def _mount(mount: Mount, where: str) -> Iterator[Problem]:
    yield from _template(mount.at, f"{where}.at")
    for name, types in _FITS.items():
        if getattr(mount, name) != getattr(_ABSENT, name) and mount.type not in types:
            key = "from" if name == "source" else name
            message = f"means nothing for {mount.type}, only for {' and '.join(types)}"
            yield Problem(where=f"{where}.{key}", message=message)
    if mount.source is not None and not _VOLUME.fullmatch(mount.source):
        yield from _template(mount.source, f"{where}.from")
    if mount.size is not None and not _SIZE.fullmatch(mount.size):
        yield Problem(where=f"{where}.size", message=f"{mount.size!r} is not a size like '65536', '64k', '1m' or '2g'")
    if mount.inodes is not None and not 1 <= mount.inodes <= _MAX_INODES:
        yield Problem(where=f"{where}.inodes", message=f"{mount.inodes} is not a number of inodes: 1 to {_MAX_INODES}")
    yield from _octal(mount.mode, f"{where}.mode")
    yield from _lowers(mount, where)
    for index, option in enumerate(mount.options):
        if not option or "\0" in option:
            yield Problem(where=f"{where}.options[{index}]", message=f"{option!r} is not an option")


def _lowers(mount: Mount, where: str) -> Iterator[Problem]:
    if not 1 <= mount.lowers <= _MAX_LOWERS:
        yield Problem(where=f"{where}.lowers", message=f"{mount.lowers} is not a number of layers: 1 to {_MAX_LOWERS}")
    elif mount.lowers > 1 and mount.after != "image":
        message = f"{mount.lowers} layers are made by the image steps: it needs after = 'image'"
        yield Problem(where=f"{where}.lowers", message=message)


def _permission(permission: Permission, where: str) -> Iterator[Problem]:
    yield from _template(permission.at, f"{where}.at")
    yield from _octal(permission.mode, f"{where}.mode")
    for key in ("owner", "group"):
        number = getattr(permission, key)
        if number is not None and not 0 <= number <= _MAX_ID:
            yield Problem(where=f"{where}.{key}", message=f"{number} is not an id: 0 to {_MAX_ID}")


def _octal(mode: str | None, where: str) -> Iterator[Problem]:
    if mode is not None and not _OCTAL.fullmatch(mode):
        yield Problem(where=where, message=f"{mode!r} is not an octal mode like '755' or '1777'")


def _fact(fact: Fact, where: str) -> Iterator[Problem]:
    yield from _template(fact.source, f"{where}.from")
    if fact.to is not None:
        yield from _template(fact.to, f"{where}.to")
        if fact.do not in _TWO_PATHS:
            yield Problem(where=f"{where}.to", message=f"means nothing for {fact.do}: it has one path")
    answers = ("yes", "no") if fact.do == "same-device" else ("ok", *_ERRNOS)
    if fact.gives not in answers:
        yield Problem(where=f"{where}.gives", message=unknown(fact.gives, answers))
    if fact.to is None and fact.do == "same-device":
        yield Problem(where=f"{where}.to", message="missing: a device is the same as another")


def _roles(roles: Roles, where: str) -> Iterator[Problem]:
    broken = False
    for role in ROLES:
        for problem in _template(getattr(roles, role), f"{where}.{role}"):
            broken = True
            yield problem
    if not broken:
        yield from _circles(roles, where)


def _circles(roles: Roles, where: str) -> Iterator[Problem]:
    for start in ROLES:
        seen = [start]
        while (leads := _leads_to(getattr(roles, seen[-1]))) and leads not in seen:
            seen.append(leads)
        if leads == start:
            yield Problem(where=f"{where}.{start}", message=f"refers to itself: {' -> '.join((*seen, start))}")


def _leads_to(template: str) -> str | None:
    """The role a template starts with. Only there may one stand, so following them is a walk and not a tree."""
    start = _PLACEHOLDER.match(template)
    return None if start is None else {"site_packages": "purelib"}.get(start[1], start[1])


def _target(to: str, where: str) -> Iterator[Problem]:
    """A symlink's target: a template, or a path relative to the link."""
    yield from _template(to if to.startswith(("/", "{")) else f"/{to}", where, shown=to)


def _template(template: str, where: str, shown: str | None = None) -> Iterator[Problem]:
    message = _flaw(template)
    if message:
        yield Problem(where=where, message=f"{template if shown is None else shown!r:.100}: {message}")


def _flaw(template: str) -> str | None:
    """What is wrong with a path inside the site."""
    return next((message for message, wrong in (*_form(template), *_placeholders(template)) if wrong), None)


def _form(template: str) -> Iterator[tuple[str, bool]]:
    components = template.removesuffix("/").split("/")
    lengths = [len(os.fsencode(component)) for component in components]
    yield "holds a NUL byte", "\0" in template
    yield f"longer than {_MAX_PATH} bytes", sum(lengths) + len(lengths) > _MAX_PATH
    yield f"a name longer than {_MAX_COMPONENT} bytes", max(lengths) > _MAX_COMPONENT
    yield "'..' could leave the site", ".." in components
    yield "'.' and empty names are not needed", "." in components or "" in components[1:]


def _placeholders(template: str) -> Iterator[tuple[str, bool]]:
    names = [match[1] for match in _PLACEHOLDER.finditer(template)]
    literal = _PLACEHOLDER.sub("", template)
    yield "a brace without its partner", "{" in literal or "}" in literal
    for name in names:
        yield unknown(name, _PLACEHOLDERS), name not in _PLACEHOLDERS
    start = _PLACEHOLDER.match(template)
    after = template[start.end() :] if start else ""
    yield "neither absolute nor starting with a role", not template.startswith("/") and names[:1] in ([], ["python"])
    yield "a role must be followed by '/'", not after.startswith("/") and after != ""
    yield "a role can only stand at the start", any(name != "python" for name in (names[1:] if start else names))
