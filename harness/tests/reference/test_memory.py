"""The filesystem in memory answers as the kernel does; otherwise nothing proved with it would count."""

from __future__ import annotations

import itertools
import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.drivers import perform
from harness.errors import OperationRefused, errno_name
from harness.kernel import mounts
from harness.kernel.snapshot import snapshot
from harness.model import operation as op
from harness.tests.reference.memory import File, Filesystem, Link, Memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.kernel.laboratory import Laboratory

# Directories, a tmpfs, a bind of `/d`, a read-only tmpfs, one with few inodes and pages, a single-file mount; links to
# a directory, upwards out of one, and to nowhere; `..` behind links.
PATHS = (
    "/a",
    "/b",
    "/d",
    "/d/a",
    "/d/e",
    "/d/e/a",
    "/other",
    "/other/a",
    "/other/e",
    "/bind",
    "/bind/a",
    "/bind/e/a",
    "/sealed",
    "/sealed/a",
    "/sealed/new",
    "/small/a",
    "/small/b",
    "/small/e",
    "/small/e/a",
    "/d/up",
    "/d/up/a",
    "/link/../a",
    "/d/up/../other/a",
    "/mounted",
    "/link",
    "/link/a",
    "/link/new",
    "/nowhere",
    "/nowhere/a",
    "/a/below",
    "/missing/a",
)
MODES = (0o600, 0o644, 0o755)


def operations() -> st.SearchStrategy[op.Operation]:
    """Any operation on any two of the paths."""
    path, data, mode = (
        st.sampled_from(PATHS),
        st.sampled_from((b"", b"one", b"longer", b"x" * 5000)),
        st.sampled_from(MODES),
    )
    return st.one_of(
        *(st.builds(kind, path) for kind in (op.Rmdir, op.Unlink, op.ListDirectory, op.ReadFile, op.Digest)),
        *(st.builds(kind, path) for kind in (op.Lstat, op.RealPath)),
        *(st.builds(kind, path, path) for kind in (op.CopyFile, op.Link, op.Clone, op.Symlink, op.Rename, op.Exchange)),
        *(st.builds(kind, path, mode) for kind in (op.Mkdir, op.Truncate, op.Chmod)),
        st.builds(op.Create, path, data, mode),
        st.builds(op.Write, path, data),
    )


def below(root: str, operation: op.Operation) -> op.Operation:
    """The same operation with every path below `root`."""
    paths: Any = {name: f"{root}{value}" for name, value in operation._asdict().items() if name in {"path", "source"}}
    return operation._replace(**paths)


def answered(performing: Any, operation: op.Operation) -> Any:  # noqa: ANN401 - answers differ by operation
    """The answer, made comparable, or the errno's name."""
    try:
        answer = performing(operation)
    except OperationRefused as refused:
        return errno_name(refused.errno)
    if isinstance(operation, op.ListDirectory):
        return sorted(answer)
    if isinstance(answer, op.Status) and answer.kind == "directory":
        return answer._replace(size=0)  # a directory's size is the filesystem's own affair
    return answer


_NUMBERS = itertools.count()


@contextmanager
def both(laboratory: Laboratory) -> Iterator[tuple[str, Memory]]:
    """The same mounts and files on a real tmpfs and in memory, at the same paths."""
    root = f"{laboratory.sites}/memory-{next(_NUMBERS)}"
    memory = Memory()
    memory.make(root)
    with ExitStack() as stack:
        os.mkdir(root)
        stack.callback(os.rmdir, root)
        stack.enter_context(mounts.tmpfs(root, leave="detach"))
        for name in ("d", "other", "bind", "sealed"):
            os.mkdir(f"{root}/{name}")
            memory.make(f"{root}/{name}")
        for name in ("mounted", "covering", "d/keep"):
            perform(op.Create(f"{root}/{name}", b"x", 0o644))
            memory.perform(op.Create(f"{root}/{name}", b"x", 0o644))
        for name, target in (("link", f"{root}/d"), ("nowhere", f"{root}/gone"), ("d/up", "../other/..")):
            perform(op.Symlink(target, f"{root}/{name}"))
            memory.perform(op.Symlink(target, f"{root}/{name}"))
        _mount(root, stack, memory)
        yield root, memory


