"""Cases run in memory: a layout's blueprint built there, the real installer and contracts, evidence as on real layouts.

`test_sites` holds it to the real runner's evidence, tree by tree and operation by operation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, get_args

from harness import drivers
from harness.contracts import CONTRACTS, judge
from harness.contracts.book import digest_of
from harness.drivers.perform import refused
from harness.errors import HarnessError, OperationRefused
from harness.installers.reference import REFERENCE
from harness.layouts import blueprint as plans
from harness.layouts import load, obstacles
from harness.layouts.observe import Observer
from harness.model import Case, Node, Plan, SharingEvidence, StepEvidence
from harness.model import operation as op
from harness.reference.discard import discard
from harness.reference.settings import INCOMING
from harness.run import Verdict, _Run, _seen
from harness.tests.reference.memory import Directory, File, Filesystem, Link, Memory
from harness.wheels import reordered
from harness.wheels.archive import write

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from harness.drivers import Perform
    from harness.model import Layout, Meddling, Step, Trees, Wheel

BASE = "/site"
_NOTHING: Mapping[str, str] = MappingProxyType({})
_PAGE = 4096
_EDITED = b"\n# edited in place\n"
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class MemorySite:
    """As harness.layouts.Site, in memory. Overlays are not built."""

    def __init__(self, layout: Layout, memory: Memory) -> None:
        self.layout, self.memory = layout, memory
        self._blueprint = plans.blueprint(layout, BASE)
        self.root = self._blueprint.root
        self.roles = self._blueprint.roles
        self.furniture = self._blueprint.furniture
        self._sealed = self._lifted = False
        self.laid: set[str] = set()
        memory.mount(BASE)
        memory.make(self.root)
        self._perform(self._blueprint.start)

    def role(self, name: str) -> str:
        return self.roles[name]

    def path(self, template: str) -> str:
        return (self.root + plans.site_path(self.layout, template)).rstrip("/")

    def next_layer(self) -> None:
        """There are no layers without overlays."""

    def finish_image(self) -> None:
        if not self._sealed:
            self._sealed = True
            self._perform(self._blueprint.image)

    def lift_obstacles(self) -> None:
        self.finish_image()
        if self._lifted:
            return
        self._lifted = True
        for action in obstacles.obstacles(self.layout, self.root):
            path = self.memory.perform(op.RealPath(action.path))
            mount = self.memory.mounts.get(path)
            if isinstance(action, obstacles.TakeAway):
                if mount is not None:
                    self.memory.take_away(path)
            elif isinstance(action, obstacles.Permit):
                self._permit(path, action.mode)
            elif mount is not None and isinstance(action, obstacles.AllowWriting):
                mount.read_only = False
            elif mount is not None:
                mount.filesystem.inodes = mount.filesystem.pages = None
        if any(isinstance(one, obstacles.TakeAway) for one in obstacles.obstacles(self.layout, self.root)):
            self._take_strays_away()

    def _permit(self, path: str, mode: int) -> None:
        inode = self.memory.inode(path)
        if isinstance(inode, Directory):
            inode.mode = mode

    def _take_strays_away(self) -> None:
        """Mounts that went along when a directory above them was renamed."""
        laid = {self.memory.perform(op.RealPath(path)) for path in self._blueprint.mount_points}
        for path in [one for one in self.memory.mounts if one.startswith(f"{self.root}/") and one not in laid]:
            if path in self.memory.mounts:
                self.memory.take_away(path)

    def _perform(self, actions: Iterable[plans.Action]) -> None:
        for action in actions:
            _BUILD[type(action)](self.memory, action)


def _make_directory(memory: Memory, action: plans.MakeDirectory) -> None:
    _unless_there(memory, op.Mkdir(action.path, 0o755))


def _make_file(memory: Memory, action: plans.MakeFile) -> None:
    _unless_there(memory, op.Create(action.path, b"", 0o644))


def _unless_there(memory: Memory, operation: op.Operation) -> None:
    try:
        memory.perform(operation)
    except HarnessError as error:
        if "EEXIST" not in str(error):
            raise


def _lay_tmpfs(memory: Memory, action: plans.LayTmpfs) -> None:
    pages = -(-_bytes(action.size) // _PAGE) if action.size else None
    root = Directory(int(action.mode or "755", 8))
    memory.mount(action.path, filesystem=Filesystem(root, action.inodes, pages))


def _bytes(size: str) -> int:
    return int(size.rstrip("kmg")) * _UNITS[size.lstrip("0123456789")]


def _set_permission(memory: Memory, action: plans.SetPermission) -> None:
    if action.mode is not None:
        memory.perform(op.Chmod(action.path, action.mode))


def _make_read_only(memory: Memory, action: plans.MakeReadOnly) -> None:
    memory.mounts[memory.perform(op.RealPath(action.path))].read_only = True


_BUILD: Mapping[type, Callable[[Memory, Any], None]] = {
    plans.MakeDirectory: _make_directory,
    plans.MakeFile: _make_file,
    plans.MakeLink: lambda memory, action: memory.perform(op.Symlink(action.target, action.path)),
    plans.SetPermission: _set_permission,
    plans.LayVolume: lambda memory, action: memory.mount(action.path),
    plans.LayTmpfs: _lay_tmpfs,
    plans.LayBind: lambda memory, action: memory.bind(action.source, action.path),
    plans.MakeReadOnly: _make_read_only,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryObserver(Observer):
    """As Observer, of a site in memory."""

    memory: Memory

    def _snapshot(
        self, root: str, prefix: str = "", skip: frozenset[str] = frozenset(), renamed: Mapping[str, str] = _NOTHING
    ) -> dict[str, Node]:
        top = self.memory.inode(root)
        tree: dict[str, Node] = {}
        pending = [(root, prefix, top)] if isinstance(top, Directory) else []
        mounts = self.memory.mounts
        while pending:
            directory, above, at = pending.pop()
            for name, covered in at.names.items():
                path = f"{directory}/{name}"
                inode = mounts[path].root if path in mounts else covered
                key = f"{above}/{name}" if above else name
                if isinstance(inode, File):
                    tree[key] = Node("file", inode.mode, len(inode.content), digest_of(inode.content))
                elif isinstance(inode, Link):
                    tree[key] = Node("symlink", 0o777, target=inode.target)
                else:
                    key = renamed.get(path, key)
                    tree[key] = Node("directory", inode.mode)
                    if path not in skip:
                        pending.append((path, key, inode))
        return tree

    def _real(self, path: str) -> str:
        real: str = self.memory.perform(op.RealPath(path))
        return real

    def _content(self, path: str) -> bytes | None:
        try:
            content: bytes = self.memory.perform(op.ReadFile(path))
        except HarnessError:
            return None
        return content


class MemorySharing:
    """As harness.kernel.sharing.Sharing: who is one inode shares data; what could be linked is linked to find out."""

    def __init__(self, memory: Memory, link_mode: str, refused: Collection[str]) -> None:
        """See class; in `refused` directories a fault has refused to link a file."""
        self._memory = memory
        self._way = {"hardlink": op.Link, "clone": op.Clone}.get(link_mode)
        self._possible: dict[tuple[str, str], bool] = {}
        self._refused = refused

    def of(self, path: str, candidates: Iterable[str]) -> SharingEvidence:
        others = tuple(candidates)
        inode = self._memory.inode(path)
        if not self._takes_a_byte(path):
            return SharingEvidence(sharing="unknown", possible=False)
        if any(self._memory.inode(other) is inode for other in others):
            return SharingEvidence(sharing="shared", possible=True)
        return SharingEvidence(sharing="own", possible=bool(others) and self._could(others[0], path.rpartition("/")[0]))

    def _takes_a_byte(self, path: str) -> bool:
        content = self._memory.perform(op.ReadFile(path))
        try:
            self._memory.perform(op.Write(path, content + b"\xa5"))
        except HarnessError:
            return False
        finally:
            inode = self._memory.inode(path)
            if isinstance(inode, File):
                inode.content = content
        return True

    def _could(self, source: str, directory: str) -> bool:
        key = source.rpartition("/")[0], directory
        if _final(directory) in self._refused:
            return False
        if key not in self._possible:
            self._possible[key] = self._linked(source, f"{directory}/.exdev-sharing-probe")
        return self._possible[key]

    def _linked(self, source: str, path: str) -> bool:
        if self._way is None:
            return False
        try:
            self._memory.perform(self._way(source, path))
        except HarnessError:
            return False
        self._memory.perform(op.Unlink(path))
        return True


def _final(directory: str) -> str:
    """One path for all .dist-info of a library, under temporary names and their own; other directories as they are."""
    library, _, name = directory.rpartition("/")
    return f"{library}/*.dist-info" if name.endswith((".dist-info", INCOMING)) else directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is refused in memory beyond what a layout can say, until its obstacles are lifted.

    Attributes:
        operations: names of the kinds of operations.
        errno: with which number.
        at: only below this path, a template as in `Mount.at`.
        after: so many of them are done before.
        once: only one of them is refused.
    """

    operations: tuple[str, ...]
    errno: int
    at: str
    after: int = 0
    once: bool = False


