"""no-debris: no temporary names stay, and what failed or was removed leaves nothing behind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.contracts.recorded import claims_of
from harness.contracts.scene import said

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.contracts.scene import Scene
    from harness.model import Node, Violation

NAME = "no-debris"
# pip's stashes (`~ip`), uv's temporaries (`.tmpAbCdEf`), our own, NFS' silly renames, unspread `.data` directories.
_TEMPORARY = re.compile(r"(^|/)(\.tmp[^/]*|~[^/]*|\.exdev-[^/]*|\.nfs[0-9a-f]+|[^/]+\.data)(/|$)")


def check(scene: Scene) -> Iterator[Violation]:
    """Names that only installers in mid-work use; files of a failed step; empty directories of an uninstall."""
    trees = (("", scene.after.environment, scene.before.environment), ("cache/", scene.after.cache, scene.before.cache))
    for prefix, after, before in trees:
        for path in _new(after, before):
            if _TEMPORARY.search(path):
                yield scene.violation(NAME, f"{prefix}{path}", "no temporary name", said(after[path]))
    for path in _new(scene.after.temporary, scene.before.temporary):
        yield scene.violation(NAME, f"temporary/{path}", "nothing left", said(scene.after.temporary[path]))
    if not scene.succeeded:
        yield from _left_by_failure(scene)
    elif scene.step.action == "uninstall":
        yield from _left_by_uninstall(scene)


def _new(after: Mapping[str, Node], before: Mapping[str, Node]) -> list[str]:
    return [path for path in after if path not in before]


def _left_by_failure(scene: Scene) -> Iterator[Violation]:
    named = claims_of(scene)
    for path in _new(scene.after.environment, scene.before.environment):
        node = scene.after.environment[path]
        if node.kind != "directory" and path not in named and not _TEMPORARY.search(path):
            yield scene.violation(NAME, path, "nothing left by a step that failed", said(node))


def _left_by_uninstall(scene: Scene) -> Iterator[Violation]:
    environment = scene.after.environment
    parents = {path.rpartition("/")[0] for path in environment}
    ours = {parent for path in scene.claims for parent in _parents(path)}
    for path, node in environment.items():
        if node.kind == "directory" and path not in parents and path in ours - scene.evidence.furniture:
            yield scene.violation(NAME, path, "no empty directory", said(node))


def _parents(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path