def _mount(root: str, stack: ExitStack, memory: Memory) -> None:
    stack.enter_context(mounts.tmpfs(f"{root}/other", mode="755", leave="stay"))
    memory.mount(f"{root}/other")
    stack.enter_context(mounts.tmpfs(f"{root}/sealed", mode="755", leave="stay"))
    memory.mount(f"{root}/sealed")
    for performing in (perform, memory.perform):
        performing(op.Create(f"{root}/sealed/a", b"sealed", 0o644))
    stack.enter_context(mounts.remount(f"{root}/sealed", flags=("ro",)))
    memory.mounts[f"{root}/sealed"].read_only = True
    stack.enter_context(mounts.bind(f"{root}/d", f"{root}/bind", leave="stay"))
    memory.bind(f"{root}/d", f"{root}/bind")
    stack.enter_context(mounts.bind(f"{root}/covering", f"{root}/mounted", leave="stay"))
    memory.bind(f"{root}/covering", f"{root}/mounted")
    os.mkdir(f"{root}/small")
    stack.enter_context(mounts.tmpfs(f"{root}/small", size="12k", inodes=5, mode="755", leave="stay"))
    memory.mount(f"{root}/small", filesystem=Filesystem(inodes=5, pages=3))


@given(wanted=st.lists(operations(), min_size=1, max_size=12))
@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_operation_answers_in_memory_as_the_kernel_does(
    laboratory: Laboratory, wanted: list[op.Operation]
) -> None:
    umask = os.umask(0o022)
    try:
        with both(laboratory) as (root, memory):
            for operation in wanted:
                real = below(root, operation)
                assert (operation, answered(memory.perform, real)) == (operation, answered(perform, real))
            real_tree = snapshot(root)
            assert {path.removeprefix(f"{root}/"): node[:2] for path, node in memory.tree(root).items()} == {
                path: node[:2] for path, node in real_tree.items()
            }
    finally:
        os.umask(umask)


def test_names_of_one_inode_share_content_and_mode() -> None:
    memory = Memory()
    memory.perform(op.Create("/a", b"before", 0o644))
    memory.perform(op.Link("/a", "/b"))
    memory.perform(op.Write("/b", b"after!"))
    memory.perform(op.Chmod("/b", 0o600))
    assert memory.tree("/") == {"/a": ("file", 0o600, b"after!"), "/b": ("file", 0o600, b"after!")}


def test_a_clone_in_memory_is_a_file_of_its_own() -> None:
    memory = Memory(clones=True)
    memory.mount("/other")
    memory.perform(op.Create("/a", b"before", 0o755))
    memory.perform(op.Clone("/a", "/b"))
    with pytest.raises(OperationRefused, match="EXDEV"):
        memory.perform(op.Clone("/a", "/other/b"))
    memory.perform(op.Write("/b", b"after!"))
    assert memory.tree("/")["/a"] == ("file", 0o755, b"before")
    assert memory.tree("/")["/b"] == ("file", 0o755, b"after!")


def test_a_link_and_a_file_are_different_inodes() -> None:
    memory = Memory()
    memory.perform(op.Symlink("/a", "/b"))
    memory.perform(op.Create("/a", b"", 0o644))
    assert isinstance(memory.inode("/b"), Link)
    assert isinstance(memory.inode("/a"), File)


@pytest.mark.parametrize("length", [255, 256])
def test_a_name_is_too_long_in_memory_where_it_is_for_the_kernel(laboratory: Laboratory, length: int) -> None:
    with both(laboratory) as (root, memory):
        path = f"{root}/{'n' * length}"
        for operation in (op.Mkdir(path), op.Symlink("/", path), op.Create(path, b"", 0o644), op.Lstat(path)):
            assert answered(memory.perform, operation) == answered(perform, operation)
