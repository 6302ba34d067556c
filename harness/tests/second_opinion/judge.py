"""The judge: what a user would complain about after each step; it knows archives and the site, and no contract."""

from __future__ import annotations

import base64
import configparser
import hashlib
import io
import json
import os
import re
import sys
import zipfile
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from harness.installers.environment import Place
from harness.kernel import children
from harness.wheels.archive import write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from harness.installers import Installer
    from harness.installers.protocol import Abilities
    from harness.layouts import Site
    from harness.model import Case, Outcome, Step, Wheel

_LOOK: Final = f"{os.path.dirname(os.path.abspath(__file__))}/look.py"
_SECONDS: Final = 60.0
_SCHEMES: Final = ("environment", "purelib", "platlib", "scripts", "data", "headers")
_OWN: Final = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "RECORD.jws", "RECORD.p7s")
_BYTECODE: Final = re.compile(r"(?P<directory>.*)/__pycache__/(?P<module>[^/]+?)\.[^/]+\.pyc")


class Complaint(NamedTuple):
    """One thing that a user would complain about.

    Attributes:
        kind: what is wrong (`file-missing`, `script`, `left`, ...).
        path: where, below the site's root; or the name of a module or distribution.
        detail: what was seen there.
    """

    kind: str
    path: str
    detail: str = ""


class Brought(NamedTuple):
    """One file of an archive, and where it goes.

    Attributes:
        places: where it may lie (headers have several spellings), the first one preferred.
        content: its bytes.
        script: its first line is the installer's affair.
        module: the name by which it is imported; empty: by none.
    """

    places: tuple[str, ...]
    content: bytes
    script: bool = False
    module: str = ""


class Package(NamedTuple):
    """All that a wheel brings to a site.

    Attributes:
        files: from the archive.
        scripts: the paths of what its entry points ask for.
        info: the path of its .dist-info.
    """

    files: tuple[Brought, ...]
    scripts: tuple[str, ...]
    info: str


@dataclass(kw_only=True)
class Witness:
    """An installer that is watched: after each step the judge looks at the site.

    Attributes:
        installer: who does the work.
        case: whose steps are judged; those of its control run are not.
        complaints: what was found, for each step.
    """

    installer: Installer
    case: Case
    complaints: list[tuple[Complaint, ...]] = field(default_factory=list)
    _present: tuple[Wheel, ...] = ()
    _last: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _first: frozenset[str] | None = None

    @property
    def name(self) -> str:
        """As the installer's."""
        return self.installer.name

    @property
    def abilities(self) -> Abilities:
        """As the installer's."""
        return self.installer.abilities

    def prepare(self, site: Site) -> None:
        """As the installer does."""
        self.installer.prepare(site)

    def perform(self, step: Step, case: Case, site: Site) -> Outcome:
        """The installer's step, then a look."""
        if case is not self.case:
            return self.installer.perform(step, case, site)
        before = _files(site)
        if self._first is None:
            self._first = frozenset(before)
        self._taken |= {path for path, status in self._last.items() if before.get(path) != status}
        outcome = self.installer.perform(step, case, site)
        after = _files(site)
        moment = Moment(step, case, site, outcome, self._present, before, after, frozenset(self._taken), self._first)
        judgement = Judgement(moment)
        self.complaints.append(tuple(sorted(set(judgement.complaints()))))
        self._present = judgement.present
        self._last = after
        return outcome


class Moment(NamedTuple):
    """One step, done."""

    step: Step
    case: Case
    site: Site
    outcome: Outcome
    present: tuple[Wheel, ...]
    before: Mapping[str, tuple[int, int, int]]
    after: Mapping[str, tuple[int, int, int]]
    taken: frozenset[str]
    first: frozenset[str]


