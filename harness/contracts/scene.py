"""Scene: one step of the evidence with what the specifications expect of it; what every contract looks at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

from harness.contracts.book import Book, normalised
from harness.contracts.locations import locations, node_at
from harness.contracts.recorded import rows
from harness.contracts.refusals import allows
from harness.model import Violation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from harness.contracts.locations import Locations
    from harness.contracts.recorded import RecordedRow
    from harness.model import Evidence, Layout, Node, Outcome, Step, Trees, Wheel
    from harness.wheels.expected import Expectation, ExpectedFile

_LIBRARIES = ("purelib", "platlib")


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One step, judged.

    Attributes:
        evidence: all of it.
        index: which step.
        present: the wheels that were installed before it, in order of installation.
        book: what the specifications say about the case's wheels.
        taken: files of the environment that went, or became others, when obstacles were lifted (with the mount they lay
            on) or the image was done (below a mount laid then), and links to such files in the cache. Nobody is to
            blame for those, as long as no step has touched them since.
        harmed: likewise those that others have changed or removed. Nobody is to blame who was not asked for them.
    """

    evidence: Evidence
    index: int
    present: tuple[Wheel, ...]
    book: Book
    taken: frozenset[str] = frozenset()
    harmed: frozenset[str] = frozenset()

    @cached_property
    def step(self) -> Step:
        """What was asked."""
        return self.evidence.steps[self.index].step

    @cached_property
    def outcome(self) -> Outcome:
        """What the installer said."""
        return self.evidence.steps[self.index].outcome

    @cached_property
    def before(self) -> Trees:
        """The trees before the step."""
        return self.evidence.steps[self.index].before

    @cached_property
    def after(self) -> Trees:
        """The trees after the step."""
        return self.evidence.steps[self.index].after

    @cached_property
    def where(self) -> Locations:
        """Where paths lead after the step."""
        return locations(self.after, self.evidence)

    @cached_property
    def where_before(self) -> Locations:
        """Where paths led before the step."""
        return locations(self.before, self.evidence)

    @cached_property
    def recorded(self) -> tuple[RecordedRow, ...]:
        """All rows of all RECORDs after the step."""
        return rows(self.after.records, self.where)

    @cached_property
    def named(self) -> frozenset[str]:
        """All paths that some RECORD names after the step."""
        return frozenset(row.key for row in self.recorded)

    @cached_property
    def orphans_before(self) -> frozenset[str]:
        """Files that were in no RECORD before the step either: whoever left them was judged then."""
        named = {row.key for row in rows(self.before.records, self.where_before)}
        return frozenset(self.before.environment.keys() - named)

    @cached_property
    def succeeded(self) -> bool:
        """The installer said that it did what was asked."""
        return self.outcome.exit == 0

    @property
    def is_last(self) -> bool:
        """No step comes after this one."""
        return self.index == len(self.evidence.steps) - 1

    @cached_property
    def asked(self) -> tuple[Wheel, ...]:
        """The wheels that the step names."""
        return tuple(self.evidence.case.wheel(key) for key in self.step.wheels)

    @cached_property
    def refused_wheel(self) -> bool:
        """One of the wheels asked for is not a good one: the specifications expect no tree of it."""
        return any(wheel.key in self.book.bad for wheel in self.asked)

    @cached_property
    def absent(self) -> tuple[Wheel, ...]:
        """The wheels that the step names and of which no version was installed before it."""
        return _without(self.asked, self.present)

    @cached_property
    def wanted(self) -> tuple[Wheel, ...]:
        """The wheels that are installed if the step does what was asked, in order of installation."""
        if self.step.action == "warm":
            return self.present
        rest = _without(self.present, self.asked)
        good = tuple(wheel for wheel in self.asked if wheel.key not in self.book.bad)
        return rest if self.step.action == "uninstall" else (*rest, *good)

    @cached_property
    def expectation(self) -> Expectation:
        """The tree that the specifications expect when the step did what was asked."""
        return self.book.expected(self.wanted)

    @property
    def claims(self) -> Mapping[str, frozenset[str]]:
        """Per path, the digests of every good wheel of the case that brings it, installed or not."""
        return self.book.claims

    @cached_property
    def brought(self) -> Collection[str]:
        """The paths that the step has to write, if it does what was asked."""
        if self.step.action in {"warm", "uninstall"}:
            return ()
        return self.book.expected([wheel for wheel in self.asked if wheel.key not in self.book.bad]).files.keys()

    def winners(self, path: str) -> Mapping[str, frozenset[str]]:
        """By their keys, the wheels of the step any of which may be the last to write a path, with their digests of it.

        Empty: the step need not write it, as all that bring it are installed already and were not asked to be anew.
        """
        asked = {wheel.key: self.book.brings(wheel, path) for wheel in self.asked if wheel.key not in self.book.bad}
        asked = {wheel: digests for wheel, digests in asked.items() if digests}
        left = {wheel.key for wheel in self.present} if self.step.action != "reinstall" else set[str]()
        written = [wheel for wheel in asked if wheel not in left]
        if not written or self.step.action == "repair":
            return {}
        if self.evidence.ordered and self.evidence.case.plan.schedule is None:
            return {wheel: digests for wheel, digests in asked.items() if wheel not in written[:-1]}
        return asked

    @cached_property
    def excuse(self) -> str:
        """Why the installer may honestly refuse this step; empty: it may not."""
        if self.step.must:
            return ""
        if self._circumstances:
            return self._circumstances
        if self.step.action == "uninstall" and self.absent:
            return "not everything to uninstall is installed"
        if self.step.action == "uninstall" and self.legacy_before:
            return "what is to be uninstalled has legacy metadata, which need not say what belongs to it"
        for wheel in self.asked:
            if wheel.key in self.book.bad:
                return f"{wheel.key} is a bad wheel: {self.book.bad[wheel.key]}"
        return next(filter(None, map(self.book.conflict, self._on_the_way)), "")

    @property
    def _on_the_way(self) -> Iterator[tuple[Wheel, ...]]:
        """What is installed after each of the wheels, one after the other, or in any order; at last what is wanted."""
        if self.step.action not in {"warm", "uninstall"}:
            in_order = self.evidence.case.plan.schedule is None
            for count in range(1, len(self.asked)):
                for first in [self.asked[:count]] if in_order else combinations(self.asked, count):
                    yield (*_without(self.present, first), *first)
        yield self.wanted

    @cached_property
    def _circumstances(self) -> str:
        """What may keep anybody from doing the step, whatever the wheels are."""
        case = self.evidence.case
        if self.is_hindered:
            return f"the layout allows {', '.join(case.layout.refusals)}"
        if case.strict:
            return "a strict link mode may be impossible"
        if self.step.lifted and self.failed_before is not None:
            return "a rerun may say that it cannot repair what the first run left"
        return ""

    @cached_property
    def is_hindered(self) -> bool:
        """Whether the layout may refuse this step what its message says."""
        return self._may_be_refused and allows(self.evidence.case.layout.refusals, self.outcome.message)

    @cached_property
    def _may_be_refused(self) -> bool:
        """Whether anything of the layout is there, and still there, that may refuse this step."""
        layout = self.evidence.case.layout
        if any(one.step.lifted for one in self.evidence.steps[: self.index + 1]):
            return bool(layout.refusals and (layout.symlinks or layout.files))
        return _may_refuse(layout, self.step)

    @cached_property
    def failed_before(self) -> int | None:
        """The index of the same command's last run before this one, if that failed."""
        for index in range(self.index - 1, -1, -1):
            one = self.evidence.steps[index]
            if (one.step.action, {*one.step.wheels}) == (self.step.action, {*self.step.wheels}):
                return index if one.outcome.exit else None
        return None

    @cached_property
    def lost(self) -> frozenset[str]:
        """What is not as it was by no step's doing, and this one has left so that was not asked for it."""
        return self._left(self.taken | self.harmed.difference(self.brought if self.succeeded else ()))

    @cached_property
    def lost_places(self) -> frozenset[str]:
        """`lost`, and where these paths lead now: another's link may have taken the place of a directory."""
        return self.lost.union(map(self.where.canonical, self.lost))

    @property
    def still_taken(self) -> frozenset[str]:
        """What lifting has taken, and this step has left so."""
        return self._left(self.taken)

    @property
    def still_harmed(self) -> frozenset[str]:
        """What others have changed, and this step has left so."""
        return self._left(self.harmed)

    def _left(self, paths: frozenset[str]) -> frozenset[str]:
        if not paths:
            return paths
        before, after = self.before.environment, self.after.environment
        return frozenset(path for path in paths if _is_left(before.get(path), after.get(path)))

    def claimed_installed(self, wheel: Wheel) -> bool:
        """As `is_claimed`, after the step."""
        return is_claimed(wheel, self.after)

    @cached_property
    def legacy(self) -> tuple[str, ...]:
        """The legacy metadata that is there of what the step names."""
        return self._legacy(self.after)

    @cached_property
    def legacy_before(self) -> tuple[str, ...]:
        """The legacy metadata that was there before the step of what it names.

        An install may then find that version there, and have nothing to do; who removes it may not know what it owns.
        """
        return self._legacy(self.before)

    def _legacy(self, trees: Trees) -> tuple[str, ...]:
        """Paths that end in `.egg-info`, directories or files: `importlib.metadata` takes them for distributions."""
        names = {normalised(wheel.name) for wheel in self.asked}
        found = (path.rpartition("/") for path in trees.environment if path.endswith(".egg-info"))
        return tuple(
            f"{library}/{name}"
            for library, _, name in found
            if library in _LIBRARIES and normalised(name.removesuffix(".egg-info").partition("-")[0]) in names
        )

    def dist_info(self, wheel: Wheel) -> str:
        """The key of a wheel's .dist-info: in the library where it is."""
        found = (f"{library}/{wheel.dist_info}" for library in _LIBRARIES)
        return next((one for one in found if one in self.after.environment), f"purelib/{wheel.dist_info}")

    def found(self, path: str) -> str:
        """What is at a path of the environment in words, and what is in the way of anything being there."""
        node = self.content(path)
        parent = path
        while node is None and (parent := parent.rpartition("/")[0]):
            above = self.after.environment.get(parent)
            if above is not None and above.kind != "directory":
                return f"nothing in the environment: {parent.partition('/')[2]} is {said(above)}"
        return said(node)

    def spelled(self, path: str) -> str:
        """A path as the installer spelled it: a distribution's directory of headers has no name all agree upon."""
        return _spelled(path, self.after)

    def content(self, path: str) -> Node | None:
        """The file at a path of the environment, where links lead that stay in the environment or end in the cache."""
        return node_at(self.spelled(path), self.after, self.where, into_cache=self._links_into_cache)

    def content_before(self, path: str) -> Node | None:
        """What `content` was before the step."""
        return node_at(_spelled(path, self.before), self.before, self.where_before, into_cache=self._links_into_cache)

    def is_link_into_cache(self, path: str) -> bool:
        """A directory that was linked whole, as the link mode allows: RECORD then names the link, which has no hash."""
        node = self.content(path) if self._links_into_cache else None
        return node is not None and node.kind == "directory" and self.where.followed(path).startswith("cache/")

    @property
    def _links_into_cache(self) -> bool:
        """Who links by symbolic links may link a whole directory at once, as pdm does."""
        return self.evidence.case.link_mode == "symlink"

    def is_left_alone(self, path: str) -> bool:
        """The step neither had to write this path nor did."""
        if path in self.brought:
            return False
        return self.is_unchanged(path)

    def is_unchanged(self, path: str) -> bool:
        """What is at a path is what was there before the step."""
        return self.content(path) == self.content_before(path)

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """Expected paths that are not there as files, or hold what none of the installed wheels brings.

        A file that several wheels bring stays as it is when its last writer is uninstalled: what the step left alone
        was judged when it was written.
        """
        if self.legacy_before:
            return ()
        return tuple(
            path
            for path, file in self.expectation.files.items()
            if not (file.optional or self._holds(path, file) or (self.is_left_alone(path) and self._is_file(path)))
            and not (self.spelled(path) in self.lost and self._installed_before(file))
        )

    def _installed_before(self, file: ExpectedFile) -> bool:
        """Whether all that bring a file were installed, and the step did not have to write them anew."""
        rewritten = self.step.wheels if self.step.action in {"reinstall", "repair"} else ()
        known = {wheel.key for wheel in self.present}.difference(rewritten)
        return all(claim.wheel in known for claim in file.claims)

    def is_whole(self, wheel: Wheel) -> bool:
        """Whether everything a wheel brings is there, be it another distribution's version of a shared file."""
        return not self.holes(wheel)

    def holes(self, wheel: Wheel) -> tuple[str, ...]:
        """The paths of a wheel that are not there as files, or hold what nobody brings."""
        others = _without((*self.present, *self.asked), (wheel,))
        files = self.book.expected((*(one for one in others if one.key not in self.book.bad), wheel)).files
        old = wheel in self.present
        return tuple(
            path
            for path in self.book.expected((wheel,)).files
            if not (files[path].optional or self._holds(path, files[path]) or (old and self._is_as_it_was(path)))
        )

    def _is_as_it_was(self, path: str) -> bool:
        return self.spelled(path) in self.lost or (self.is_unchanged(path) and self._is_file(path))

    def _is_file(self, path: str) -> bool:
        node = self.content(path)
        return node is not None and node.kind == "file"

    def _holds(self, path: str, file: ExpectedFile) -> bool:
        node = self.content(path)
        if node is None or node.kind != "file":
            return False
        if file.generated or file.shebang_rewritten or file.claims[-1].digest == node.digest:
            return True
        return any(claim.digest == node.digest for claim in file.claims)

    def violation(self, contract: str, path: str, expected: str, found: str) -> Violation:
        """A violation in this step."""
        return Violation(contract=contract, path=path, expected=expected, found=found, step=self.index)


