"""What must hold inside a layout beyond its types: paths that stay in the site, roles that exist, keys that fit.

`check` is handed to the codec, so that these problems come together with the codec's own; `problems` judges a layout
that was made in code.
"""

from __future__ import annotations

import dataclasses
import errno
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from harness.errors import Problem
from harness.kernel.probes import CAPABILITIES
from harness.layouts.contents import MAX_BYTES, conflicts, entry_path, followed, link_targets, site_place
from harness.model import ROLES, Directory, Fact, File, Layout, Meddling, Mount, Permission, Roles, Symlink
from harness.model.codec import below, unknown

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_Judge: TypeAlias = Callable[[Any, str], Iterator[Problem]]

_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_REPORT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*#[0-9]+")
_SIZE: Final = re.compile(r"[1-9][0-9]{0,14}[kmg]?")
_OCTAL: Final = re.compile(r"[0-7]{3,4}")
_VOLUME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
# Without a comma: before Linux 6.5 an overlay's options were joined by commas (fs/fs_context.c, legacy_parse_param), as
# mount(8) has them still, and a second one could hide in the first.
_OPTION: Final = re.compile(r"[a-z][a-z0-9_]*\+?(=[^\0,]*)?")
# Options that are paths of the machine: of two `upperdir` the last one counts (overlayfs, params.c), and all writes go
# there.
_PLACES: Final = ("source", "lowerdir", "lowerdir+", "datadir+", "upperdir", "workdir")
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")

_ERRNOS: Final = tuple(sorted(errno.errorcode.values()))
_CAPABILITIES: Final = tuple(capability.name for capability in CAPABILITIES)
_PLACEHOLDERS: Final = (*ROLES, "site_packages", "python")
_MAX_PATH: Final = 512  # generous: the site's own root and a wheel's paths have to fit into PATH_MAX (4096) as well
_MAX_COMPONENT: Final = 255  # NAME_MAX, limits.h
# Of each kind of part: ours have at most a handful, and time to draw a layout up grows with their square and more.
_MAX_PARTS: Final = 64
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
_KEYS: Final = {
    "source": "from",
    "mounts": "mount",
    "symlinks": "symlink",
    "files": "file",
    "directories": "directory",
    "permissions": "permission",
    "facts": "verify",
}  # what files call a field, where it differs
# Roles that share nothing with any other; those of the schemes may lie inside each other.
_APART: Final = ("cache", "temporary", "wheelhouse")
_ABSENT: Final = Mount(at="/", type="tmpfs")
_TWO_PATHS: Final = ("link", "rename", "rename-directory", "same-device")