class Judgement:
    """The judge's look at one moment.

    Attributes:
        present: the wheels that are installed after it.
    """

    def __init__(self, moment: Moment) -> None:
        self.moment = moment
        self.asked = tuple(moment.case.wheel(key) for key in moment.step.wheels)
        self.packages = {wheel.key: package(wheel, moment.site) for wheel in moment.case.wheels}
        # All wheels that could be there are looked for: which of them are wanted shows only then.
        self.hoped = self._hoped()
        self.facts = self._look(self.hoped)
        self.listed = self._listed()
        self.present = self._settled()
        self.claims = self._claims()

    def complaints(self) -> Iterator[Complaint]:
        """Everything."""
        yield from self._lists()
        for wheel in self.present:
            if wheel.key in self.listed:
                yield from self._whole(wheel)
        yield from self._works()
        yield from self._left()
        yield from self._strays()
        yield from self._exit()

    def _hoped(self) -> tuple[Wheel, ...]:
        """What is installed if the step does what it was asked."""
        step, present = self.moment.step, self.moment.present
        if step.action == "warm":
            return present
        names = {normal(wheel.name) for wheel in self.asked}
        rest = tuple(wheel for wheel in present if normal(wheel.name) not in names)
        return rest if step.action == "uninstall" else (*rest, *self.asked)

    def _settled(self) -> tuple[Wheel, ...]:
        """What is installed: as asked, or after a failure what is listed."""
        if self.moment.outcome.exit == 0:
            return self.hoped
        possible = dict.fromkeys((*self.moment.present, *self.asked))
        return tuple(wheel for wheel in possible if wheel.key in self.listed)

    def _look(self, wheels: Iterable[Wheel]) -> dict[str, Any]:
        site = self.moment.site
        place = Place(site)
        borrowed = not os.path.exists(place.python)
        packages = [self.packages[wheel.key] for wheel in wheels]
        modules = {one.module: None for one in self._importable(packages)}
        scripts = [path for one in packages for path in one.scripts]
        scripts += [one.places[0] for package in packages for one in package.files if one.script]
        request = {
            "libraries": [site.role("purelib"), site.role("platlib")],
            "borrowed": borrowed,
            "instead_of": place.python if borrowed else "",
            "modules": list(modules),
            "scripts": list(dict.fromkeys(scripts)),
        }
        os.makedirs(place.home, exist_ok=True)
        path = f"{place.aside}/opinion.json"
        with open(path, "w", encoding="utf-8") as file:
            json.dump(request, file)
        python = os.path.realpath(getattr(sys, "_base_executable", sys.executable)) if borrowed else place.python
        command = place.command(python, "-IB", _LOOK, path)
        ended = children.run(command, seconds=_SECONDS, writable=place.writable)
        os.unlink(path)
        if ended.exit:
            raise AssertionError(f"the judge could not look: {ended.errors}")
        facts: dict[str, Any] = json.loads(ended.output)
        return facts

    def _importable(self, packages: Iterable[Package]) -> list[Brought]:
        """A package that lies in both libraries is one of them only, which is nobody's fault."""
        found = [one for package in packages for one in package.files if one.module]
        homes: dict[str, set[str]] = {}
        for one in found:
            depth = one.module.count(".") + 1 + one.places[0].endswith("/__init__.py")
            top = os.path.realpath("/".join(one.places[0].split("/")[:-depth]))
            homes.setdefault(one.module.partition(".")[0], set()).add(top)
        return [one for one in found if len(homes[one.module.partition(".")[0]]) == 1]

    def _listed(self) -> dict[str, list[dict[str, Any]]]:
        """The distributions that are there, by the key of the case's wheel."""
        found: dict[str, list[dict[str, Any]]] = {}
        for one in self.facts["distributions"]:
            for wheel in self.moment.case.wheels:
                if one["name"] and normal(one["name"]) == normal(wheel.name) and one["version"] == wheel.version:
                    found.setdefault(wheel.key, []).append(one)
        return found

    def _claims(self) -> dict[str, set[str]]:
        """By place, the sha256 of all contents that belong there."""
        found: dict[str, set[str]] = {}
        for wheel in self.moment.case.wheels:
            for one in self.packages[wheel.key].files:
                for place in one.places:
                    found.setdefault(real(place), set()).add(hashlib.sha256(one.content).hexdigest())
        return found

    def _lists(self) -> Iterator[Complaint]:
        present = {wheel.key for wheel in self.present}
        for wheel in self.present:
            info = self.packages[wheel.key].info
            if wheel.key not in self.listed and not self._excused(f"{info}/METADATA", wheel):
                yield self._complaint("not-listed", info)
        for key, found in self.listed.items():
            if key not in present:
                yield self._complaint("still-listed", found[0]["info"])
            if len(found) > 1:
                yield self._complaint("listed-twice", found[1]["info"], found[0]["info"])
        for one in self.facts["distributions"]:
            if one["name"] is None and real(f"{one['info']}/METADATA") not in self.moment.taken:
                yield self._complaint("nameless", one["info"])

    def _whole(self, wheel: Wheel) -> Iterator[Complaint]:
        """RECORD's rows are true, and the archive's files are among them and as in the archive."""
        rows = self.listed[wheel.key][0]["rows"]
        if rows is None:
            yield self._complaint("no-record", self.listed[wheel.key][0]["info"])
            return
        places: dict[str, dict[str, Any]] = {}
        for row in rows:
            if row["path"] in places:
                yield self._complaint("row-twice", row["path"])
            places[row["path"]] = row
            if not self._excused(row["path"], wheel):
                yield from self._row(row)
        for one in self.packages[wheel.key].files:
            found = next((places[real(place)] for place in one.places if real(place) in places), None)
            if found is None:
                yield self._complaint("unlisted", one.places[0])
            elif found["kind"] == "file" and not self._excused(found["path"], wheel):
                yield from self._content(one, found, wheel)
        for path in self.packages[wheel.key].scripts:
            if real(path) not in places:
                yield self._complaint("unlisted", path)

    def _row(self, row: Mapping[str, Any]) -> Iterator[Complaint]:
        path = row["path"]
        if row["kind"] != "file":
            yield self._complaint("file-missing", path, row["kind"])
        elif row["hash"] is None:
            if not path.endswith((".dist-info/RECORD", ".pyc")):
                yield self._complaint("no-hash", path)
        elif not row.get("agrees") and not self._is_shared(path, row):
            yield self._complaint("wrong-hash", path)
        elif row["claimed_size"] not in {None, row["size"]} and not self._is_shared(path, row):
            yield self._complaint("wrong-size", path)

    def _is_shared(self, path: str, row: Mapping[str, Any]) -> bool:
        """What another wheel of the case brings there, or a script that several bring."""
        bring = [key for key, one in self.packages.items() if path in map(real, one.scripts)]
        return row["sha256"] in self.claims.get(path, ()) or len(bring) + len(self.claims.get(path, ())) > 1

    def _content(self, one: Brought, found: Mapping[str, Any], wheel: Wheel) -> Iterator[Complaint]:
        if found["sha256"] == hashlib.sha256(one.content).hexdigest():
            return
        claimants = [other for other in self.moment.case.wheels if normal(other.name) != normal(wheel.name)]
        for other in claimants:
            for theirs in self.packages[other.key].files:
                if found["path"] in map(real, theirs.places) and _equal(theirs, found):
                    return
            if found["path"] in map(real, self.packages[other.key].scripts):
                return
        if not _equal(one, found):
            yield self._complaint("content", found["path"], f"{found['size']} bytes, not {len(one.content)}")

    def _works(self) -> Iterator[Complaint]:
        """Every module is imported and every script runs, of what is there at all."""
        here = [self.packages[wheel.key] for wheel in self.present if wheel.key in self.listed]
        for one in self._importable(here):
            why = self.facts["imports"].get(one.module, "")
            if why and not any(real(place) in self.moment.taken for place in one.places):
                yield Complaint("import", one.module, why[:200])
        for package in here:
            for path in (*package.scripts, *(one.places[0] for one in package.files if one.script)):
                why = self.facts["scripts"].get(path, "")
                if why and real(path) not in self.moment.taken:
                    yield self._complaint("script", path, why[:200])

    def _left(self) -> Iterator[Complaint]:
        """Files, .dist-info and bytecode of what this step removed."""
        kept = {real(place) for wheel in self.present for place in self._places(wheel)}
        kept |= {row["path"] for found in self.listed.values() for one in found for row in one["rows"] or ()}
        for wheel in self.moment.present:
            if wheel in self.present:
                continue
            for path in {real(place) for place in self._places(wheel)} - kept - self.moment.first:
                if os.path.lexists(path) and not os.path.isdir(path):
                    yield self._complaint("left", path)
                yield from self._bytecode(path)
            info = self.packages[wheel.key].info
            if os.path.isdir(info) and real(f"{info}/RECORD") not in kept:
                yield self._complaint("left", info)

    def _bytecode(self, path: str) -> Iterator[Complaint]:
        directory, name = os.path.split(path)
        cached = f"{directory}/__pycache__"
        if path.endswith(".py") and os.path.isdir(cached):
            for found in os.listdir(cached):
                if found.startswith(f"{name.removesuffix('.py')}.") and not os.path.exists(path):
                    yield self._complaint("left-bytecode", f"{cached}/{found}")

    def _strays(self) -> Iterator[Complaint]:
        """New files that nobody claims."""
        known = {row["path"] for one in self.facts["distributions"] for row in one["rows"] or ()}
        for path in self.moment.after.keys() - self.moment.before.keys() - known:
            bytecode = _BYTECODE.fullmatch(path)
            if bytecode and f"{bytecode['directory']}/{bytecode['module']}.py" in known:
                continue
            if not path.endswith(".lock"):
                yield self._complaint("stray", path)

    def _exit(self) -> Iterator[Complaint]:
        """A failure that the layout does not allow, or one over a success."""
        moment, step = self.moment, self.moment.step
        if moment.outcome.exit == 0:
            return
        absent = [wheel for wheel in self.asked if wheel not in moment.present]
        if not (moment.case.layout.refusals or moment.case.strict or (step.action == "uninstall" and absent)):
            yield Complaint("refused", step.action, moment.outcome.message[-200:])
        if step.action in {"warm", "uninstall"} or not absent:
            return
        whole = [wheel for wheel in self.asked if wheel.key in self.listed and not [*self._whole(wheel)]]
        if len(whole) == len(self.asked):
            yield Complaint("failed-though-done", step.action, moment.outcome.message[-200:])

    def _places(self, wheel: Wheel) -> Iterator[str]:
        for one in self.packages[wheel.key].files:
            yield from one.places
        yield from self.packages[wheel.key].scripts

    def _excused(self, path: str, wheel: Wheel) -> bool:
        """Taken by a mount that came or went since it was written, and not written since."""
        rewritten = wheel in self.asked and self.moment.step.action != "uninstall"
        return real(path) in self.moment.taken and not (rewritten and wheel not in self.moment.present)

    def _complaint(self, kind: str, path: str, detail: str = "") -> Complaint:
        root = os.path.realpath(self.moment.site.root)
        return Complaint(kind, path.removeprefix(self.moment.site.root).removeprefix(root), detail.replace(root, ""))