def _spelled(path: str, trees: Trees) -> str:
    if not path.startswith("headers/") or path in trees.environment:
        return path
    scheme, name, rest = (*path.split("/", 2), "")[:3]
    spellings = (normalised(name), normalised(name).replace("-", "_"))
    found = (f"{scheme}/{spelling}/{rest}" for spelling in spellings)
    return next((one for one in found if one in trees.environment), path)


def said(node: Node | None) -> str:
    """A node in words."""
    if node is None:
        return "nothing"
    if node.kind == "symlink":
        return f"a symlink to {node.target}"
    if node.kind == "file":
        return f"a file of {node.size} bytes, mode {node.mode:04o}, sha256 {node.digest[:8]}"
    return f"{'an' if node.kind == 'other' else 'a'} {node.kind}"


def is_claimed(wheel: Wheel, trees: Trees) -> bool:
    """Whether any tool would take the wheel for installed: its .dist-info has METADATA."""
    return any(f"{library}/{wheel.dist_info}/METADATA" in trees.environment for library in _LIBRARIES)


def _is_left(before: Node | None, after: Node | None) -> bool:
    """What is gone may have made room for another distribution's directory."""
    return before == after or (before is None and after is not None and after.kind == "directory")


def is_lock(path: str, node: Node) -> bool:
    """An empty lock file, as uv leaves them: unlinking one that another process may hold would be a race."""
    return node.kind == "file" and node.size == 0 and path.endswith(".lock")


