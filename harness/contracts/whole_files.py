"""whole-files: each shared file is wholly one claimant's, never a mixture and never torn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.contracts.scene import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.contracts.scene import Scene
    from harness.model import Violation

NAME = "whole-files"


def check(scene: Scene) -> Iterator[Violation]:
    """Every file that a wheel of the case brings, installed or left over, has the content of one of them."""
    for path, digests in scene.claims.items():
        node = scene.content(path)
        if node is None or "" in digests or path in scene.evidence.furniture:
            continue
        if node.kind == "file" and node.digest not in digests and not _rewritten(path):
            wanted = " or ".join(sorted(digest[:8] for digest in digests))
            yield scene.violation(NAME, path, f"the content of one claimant (sha256 {wanted})", said(node))


def _rewritten(path: str) -> bool:
    """Scripts get the interpreter's name in their first line."""
    return path.startswith("scripts/")