def package(wheel: Wheel, site: Site) -> Package:
    """Where the files of a wheel's archive go, by the binary distribution format."""
    files, scripts = _unzipped(wheel)
    by_name = dict(files)
    info = f"{wheel.stem}.dist-info"
    pure = b"root-is-purelib: true" in by_name[f"{info}/WHEEL"].lower()
    root = site.role("purelib" if pure else "platlib")
    found = tuple(_brought(wheel, path, content, root, site) for path, content in files if not _is_own(path, info))
    names = tuple(f"{site.role('scripts')}/{name}" for name in scripts)
    return Package(files=found, scripts=names, info=f"{root}/{info}")


def _is_own(path: str, info: str) -> bool:
    return path.startswith(f"{info}/") and path.removeprefix(f"{info}/") in _OWN


def _brought(wheel: Wheel, path: str, content: bytes, root: str, site: Site) -> Brought:
    data = f"{wheel.stem}.data/"
    if not path.startswith(data):
        return Brought((f"{root}/{path}",), content, module=_module(path))
    scheme, _, rest = path.removeprefix(data).partition("/")
    base = site.role(scheme)
    if scheme == "headers":
        names = dict.fromkeys((wheel.name, wheel.name.replace("-", "_"), normal(wheel.name), wheel.stem.split("-")[0]))
        return Brought(tuple(f"{base}/{name}/{rest}" for name in names), content)
    module = _module(rest) if scheme in {"purelib", "platlib"} else ""
    return Brought((f"{base}/{rest}",), content, script=scheme == "scripts", module=module)