class _Faulty:
    """A way to perform under a fault; `unlinked` are the directories into which no file could be linked."""

    def __init__(self, fault: Fault, site: MemorySite, perform: Perform) -> None:
        self._fault, self._perform, self._left = fault, perform, fault.after
        self._below = f"{site.memory.perform(op.RealPath(site.path(fault.at)))}/"
        self._kinds = tuple(kind for kind in get_args(op.Operation) if kind.__name__.lower() in fault.operations)
        self.ended = self.paused = False
        self.unlinked: set[str] = set()

    def __call__(self, operation: op.Operation) -> Any:  # noqa: ANN401 - as harness.drivers.perform
        path: str = getattr(operation, "path", "")
        if not (self.ended or self.paused) and isinstance(operation, self._kinds) and path.startswith(self._below):
            self._left -= 1
            if self._left < 0:
                self.ended = self._fault.once
                self.unlinked.add(_final(path.rpartition("/")[0]))
                raise refused(operation, self._fault.errno)
        return self._perform(operation)


class _MemoryRun(_Run):
    """As the real one, its effects in memory."""

    def __init__(self, case: Case, memory: Memory, *, fault: Fault | None = None, control: bool = False) -> None:
        self.case, self.control, self.skipped = case, control, False
        self.memory = memory
        self.site: Any = MemorySite(case.layout, memory)
        self._fault = None if fault is None else _Faulty(fault, self.site, memory.perform)
        self.installer = replace(REFERENCE, driver=self._fault or memory.perform)
        self.found = {case.installer: self.installer}
        self.observer = _observer(self.site)
        for wheel in case.wheels:
            path = f"{self.site.role('wheelhouse')}/{wheel.filename}"
            memory.perform(op.Create(path, _archive(wheel, case.plan.creation), 0o644))

    def _check_wheelhouse(self) -> None:
        for wheel in self.case.wheels:
            self.memory.perform(op.ReadFile(f"{self.site.role('wheelhouse')}/{wheel.filename}"))

    def _meddle(self, meddling: Meddling) -> bool:
        found = _matching(self.site.path(meddling.at), self.memory)
        for path in found:
            _meddle(meddling.do, path, self.memory)
        return bool(found)

    def sharing(self) -> Any:  # noqa: ANN401 - as Sharing
        return MemorySharing(self.memory, self.case.link_mode, self._fault.unlinked if self._fault else ())

    def _step(self, step: Step, before: Trees) -> StepEvidence:
        self.memory.umask = step.umask
        if self._fault is not None:
            # Of an image that is in the making contracts say nothing is in the way.
            self._fault.paused = step.image
            self._fault.ended |= step.lifted
            if step.lifted:
                self._fault.unlinked.clear()
        outcome = self.installer.perform(step, self.case, self.site)
        self.memory.umask = 0o022
        return StepEvidence(step=step, outcome=outcome, before=before, after=self.observer.trees())


