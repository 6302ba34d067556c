"""cache-untouched: an install adds to the cache, and never changes a wheel's content that is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.contracts.scene import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.contracts.scene import Scene
    from harness.model import Violation

NAME = "cache-untouched"


def check(scene: Scene) -> Iterator[Violation]:
    """Content that was there before the step is there after it; content that came with it is that of the archive.

    An installer's own notes in its cache (pointers, timestamps, locks) are its own business.
    """
    changed = set()
    if scene.before.cache != scene.after.cache:
        for path in _changed(scene):
            changed.add(path)
            before, after = scene.before.cache[path], scene.after.cache.get(path)
            yield scene.violation(NAME, f"cache/{path}", said(before), said(after))
        yield from _untrue(scene, changed)


def _changed(scene: Scene) -> Iterator[str]:
    contents = {digest for files in scene.book.archived.values() for digest in files.values()}
    for path, node in scene.before.cache.items():
        if node.digest in contents and scene.after.cache.get(path) != node:
            yield path


def _untrue(scene: Scene, known: set[str]) -> Iterator[Violation]:
    """A cache filled in this very step has no before: what is unpacked there has to be what the archive holds."""
    for root, dist_info in _unpacked(scene):
        for path, digest in scene.book.archived.get(dist_info, {}).items():
            if path == f"{dist_info}/RECORD" and dist_info in scene.book.untrue_records:
                continue  # uv documents that it heals the RECORD of a wheel whose own is untrue (0.11.6)
            key = f"{root}{path}"
            node = scene.after.cache.get(key)
            if node is None or node.kind != "file" or node.digest == digest or key in known:
                continue
            if scene.before.cache.get(key) != node:
                yield scene.violation(NAME, f"cache/{key}", f"sha256 {digest[:8]}, as in the archive", said(node))


def _unpacked(scene: Scene) -> Iterator[tuple[str, str]]:
    """Where wheels lie unpacked, and which: found by their METADATA, as no two caches are laid out alike."""
    for path, node in scene.after.cache.items():
        if path.endswith(".dist-info/METADATA") and node.kind == "file":
            above, _, dist_info = path.removesuffix("/METADATA").rpartition("/")
            yield f"{above}/" if above else "", dist_info
