"""no-debris: no temporary names stay, and what failed or was removed leaves nothing behind."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from harness.contracts.given_up import is_given_up
from harness.contracts.recorded import module_of
from harness.contracts.scene import is_lock, said
from harness.wheels.expected import parents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.contracts.scene import Scene
    from harness.model import Tree, Violation

NAME = "no-debris"
# pip's stashes (`~ip`), uv's temporaries (`.tmpAbCdEf`), our own, NFS' silly renames.
_TEMPORARY = re.compile(r"(?:^|/)(\.tmp[^/]*|~[^/]*|\.exdev-[^/]*|\.nfs[0-9a-f]+)(?=/|$)")


def check(scene: Scene) -> Iterator[Violation]:
    """Names that only installers in mid-work use; files of a failed step; empty directories of an uninstall."""
    if scene.outcome.ended == "limit":
        # Who was stopped by the harness had no time to tidy up.
        return
    yield from _temporary(scene, "", scene.before.environment, scene.after.environment)
    yield from _temporary(scene, "cache/", scene.before.cache, scene.after.cache)
    yield from _unspread(scene)
    for path, node in scene.after.temporary.items():
        if (
            path not in scene.before.temporary
            and not is_lock(path, node)
            and not is_given_up(path.partition("/")[0], scene, in_part=True)
        ):
            yield scene.violation(NAME, f"temporary/{path}", "nothing left", said(node))
    if scene.evidence.case.plan.schedule is None:
        yield from _empty_directories(scene)
    if not scene.succeeded:
        yield from _left_by_failure(scene)
    elif scene.step.action == "uninstall":
        yield from _left_by_uninstall(scene)
    if scene.succeeded and scene.step.action != "warm":
        yield from _bytecode(scene)


def _temporary(scene: Scene, prefix: str, before: Tree, after: Tree) -> Iterator[Violation]:
    for path, node in after.items():
        found = _TEMPORARY.search(path)
        if not found or path in before or _is_from_a_wheel(scene, path):
            continue
        # It may be the only copy of a package that there is.
        if not is_given_up(found[1], scene, in_part=True):
            yield scene.violation(NAME, f"{prefix}{path}", "no temporary name", said(node))


def _is_from_a_wheel(scene: Scene, path: str) -> bool:
    """Nothing forbids a wheel to bring such a name itself."""
    names = {part for files in scene.book.archived.values() for one in files for part in one.split("/")}
    return all(name in names for name in _TEMPORARY.findall(path))


def _unspread(scene: Scene) -> Iterator[Violation]:
    """A wheel's `.data` directory, unpacked and not moved to where its schemes lie."""
    for wheel in scene.asked:
        for library in ("purelib", "platlib"):
            path = f"{library}/{wheel.data}"
            if path in scene.after.environment and path not in scene.before.environment:
                yield scene.violation(NAME, path, "its content in its schemes", said(scene.after.environment[path]))


def _left_by_failure(scene: Scene) -> Iterator[Violation]:
    """Directories are another matter: see `_empty_directories`."""
    named, before = scene.named, scene.before.environment
    for path, node in scene.after.environment.items():
        if node.kind == "directory" or path in before or path in named or is_lock(path, node):
            continue
        if not (_TEMPORARY.search(path) or _was_put_back(scene, path) or module_of(path) in named):
            yield scene.violation(NAME, path, "nothing left by a step that failed", said(node))


def _empty_directories(scene: Scene) -> Iterator[Violation]:
    """New ones that hold nothing, and that no archive lists.

    Not judged under a drawn schedule: of two installers at once, each may have found the other's directory there.
    """
    before, furniture = scene.before.environment, scene.evidence.furniture
    new = [
        path
        for path, node in scene.after.environment.items()
        if node.kind == "directory" and path not in before and path not in furniture
    ]
    if not new:
        return
    filled = {path.rpartition("/")[0] for path in scene.after.environment}
    listed = {entry.path for wheel in scene.book.wheels for entry in wheel.entries if entry.kind == "directory"}
    for path in new:
        # Debian's Python names a place for its own packages, which poetry makes and leaves empty.
        if path.endswith("/dist-packages"):
            continue
        if path not in filled and path.partition("/")[2] not in listed:
            yield scene.violation(NAME, path, "no empty directory", said(scene.after.environment[path]))


def _was_put_back(scene: Scene, path: str) -> bool:
    """Of two programs that fail at once, one may put back what it found: the other's version of a shared file."""
    if scene.evidence.case.plan.schedule is None or path not in scene.brought:
        return False
    files = scene.book.expected([wheel for wheel in scene.asked if wheel.key not in scene.book.bad]).files
    return len(files[path].claims) > 1


def _bytecode(scene: Scene) -> Iterator[Violation]:
    """What the environment's interpreter has compiled of a module (PEP 3147) goes with it.

    Its name tells whose it is: `NAME.TAG.pyc`, with the tag of the environment's interpreter, which is ours. What other
    interpreters and other levels of optimisation (PEP 488) have compiled is not counted: pip's uninstall, whose rule
    this is, asks `importlib.util.cache_from_source` of its own interpreter and knows of no other. An interpreter does
    not import bytecode from `__pycache__` without its module: what is left is only waste, and a directory that stays.
    """
    own = f".{sys.implementation.cache_tag}.pyc"
    before, after = scene.before.environment, scene.after.environment
    for path, node in after.items():
        module = module_of(path) if path.endswith(own) else ""
        if module in scene.claims and module in before and module not in after and path in before:
            yield scene.violation(NAME, path, "nothing: its module is gone", said(node))


def _left_by_uninstall(scene: Scene) -> Iterator[Violation]:
    environment = scene.after.environment
    filled = {path.rpartition("/")[0] for path in environment}
    ours = {parent for path in scene.claims for parent in parents(path)}
    for path, node in environment.items():
        if node.kind == "directory" and path not in filled and path in ours - scene.evidence.furniture:
            yield scene.violation(NAME, path, "no empty directory", said(node))