def _matching(pattern: str, memory: Memory) -> list[str]:
    """As glob(3), by parts: links on the way are followed."""
    found = [""]
    for part in pattern.strip("/").split("/"):
        names = {above: _names(above or "/", memory) for above in found}
        found = [f"{above}/{name}" for above in found for name in names[above] if fnmatchcase(name, part)]
    return sorted(found)


def _names(path: str, memory: Memory) -> list[str]:
    try:
        return [one.name for one in memory.perform(op.ListDirectory(path))]
    except OperationRefused:
        return []


def _meddle(do: str, path: str, memory: Memory) -> None:
    inode = memory.inode(path)
    if do == "remove":
        drivers.run(discard(path), memory.perform)
    elif isinstance(inode, File):
        inode.content = b"" if do == "empty" else inode.content + _EDITED


@lru_cache(maxsize=4096)
def _archive(wheel: Wheel, order: tuple[str, ...]) -> bytes:
    return write(reordered(wheel, order))


def _observer(site: MemorySite) -> MemoryObserver:
    real = {role: site.memory.perform(op.RealPath(path)) for role, path in site.roles.items()}
    keyed = ("environment", "data", "headers", "scripts", "platlib", "purelib")
    return MemoryObserver(
        root=site.root,
        cache=real["cache"],
        temporary=real["temporary"],
        schemes={real[role]: role for role in keyed},
        platlib="purelib" if real["platlib"] == real["purelib"] else "platlib",
        memory=site.memory,
    )


def run(case: Case, *, clones: bool = False, fault: Fault | None = None) -> Verdict:
    """As harness.run.Runner.run.

    Raises:
        HarnessError: the layout cannot be built, or shows no wheelhouse.
    """
    evidence = _seen(_MemoryRun(case, Memory(clones=clones), fault=fault))
    if evidence.steps and evidence.steps[-1].outcome.exit == 0:
        evidence = replace(evidence, control=_control(replace(case, layout=load("plain"), plan=Plan()), clones))
    return Verdict(case=case, evidence=evidence, violations=judge(evidence, tuple(CONTRACTS)))


@lru_cache(maxsize=512)
def _control(case: Case, clones: bool) -> Any:  # noqa: ANN401 - Evidence, or None
    run = _MemoryRun(case, Memory(clones=clones), control=True)
    evidence = _seen(run)
    return None if run.skipped else evidence