def scenes(evidence: Evidence) -> Iterator[Scene]:
    """The steps in order, each knowing what was installed before it."""
    present: tuple[Wheel, ...] = ()
    taken = harmed = frozenset[str]()
    if not evidence.steps:
        return
    book = Book(evidence.case.wheels, evidence.platlib, locations(evidence.steps[0].before, evidence))
    for index in range(len(evidence.steps)):
        taken |= _taken(evidence, index)
        harmed |= _harmed(evidence, index)
        scene = Scene(evidence=evidence, index=index, present=present, book=book, taken=taken, harmed=harmed)
        yield scene
        present = scene.wanted if scene.succeeded else _present_after_failure(scene)
        taken, harmed = scene.still_taken, scene.still_harmed


def _taken(evidence: Evidence, index: int) -> frozenset[str]:
    """The files that are not as the step before this one left them, once obstacles are lifted or the image is done.

    A mount that is laid after the image hides what the image steps put there, in the cache too.
    """
    if index == 0:
        return frozenset()
    before, step = evidence.steps[index - 1].step, evidence.steps[index].step
    if not (step.lifted or (before.image and not step.image)):
        return frozenset()
    return _changed_between(evidence, index)


def _harmed(evidence: Evidence, index: int) -> frozenset[str]:
    """What others have changed before a step."""
    if index == 0 or not evidence.steps[index].step.meddled:
        return frozenset()
    return _changed_between(evidence, index)