def _module(path: str) -> str:
    if not path.endswith(".py"):
        return ""
    parts = path.removesuffix(".py").split("/")
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts) if parts and all(part.isidentifier() for part in parts) else ""


@lru_cache(maxsize=256)
def _unzipped(wheel: Wheel) -> tuple[tuple[tuple[str, bytes], ...], tuple[str, ...]]:
    """The files of the archive, and the names of the scripts that its entry points ask for."""
    with zipfile.ZipFile(io.BytesIO(write(wheel))) as archive:
        files = tuple((one.filename, archive.read(one)) for one in archive.infolist() if not one.is_dir())
    text = dict(files).get(f"{wheel.stem}.dist-info/entry_points.txt", b"").decode()
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names of scripts are case-sensitive
    parser.read_string(text)
    groups = [group for group in ("console_scripts", "gui_scripts") if parser.has_section(group)]
    return files, tuple(name for group in groups for name in parser[group])


def _equal(one: Brought, found: Mapping[str, Any]) -> bool:
    """Whether a file that was found is that of the archive; of scripts the first line is the installer's."""
    if found["sha256"] == hashlib.sha256(one.content).hexdigest():
        return True
    if not (one.script and one.content.startswith(b"#!python") and "script" in found):
        return False
    return base64.b64decode(found["script"]).endswith(b"\n" + one.content.partition(b"\n")[2])


@lru_cache(maxsize=1024)
def normal(name: str) -> str:
    """A distribution's name as all spellings are compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def real(path: str) -> str:
    """The one path of a file: its directory resolved, its own name not."""
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def _files(site: Site) -> dict[str, tuple[int, int, int]]:
    """Every file of the environment: inode, size and time of change."""
    found: dict[str, tuple[int, int, int]] = {}
    for base in {os.path.realpath(site.role(role)) for role in _SCHEMES}:
        for directory, subdirectories, names in os.walk(base):
            links = [name for name in subdirectories if os.path.islink(f"{directory}/{name}")]
            for name in (*names, *links):
                status = os.lstat(f"{directory}/{name}")
                found[f"{directory}/{name}"] = (status.st_ino, status.st_size, status.st_mtime_ns)
    return found
