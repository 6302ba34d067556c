"""complete: what was asked for is there, every RECORD row is true on disk, everything on disk is in a RECORD."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.contracts.scene import is_lock, said
from harness.wheels.faults import SIGNATURES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.contracts.recorded import RecordedRow
    from harness.contracts.scene import Scene
    from harness.model import Node, Violation
    from harness.wheels.expected import ExpectedFile

NAME = "complete"


def check(scene: Scene) -> Iterator[Violation]:
    """A step may fail with an excuse; what it was not asked for is then the concern of failure-preserves."""
    if scene.succeeded or not scene.excuse:
        yield from _asked_for(scene)
    yield from _rows_true(scene)
    if scene.succeeded:
        yield from _all_recorded(scene)


def _asked_for(scene: Scene) -> Iterator[Violation]:
    if scene.refused_wheel:
        return
    for path in scene.missing:
        if not scene.succeeded and path not in scene.brought:
            continue
        yield scene.violation(NAME, path, _described(scene.expectation.files[path]), scene.found(path))
    if scene.step.action != "warm":
        for wheel in scene.book.wheels:
            if wheel not in scene.wanted and scene.claimed_installed(wheel):
                yield scene.violation(NAME, scene.dist_info(wheel), "nothing", "a distribution still installed")
    if scene.step.action == "uninstall" and scene.succeeded:
        for path in scene.legacy:
            yield scene.violation(NAME, path, "nothing", "a distribution still installed, by its legacy metadata")


def _described(file: ExpectedFile) -> str:
    sizes = "" if file.generated else " of " + " or ".join(dict.fromkeys(f"{one.size} bytes" for one in file.claims))
    return f"a file{sizes} from {', '.join(one.wheel for one in file.claims)}"


def _rows_true(scene: Scene) -> Iterator[Violation]:
    """A row of a path that several wheels bring with different content is true of one of them only: see whole-files."""
    yield from _rows_well_formed(scene)
    for row in scene.recorded:
        node = scene.content(row.key)
        if row.key in scene.lost_places or scene.is_link_into_cache(row.key):
            continue
        if node is None or node.kind != "file":
            yield scene.violation(NAME, row.key, f"a file, {_as(row)}", scene.found(row.key))
        elif not _agrees(row, node, scene) and not _another_won(row, node, scene):
            size = () if row.size is None else (f"{row.size} bytes",)
            digest = (f"sha256 {row.digest[:8]}",) if row.digest else ()
            yield scene.violation(NAME, row.key, ", ".join((*size, *digest, _as(row))), said(node))


def _rows_well_formed(scene: Scene) -> Iterator[Violation]:
    """No path twice, in whatever spelling; a hash for every file that an archive brought.

    "Recording installed projects": the field may be left empty, as for RECORD itself and bytecode. That is accepted of
    all that an installer makes itself. A hash that is begun (`sha256=`), or of a weak algorithm, is none.
    """
    archived = {
        path for path, file in scene.expectation.files.items() if not (file.generated or file.shebang_rewritten)
    }
    first: dict[tuple[str, str], RecordedRow] = {}
    for row in scene.recorded:
        if (earlier := first.setdefault((row.record, row.key), row)) is not row:
            spelled = "" if earlier.path == row.path else f", as {earlier.path!r} and as {row.path!r}"
            yield scene.violation(NAME, row.key, f"one row in {row.record}", f"two rows{spelled}")
        is_left_out = not row.hash and (row.key not in archived or row.key.rpartition("/")[2] in SIGNATURES)
        if not (row.digest or is_left_out or scene.is_link_into_cache(row.key)):
            yield scene.violation(NAME, row.key, f"a sha256 or stronger, {_as(row)}", f"{row.hash!r}")


def _as(row: RecordedRow) -> str:
    return f"as the RECORD of {row.record.split('/')[1].removesuffix('.dist-info')} says"


def _agrees(row: RecordedRow, node: Node, scene: Scene) -> bool:
    """A missing hash is said by `_rows_well_formed`; of a stronger one the trees know what archives brought."""
    digest = scene.book.stronger.get(row.digest, row.digest) if ":" in row.digest else row.digest
    return digest in {"", node.digest} and row.size in {None, node.size}


def _another_won(row: RecordedRow, node: Node, scene: Scene) -> bool:
    """The row is true of what its own wheel brought, and the file is another wheel's version of it.

    Of a script that an installer makes nobody but the installer knows what it was.
    """
    if row.key in scene.book.made_by_several:
        return True
    return row.digest != node.digest and {row.digest, node.digest} <= scene.claims.get(row.key, frozenset())


def _all_recorded(scene: Scene) -> Iterator[Violation]:
    named, furniture = scene.named, scene.evidence.furniture
    for path, node in scene.after.environment.items():
        if node.kind == "directory" or path in named or path in furniture:
            continue
        # Bytecode may appear whenever a module is imported, and belongs to its module (PEP 3147).
        if "/__pycache__/" not in path and not is_lock(path, node) and path not in scene.orphans_before:
            yield scene.violation(NAME, path, "a row in some RECORD", said(node))