def _changed_between(evidence: Evidence, index: int) -> frozenset[str]:
    """Files that are not as the step before left them, and links whose ends in the cache are not what they were."""
    earlier, now = evidence.steps[index - 1].after, evidence.steps[index].before
    files = ((path, node) for path, node in earlier.environment.items() if node.kind != "directory")
    changed = frozenset(path for path, node in files if now.environment.get(path) != node)
    if earlier.cache == now.cache:
        return changed
    ends = [(trees, locations(trees, evidence)) for trees in (earlier, now)]
    links = (path for path, node in earlier.environment.items() if node.kind == "symlink" and path not in changed)
    return changed.union(path for path in links if len({node_at(path, *end, into_cache=True) for end in ends}) > 1)


def _present_after_failure(scene: Scene) -> tuple[Wheel, ...]:
    """A failed step may have finished some of its wheels: those that are claimed installed and whole."""
    if scene.step.action == "uninstall":
        return tuple(one for one in scene.present if scene.claimed_installed(one))
    done = tuple(
        wheel
        for wheel in scene.asked
        if wheel.key not in scene.book.bad and scene.claimed_installed(wheel) and scene.is_whole(wheel)
    )
    return (*_without(scene.present, done), *done)


def _without(wheels: tuple[Wheel, ...], others: tuple[Wheel, ...]) -> tuple[Wheel, ...]:
    """Those wheels that are no version of any of the others."""
    names = {normalised(wheel.name) for wheel in others}
    return tuple(wheel for wheel in wheels if normalised(wheel.name) not in names)


def _may_refuse(layout: Layout, step: Step) -> bool:
    """A layout's refusals hold in an image step only where some of the layout is there before it."""
    if not layout.refusals or not step.image:
        return bool(layout.refusals)
    moments = {mount.after for mount in layout.mounts} | {permission.after for permission in layout.permissions}
    return bool(layout.symlinks or layout.files or layout.directories) or "start" in moments
