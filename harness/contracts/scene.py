"""Scene: one step of the evidence with what the specifications expect of it; what every contract looks at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from harness.model import Violation
from harness.wheels.expected import Expectation, conflicts, expected, faults

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.model import Evidence, Node, Outcome, Step, Tree, Trees, Wheel


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One step, judged.

    Attributes:
        evidence: all of it.
        index: which step.
        present: the wheels that were installed before it, in order of installation.
    """

    evidence: Evidence
    index: int
    present: tuple[Wheel, ...]

    @property
    def step(self) -> Step:
        """What was asked."""
        return self.evidence.steps[self.index].step

    @property
    def outcome(self) -> Outcome:
        """What the installer said."""
        return self.evidence.steps[self.index].outcome

    @property
    def before(self) -> Trees:
        """The trees before the step."""
        return self.evidence.steps[self.index].before

    @property
    def after(self) -> Trees:
        """The trees after the step."""
        return self.evidence.steps[self.index].after

    @property
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
    def wanted(self) -> tuple[Wheel, ...]:
        """The wheels that are installed if the step does what was asked, in order of installation."""
        if self.step.action == "warm":
            return self.present
        names = {wheel.name for wheel in self.asked}
        rest = tuple(wheel for wheel in self.present if wheel.name not in names)
        return rest if self.step.action == "uninstall" else (*rest, *self.asked)

    @cached_property
    def expectation(self) -> Expectation:
        """The tree that the specifications expect when the step did what was asked."""
        return _expected(self.wanted, self.evidence.platlib)

    @cached_property
    def claims(self) -> Mapping[str, frozenset[str]]:
        """Per path, the digests of every wheel of the case that brings it, installed or not."""
        return _claims(self.evidence.case.wheels, self.evidence.platlib)

    @cached_property
    def excuse(self) -> str:
        """Why the installer may honestly refuse this step; empty: it may not."""
        case = self.evidence.case
        if case.layout.refusals:
            return f"the layout allows {', '.join(case.layout.refusals)}"
        if case.strict:
            return "a strict link mode may be impossible"
        if self.step.action == "uninstall" and not set(self.step.wheels) <= {wheel.key for wheel in self.present}:
            return "not everything to uninstall is installed"
        return _impossible(self.asked, self.wanted)

    def claimed_installed(self, wheel: Wheel) -> bool:
        """Whether any tool would take the wheel for installed: its .dist-info has METADATA."""
        return any(f"{library}/{wheel.dist_info}/METADATA" in self.after.environment for library in _LIBRARIES)

    def content(self, path: str, trees: Trees | None = None) -> Node | None:
        """The file at a path of the environment, through a link into the cache where there is one."""
        seen = trees or self.after
        return resolved(seen.environment.get(path), seen.cache, self.evidence.roots.get("cache", ""))

    def missing(self, expectation: Expectation) -> Iterator[str]:
        """Expected paths that are not there as files, or hold what no claimant brings."""
        for path, file in expectation.files.items():
            if file.optional:
                continue
            node = self.content(path)
            if (node is None or node.kind != "file") or (
                not (file.generated or file.shebang_rewritten) and node.digest not in self.claims.get(path, ())
            ):
                yield path

    @cached_property
    def refused_wheel(self) -> bool:
        """One of the wheels asked for is not a good one: the specifications expect no tree of it."""
        return any(faults(wheel) for wheel in self.asked)

    def is_whole(self, wheel: Wheel) -> bool:
        """Whether everything a wheel brings is there."""
        return not any(self.missing(_expected((wheel,), self.evidence.platlib)))

    def violation(self, contract: str, path: str, expected: str, found: str) -> Violation:
        """A violation in this step."""
        return Violation(contract=contract, path=path, expected=expected, found=found, step=self.index)


_LIBRARIES = ("purelib", "platlib")


def resolved(node: Node | None, cache: Tree, root: str) -> Node | None:
    """A node, or the cached file that it links to."""
    if node is None or node.kind != "symlink":
        return node
    if root and node.target.startswith(f"{root}/"):
        return cache.get(node.target[len(root) + 1 :], node)
    return node


def said(node: Node | None) -> str:
    """A node in words."""
    if node is None:
        return "nothing"
    if node.kind == "symlink":
        return f"a symlink to {node.target}"
    if node.kind == "file":
        return f"a file of {node.size} bytes, mode {node.mode:04o}, sha256 {node.digest[:8]}"
    return f"{'an' if node.kind == 'other' else 'a'} {node.kind}"


def scenes(evidence: Evidence) -> Iterator[Scene]:
    """The steps in order, each knowing what was installed before it."""
    present: tuple[Wheel, ...] = ()
    for index in range(len(evidence.steps)):
        scene = Scene(evidence=evidence, index=index, present=present)
        yield scene
        present = scene.wanted if scene.succeeded else _left_by_failure(scene)


def _left_by_failure(scene: Scene) -> tuple[Wheel, ...]:
    """A failed step may have finished some of its wheels: those that are claimed installed and whole."""
    done = tuple(wheel for wheel in scene.asked if scene.claimed_installed(wheel) and scene.is_whole(wheel))
    if scene.step.action == "uninstall":
        return tuple(wheel for wheel in scene.present if scene.claimed_installed(wheel))
    names = {wheel.name for wheel in done}
    return (*(wheel for wheel in scene.present if wheel.name not in names), *done)


@lru_cache(maxsize=256)
def _expected(wheels: tuple[Wheel, ...], platlib: str) -> Expectation:
    return expected(wheels, platlib=platlib)


@lru_cache(maxsize=256)
def _claims(wheels: tuple[Wheel, ...], platlib: str) -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for wheel in wheels:
        if not faults(wheel):
            for path, file in _expected((wheel,), platlib).files.items():
                found[path] = found.get(path, frozenset()) | {claim.digest for claim in file.claims}
    return found


@lru_cache(maxsize=256)
def _impossible(asked: tuple[Wheel, ...], wanted: tuple[Wheel, ...]) -> str:
    for wheel in asked:
        for fault in faults(wheel):
            return f"{wheel.key} is a bad wheel: {fault}"
    for conflict in conflicts(wanted):
        if conflict.kind == "file-and-directory":
            return f"{conflict.paths[0]} is a file and a directory of {' and '.join(conflict.wheels)}"
    return ""