def check(kind: type[object], fields: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """The problems of one value of a layout by itself; see `harness.model.codec.Check`."""
    for name, content in fields.items():
        judge = _FIELDS.get((kind, name))
        if judge is not None and content is not None:
            yield from judge(content, below(where, _KEYS.get(name, name)))
    for judged, needed, judge in _TOGETHER:
        if judged is kind and fields.keys() >= needed:
            yield from judge(fields, where)


def problems(layout: Layout) -> tuple[Problem, ...]:
    """Every problem of a layout, its parts included, as its file would be told."""
    parts: list[tuple[Any, str]] = [(layout, ""), (layout.roles, "roles")]
    for key, values in (
        ("mount", layout.mounts),
        ("symlink", layout.symlinks),
        ("file", layout.files),
        ("directory", layout.directories),
        ("permission", layout.permissions),
        ("verify", layout.facts),
    ):
        parts += [(value, f"{key}[{index}]") for index, value in enumerate(values)]
    return tuple(problem for value, where in parts for problem in check(type(value), _fields(value), where))


def _fields(value: DataclassInstance) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _name(name: str, where: str) -> Iterator[Problem]:
    if not _NAME.fullmatch(name):
        yield Problem(where=where, message=f"{name!r:.100} is not lower-case words joined by hyphens")


def _reports(reports: Sequence[str], where: str) -> Iterator[Problem]:
    for index, report in enumerate(reports):
        if not _REPORT.fullmatch(report):
            yield Problem(where=f"{where}[{index}]", message=f"{report!r:.100} is not like 'uv#1513'")


def _refusals(names: Sequence[str], where: str) -> Iterator[Problem]:
    yield from _known(names, _ERRNOS, where)


def _requires(names: Sequence[str], where: str) -> Iterator[Problem]:
    yield from _known(names, _CAPABILITIES, where)


def _unwritable(names: Sequence[str], where: str) -> Iterator[Problem]:
    yield from _known(names, ROLES, where)


def _parts(parts: Sequence[object], where: str) -> Iterator[Problem]:
    if len(parts) > _MAX_PARTS:
        yield Problem(where=where, message=f"{len(parts)} of them are more than {_MAX_PARTS}")


def _known(names: Sequence[str], known: Sequence[str], where: str) -> Iterator[Problem]:
    for index, name in enumerate(names):
        if name not in known:
            yield Problem(where=f"{where}[{index}]", message=unknown(name, known))


def _options(options: Sequence[str], where: str) -> Iterator[Problem]:
    for index, option in enumerate(options):
        key = option.partition("=")[0]
        if not _OPTION.fullmatch(option):
            yield Problem(
                where=f"{where}[{index}]", message=f"{option!r:.100} is not an option like 'key' or 'key=value'"
            )
        elif key in _PLACES:
            message = (
                f"{option!r:.100} names a place, which could lie outside of the site: layers are exdev's to choose"
            )
            yield Problem(where=f"{where}[{index}]", message=message)


def _octal(mode: str, where: str) -> Iterator[Problem]:
    if not _OCTAL.fullmatch(mode):
        yield Problem(where=where, message=f"{mode!r:.100} is not an octal mode like '755' or '1777'")


def _size(size: str, where: str) -> Iterator[Problem]:
    if not _SIZE.fullmatch(size):
        yield Problem(where=where, message=f"{size!r:.100} is not a size like '65536', '64k', '1m' or '2g'")


def _between(low: int, high: int, what: str) -> _Judge:
    def judge(number: int, where: str) -> Iterator[Problem]:
        if not low <= number <= high:
            yield Problem(where=where, message=f"{number} is not {what}: {low} to {high}")

    return judge


def _source(source: str, where: str) -> Iterator[Problem]:
    """A bind's source: a bare name is a volume, everything else a path."""
    if not _VOLUME.fullmatch(source):
        yield from _template(source, where)


def _undeclared(layout: Mapping[str, Any], where: str) -> Iterator[Problem]:
    for index, permission in enumerate(layout["permissions"]):
        if (permission.owner, permission.group) != (None, None) and "chown" not in layout["requires"]:
            message = "only root may give files away: a layout that does must say requires = ['chown']"
            yield Problem(where=below(where, f"permission[{index}]"), message=message)


def _overlapping(layout: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """What lies in two roles would be judged by the rules of both: an installer could not but break some of them."""
    roles = layout["roles"]
    if any(check(Roles, _fields(roles), "")):
        return
    places = {role: site_place(roles, getattr(roles, role)) for role in ROLES}
    schemes = [role for role in ROLES if role not in _APART]
    for index, role in enumerate(_APART):
        for other in (*_APART[:index], *schemes):
            if _overlap(places[role], places[other]):
                message = f"{role} at {places[role]} and {other} at {places[other]} overlap"
                yield Problem(where=below(where, f"roles.{role}"), message=message)
                break  # schemes lie in each other: the first says it for all of them


def _overlap(one: str, other: str) -> bool:
    """Whether two normal paths are the same, or one lies inside the other."""
    one, other = f"{one.rstrip('/')}/", f"{other.rstrip('/')}/"
    return one.startswith(other) or other.startswith(one)


def _hiding(layout: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """A mount that hides an earlier one: nothing could be said of the hidden one, nor be done to it.

    After the image steps a mount may cover the very place of one laid at the start, but not one below its own place:
    neither an overlay nor a bind shows the mounts that lie below what it shows (overlayfs.rst; mount(8), --rbind).
    """
    roles = layout["roles"]
    if any(check(Roles, _fields(roles), "")):
        return
    sound = [(index, mount) for index, mount in enumerate(layout["mounts"]) if not any(_template(mount.at, ""))]
    laid: list[tuple[int, str, str]] = []
    for index, mount in sorted(sound, key=lambda pair: pair[1].after == "image"):
        place = site_place(roles, mount.at)
        for earlier, covered, after in laid:
            is_below = covered != place and covered.startswith(place.rstrip("/") + "/")
            if is_below or (covered, after) == (place, mount.after):
                message = f"{place} hides mount[{earlier}] at {covered}, which is laid before it"
                yield Problem(where=below(where, f"mount[{index}].at"), message=message)
        laid.append((index, place, mount.after))


def _moving(layout: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """A mount laid after the image that hides a link on the way to a role: what was installed there would be elsewhere.

    A site's roles lie where they lie from the beginning to the end; trees before and after could not be compared.
    """
    roles, symlinks = layout["roles"], layout["symlinks"]
    mounts = [(index, mount) for index, mount in enumerate(layout["mounts"]) if mount.after == "image"]
    if not mounts or not symlinks or not _leads_somewhere(layout, (mount.at for _, mount in mounts)):
        return
    links = link_targets(roles, symlinks)
    entries = {symlink: entry_path(site_place(roles, symlink.at), links) or "" for symlink in symlinks}
    for index, mount in mounts:
        mount_point = followed(site_place(roles, mount.at), links)
        visible = [symlink for symlink, path in entries.items() if not path.startswith(f"{mount_point}/")]
        links_after = link_targets(roles, visible)
        for role in ROLES:
            path = site_place(roles, getattr(roles, role))
            if followed(path, links) != followed(path, links_after):
                message = f"hides a link that leads to {role}, which would lie elsewhere after the image steps"
                yield Problem(where=below(where, f"mount[{index}].at"), message=message)
                break


def _sealed(layout: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """A permission after the image on a mount that is read-only by then: nobody could set it (EROFS)."""
    roles, mounts = layout["roles"], layout["mounts"]
    later = [
        (index, permission) for index, permission in enumerate(layout["permissions"]) if permission.after == "image"
    ]
    ats = [part.at for part in (*mounts, *layout["permissions"])]
    if not later or not mounts or not _leads_somewhere(layout, ats):
        return
    links = link_targets(roles, layout["symlinks"])

    def end_of(at: str) -> str:
        return f"{followed(site_place(roles, at), links)}".rstrip("/")

    laid = [(end_of(mount.at), mount.after == "image", index) for index, mount in enumerate(mounts)]
    for index, permission in later:
        path = f"{end_of(permission.at)}/"
        _, is_late, number = max((part for part in laid if path.startswith(f"{part[0]}/")), default=("", True, 0))
        if not is_late and "ro" in mounts[number].flags:
            message = f"{permission.at} lies on mount[{number}], which is read-only by then"
            yield Problem(where=below(where, f"permission[{index}].after"), message=message)


def _leads_somewhere(layout: Mapping[str, Any], ats: Iterable[str]) -> bool:
    """Whether roles, links and these paths are right by themselves: only then can be asked where the paths lead."""
    if any(check(Roles, _fields(layout["roles"]), "")) or any(_flawed(symlink) for symlink in layout["symlinks"]):
        return False
    return not any(any(_template(at, "")) for at in ats) and not any(_looping(layout, ""))


def _looping(layout: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """A link that leads back to itself, by way of others or not: the kernel follows it nowhere (ELOOP)."""
    roles = layout["roles"]
    if any(check(Roles, _fields(roles), "")) or any(_flawed(one) for one in layout["symlinks"]):
        return
    links = link_targets(roles, layout["symlinks"])
    for index, symlink in enumerate(layout["symlinks"]):
        if followed(site_place(roles, symlink.at), links) is None:
            message = f"leads back to itself: {symlink.at} -> {symlink.to}"
            yield Problem(where=below(where, f"symlink[{index}].to"), message=message)


def _flawed(symlink: Symlink) -> bool:
    return any(_template(symlink.at, "")) or any(_target(symlink.to, ""))


def _crowded(layout: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """Files and directories that something else of the layout is in the way of."""
    if not layout["files"] and not layout["directories"]:
        return
    ats = [part.at for name in ("mounts", "files", "directories", "permissions") for part in layout[name]]
    sources = [mount.source for mount in layout["mounts"] if mount.source]
    if any(any(_source(source, "")) for source in sources) or not _leads_somewhere(layout, ats):
        return
    for problem in conflicts(layout):
        yield dataclasses.replace(problem, where=below(where, problem.where))


def _changed(at: str, where: str) -> Iterator[Problem]:
    """What somebody else changes between steps; an import is of a module, and has no path."""
    if at:
        yield from _template(at, where)


def _content(content: bytes, where: str) -> Iterator[Problem]:
    if len(content) > MAX_BYTES:
        yield Problem(where=where, message=f"{len(content)} bytes are more than {MAX_BYTES}")


def _mount(mount: Mapping[str, Any], where: str) -> Iterator[Problem]:
    for name, types in _FITS.items():
        absent = getattr(_ABSENT, name)
        if mount.get(name, absent) != absent and mount["type"] not in types:
            message = f"means nothing for {mount['type']}, only for {' and '.join(types)}"
            yield Problem(where=below(where, _KEYS.get(name, name)), message=message)
    if mount["type"] == "overlay" and mount.get("lowers", 1) > 1 and mount.get("after") == "start":
        message = f"{mount['lowers']} layers are made by the image steps: it needs after = 'image'"
        yield Problem(where=f"{where}.lowers", message=message)


def _fact(fact: Mapping[str, Any], where: str) -> Iterator[Problem]:
    deed, to = fact["do"], fact["to"]
    if to is not None and deed not in _TWO_PATHS:
        yield Problem(where=f"{where}.to", message=f"means nothing for {deed}: it has one path")
    if to is None and deed == "same-device":
        yield Problem(where=f"{where}.to", message="missing: a device is the same as another")
    answers = ("yes", "no") if deed == "same-device" else ("ok", *_ERRNOS)
    if fact.get("gives", answers[0]) not in answers:
        yield Problem(where=f"{where}.gives", message=unknown(fact["gives"], answers))


def _circles(roles: Mapping[str, Any], where: str) -> Iterator[Problem]:
    for start in ROLES:
        seen = [start]
        while (leads := _leads_to(roles[seen[-1]])) and leads in ROLES and leads not in seen:
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
        if name not in _PLACEHOLDERS:
            yield unknown(name, _PLACEHOLDERS), True
    start = _PLACEHOLDER.match(template)
    after = template[start.end() :] if start else ""
    yield "neither absolute nor starting with a role", not template.startswith("/") and names[:1] in ([], ["python"])
    yield "a role must be followed by '/'", not after.startswith("/") and after != ""
    yield "a role can only stand at the start", any(name != "python" for name in (names[1:] if start else names))


# What is judged by itself, also where its neighbours in the file are wrong.
_FIELDS: Final[Mapping[tuple[type[object], str], _Judge]] = {
    (Layout, "name"): _name,
    (Layout, "reports"): _reports,
    (Layout, "requires"): _requires,
    (Layout, "refusals"): _refusals,
    (Layout, "unwritable"): _unwritable,
    (Layout, "mounts"): _parts,
    (Layout, "symlinks"): _parts,
    (Layout, "files"): _parts,
    (Layout, "directories"): _parts,
    (Layout, "permissions"): _parts,
    (Layout, "facts"): _parts,
    (Mount, "at"): _template,
    (Mount, "source"): _source,
    (Mount, "size"): _size,
    (Mount, "inodes"): _between(1, 1 << 32, "a number of inodes"),
    (Mount, "mode"): _octal,
    (Mount, "lowers"): _between(1, 16, "a number of layers"),
    (Mount, "options"): _options,
    (Symlink, "at"): _template,
    (Symlink, "to"): _target,
    (File, "at"): _template,
    (File, "content"): _content,
    (File, "mode"): _octal,
    (Directory, "at"): _template,
    (Directory, "mode"): _octal,
    (Meddling, "at"): _changed,
    (Meddling, "content"): _content,
    (Meddling, "mode"): _octal,
    (Permission, "at"): _template,
    (Permission, "mode"): _octal,
    (Permission, "owner"): _between(0, _MAX_ID, "an id"),
    (Permission, "group"): _between(0, _MAX_ID, "an id"),
    **{(Roles, role): _template for role in ROLES},
    (Fact, "source"): _template,
    (Fact, "to"): _template,
}

# What is judged together, where at least these fields are right.
_TOGETHER: Final[Sequence[tuple[type[object], AbstractSet[str], _Judge]]] = (
    (Layout, {"permissions", "requires"}, _undeclared),
    (Layout, {"roles"}, _overlapping),
    (Layout, {"mounts", "roles"}, _hiding),
    (Layout, {"mounts", "roles", "symlinks"}, _moving),
    (Layout, {"mounts", "permissions", "roles", "symlinks"}, _sealed),
    (Layout, {"symlinks", "roles"}, _looping),
    (Layout, {"mounts", "symlinks", "files", "directories", "permissions", "roles"}, _crowded),
    (Mount, {"type"}, _mount),
    (Roles, {*ROLES}, _circles),
    (Fact, {"do", "to"}, _fact),
)
