"""Ways to be wrong: each a change of single operations, or a wrapping of whole programs, of the reference core."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError, NotInstalled, OperationRefused
from harness.model import operation as op
from harness.reference.discard import discard
from harness.tests.contracts.altered import altered
from harness.tests.contracts.cases import CUBLAS, LARGE
from harness.wheels.launchers import interpreter, launcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model import Wheel
    from harness.reference import Settings


@dataclass(eq=False, kw_only=True)
class Quoted(HarnessError):  # noqa: N818 - reads as what it is
    """A failure that says just this."""

    text: str

    def __str__(self) -> str:
        return self.text


_NEW_FILES = (op.Link, op.CopyFile, op.Clone, op.Symlink, op.Create)


def drops_a_file(operation: op.Operation) -> op.Program[Any]:
    """Nobody notices: RECORD names it."""
    if isinstance(operation, _NEW_FILES) and operation.path.endswith("/site-packages/nvidia/a/data.txt"):
        return None
    return (yield operation)


def forgets_a_row(operation: op.Operation) -> op.Program[Any]:
    """Nobody will uninstall that file."""
    if isinstance(operation, op.Create) and operation.path.endswith("/RECORD") and "/site-packages/" in operation.path:
        lines = operation.data.splitlines(keepends=True)
        operation = operation._replace(data=b"".join(line for line in lines if b"data.txt" not in line))
    return (yield operation)


def keeps_the_old_content(operation: op.Operation) -> op.Program[Any]:
    """The new file is dropped just before it would have replaced the old one."""
    if isinstance(operation, op.Rename | op.Exchange) and operation.path.endswith("/nvidia/b/__init__.py"):
        yield op.Unlink(operation.source)
        return None
    return (yield operation)


def keeps_what_is_there(operation: op.Operation) -> op.Program[Any]:
    """A shared file is dropped just before it would have replaced another wheel's."""
    if isinstance(operation, op.Rename | op.Exchange) and operation.path.endswith("/site-packages/nvidia/__init__.py"):
        yield op.Unlink(operation.source)
        return None
    return (yield operation)


def removes_before_it_installs(program: op.Program[Any], settings: Settings) -> op.Program[Any]:
    """The old version goes first, and nothing brings it back."""
    dist_info = f"{settings.purelib}/nvidia_cublas-1.0.dist-info"
    for one in (yield op.ListDirectory(dist_info)):
        yield op.Unlink(f"{dist_info}/{one.name}")
    yield op.Rmdir(dist_info)
    yield op.Unlink(f"{settings.purelib}/nvidia/a.txt")
    return (yield from program)


def removes_the_scripts_directory(program: op.Program[Any], settings: Settings) -> op.Program[Any]:
    """pip#12237: it is empty, and so it goes."""
    answer = yield from program
    yield op.Rmdir(settings.scripts)
    return answer


def names_what_it_has_lost_as_refused(program: op.Program[Any], settings: Settings) -> op.Program[Any]:
    """uv 0.13.9: the only path it names is that of the operation that was refused, which is in what is gone."""
    yield from removes_before_it_installs(_nothing(), settings)
    try:
        return (yield from program)
    except OperationRefused as refused:
        path = f"{settings.purelib}/{CUBLAS.dist_info}"
        raise OperationRefused(path=path, operation="rmdir", errno=refused.errno) from refused


def _nothing() -> op.Program[None]:
    yield from ()


def writes_shared_files_in_place(operation: op.Operation) -> op.Program[Any]:
    """Truncate, write piece by piece, chmod: under the final name, as fs::copy does."""
    if isinstance(operation, op.CopyFile) and operation.path.endswith("/site-packages/nvidia/__init__.py"):
        data = yield op.ReadFile(operation.source)
        yield op.Truncate(operation.path)
        yield op.Write(operation.path, data[:2])
        yield op.Write(operation.path, data)
        yield op.Chmod(operation.path, 0o644)
        return None
    return (yield operation)


def copies_without_modes(operation: op.Operation) -> op.Program[Any]:
    """uv#18181: the copy fallback lost the x bit."""
    if isinstance(operation, op.CopyFile):
        data = yield op.ReadFile(operation.source)
        return (yield op.Create(operation.path, data, 0o644))
    return (yield operation)


def makes_private_directories(operation: op.Operation) -> op.Program[Any]:
    """tempfile.mkdtemp's mode, kept when the directory is renamed into place."""
    if isinstance(operation, op.Mkdir) and operation.path.endswith("/nvidia/a") and "/site-packages/" in operation.path:
        operation = operation._replace(mode=0o700)
    return (yield operation)


def opens_the_library(program: op.Program[Any], settings: Settings) -> op.Program[Any]:
    """A chmod that was meant for what had just been installed."""
    answer = yield from program
    yield op.Chmod(settings.purelib, 0o777)
    return answer


def rewrites_record_through_a_link(program: op.Program[Any], settings: Settings) -> op.Program[Any]:
    """RECORD is linked like every other file, then rewritten in place."""
    source = ""

    def change(operation: op.Operation) -> op.Program[Any]:
        nonlocal source
        if isinstance(operation, op.ReadFile) and operation.path.startswith(settings.cache):
            source = operation.path if operation.path.endswith("/RECORD") else source
        if isinstance(operation, op.Create) and operation.path.endswith("/RECORD") and "/environ" in operation.path:
            yield op.Link(source, operation.path)
            return (yield op.Write(operation.path, operation.data))
        return (yield operation)

    return altered(program, change)


def follows_links(operation: op.Operation) -> op.Program[Any]:
    """Does not ask whether a directory is one (pdm#820)."""
    answer = yield operation
    if isinstance(operation, op.Lstat) and answer.kind == "symlink":
        return answer._replace(kind="directory")
    return answer


def leaves_a_log(program: op.Program[Any], settings: Settings) -> op.Program[Any]:
    """In the directory above the cache, where it was never asked to write."""
    answer = yield from program
    yield op.Create(f"{settings.cache}/../install.log", b"done\n", 0o644)
    return answer


def leaves_a_temporary_directory_in_the_cache(program: op.Program[Any], settings: Settings) -> op.Program[Any]:
    """With one of uv's names."""
    answer = yield from program
    yield op.Mkdir(f"{settings.cache}/.tmpQ8w2Zx")
    return answer


def leaves_the_unpacked_wheel(program: op.Program[Any], settings: Settings) -> op.Program[Any]:
    """In the temporary directory."""
    answer = yield from program
    yield op.Create(f"{settings.temporary}/unpacked.whl", b"PK", 0o644)
    return answer


def does_not_undo(program: op.Program[Any], _: Settings) -> op.Program[Any]:
    """Once a read-only place has been met, nothing is taken back."""
    failed = False

    def change(operation: op.Operation) -> op.Program[Any]:
        nonlocal failed
        if failed and isinstance(operation, op.Unlink | op.Rename | op.Exchange | op.Rmdir):
            return None
        try:
            return (yield operation)
        except OperationRefused as refused:
            failed = failed or refused.errno == errno.EROFS
            raise

    return altered(program, change)


def leaves_empty_directories(operation: op.Operation) -> op.Program[Any]:
    """Of one package."""
    if isinstance(operation, op.Rmdir) and operation.path.endswith("/nvidia/b"):
        return None
    return (yield operation)


def leaves_a_directory(program: op.Program[Any], settings: Settings) -> op.Program[Any]:
    """Made for work in progress, empty in the end."""
    answer = yield from program
    yield op.Mkdir(f"{settings.purelib}/build")
    return answer


def leaves_its_directories_when_it_fails(program: op.Program[Any], settings: Settings) -> op.Program[Any]:
    """What it made on the way to a refusal."""
    try:
        return (yield from program)
    except HarnessError:
        yield op.Mkdir(f"{settings.purelib}/half_made")
        raise


def swallows_exdev(operation: op.Operation) -> op.Program[Any]:
    """conda#3198: the link failed, nobody said so."""
    try:
        return (yield operation)
    except OperationRefused as refused:
        if not (isinstance(operation, op.Link) and refused.errno == errno.EXDEV):
            raise


def fails_although_done(program: op.Program[Any], settings: Settings) -> op.Program[Any]:
    """The last, needless operation is taken for the whole."""
    yield from program
    raise OperationRefused(path=f"{settings.purelib}/nvidia", operation="rmdir", errno=errno.EBUSY)


def metadata_comes_first(program: op.Program[Any], settings: Settings) -> op.Program[Any]:
    """uv 0.13.9 with a nested mount: "already installed" is all the next run has to say."""
    try:
        return (yield from program)
    except OperationRefused:
        yield from _metadata_of(CUBLAS, settings)
        raise


def _metadata_of(wheel: Wheel, settings: Settings) -> op.Program[None]:
    dist_info = f"{settings.purelib}/{wheel.dist_info}"
    yield op.Mkdir(dist_info)
    content = next(entry.content for entry in wheel.entries if entry.path.endswith("/METADATA"))
    yield op.Create(f"{dist_info}/METADATA", content, 0o644)


def takes_metadata_for_the_whole(program: op.Program[Any], settings: Settings) -> op.Program[Any]:
    """uv 0.13.9 where space runs out: it leaves a .dist-info, and is content with that when it is asked again."""
    try:
        yield op.Lstat(f"{settings.purelib}/{LARGE.dist_info}/METADATA")
    except OperationRefused:
        try:
            return (yield from program)
        except OperationRefused:
            yield from _metadata_of(LARGE, settings)
            raise
    yield op.Note("already installed")


def removes_the_dist_info_whatever_comes(program: op.Program[Any], settings: Settings) -> op.Program[Any]:
    """Then nothing is installed any more, so that the next run is done before it begins."""
    try:
        return (yield from program)
    except NotInstalled:
        yield op.Note("not installed: nothing to do")
    except OperationRefused:
        yield from discard(f"{settings.purelib}/{CUBLAS.dist_info}")
        raise


def takes_a_neighbours_file(program: op.Program[Any], settings: Settings) -> op.Program[Any]:
    """It tidies up more than it has made."""
    try:
        return (yield from program)
    except OperationRefused:
        yield op.Unlink(f"{settings.purelib}/nvidia/a/data.txt")
        raise


def removes_a_file_at_a_time(program: op.Program[Any], settings: Settings) -> op.Program[Any]:
    """What went before the refusal is gone."""
    try:
        return (yield from program)
    except OperationRefused:
        yield op.Unlink(f"{settings.purelib}/nvidia/a.txt")
        raise


def fails_without_a_word(program: op.Program[Any], _: Settings) -> op.Program[Any]:
    """An exit status is all there is."""
    try:
        return (yield from program)
    except HarnessError as error:
        raise Quoted(text="") from error


def warms_nothing(_: op.Program[Any], __: Settings) -> op.Program[Any]:
    """It only says so."""
    yield op.Note("warmed")


def says_nothing(program: op.Program[Any], _: Settings) -> op.Program[Any]:
    """pip#6327."""
    try:
        return (yield from program)
    except OperationRefused as refused:
        raise Quoted(text="installation failed") from refused


def names_only_the_path(program: op.Program[Any], settings: Settings) -> op.Program[Any]:
    """Not what the kernel answered."""
    try:
        return (yield from program)
    except OperationRefused as refused:
        raise Quoted(text=f"could not install to {settings.purelib}/nvidia") from refused


def names_only_the_errno(program: op.Program[Any], _: Settings) -> op.Program[Any]:
    """Not where."""
    try:
        return (yield from program)
    except OperationRefused as refused:
        raise Quoted(text=f"could not install: os error {refused.errno}") from refused


def copies_always(operation: op.Operation) -> op.Program[Any]:
    """Whatever was asked for."""
    if isinstance(operation, op.Link | op.Symlink) and "/cache/" in operation.source:
        operation = op.CopyFile(operation.source, operation.path)
    return (yield operation)


def links_always(operation: op.Operation) -> op.Program[Any]:
    """Whatever was asked for."""
    if isinstance(operation, op.CopyFile):
        operation = op.Link(operation.source, operation.path)
    return (yield operation)


def keeps_no_cache(program: op.Program[Any], settings: Settings) -> op.Program[Any]:
    """There is then nothing to link to, and nothing to be found out by writing: it copies, and removes it."""
    aside = f"{settings.temporary}/unpacked"

    def change(operation: op.Operation) -> op.Program[Any]:
        fields = operation._asdict().items()
        moved: dict[str, Any] = {
            name: text.replace(settings.cache, aside) for name, text in fields if isinstance(text, str)
        }
        operation = operation._replace(**moved)
        if isinstance(operation, op.Link) and operation.source.startswith(aside):
            operation = op.CopyFile(operation.source, operation.path)
        return (yield operation)

    answer = yield from altered(program, change)
    yield from discard(aside)
    return answer


def falls_back_when_strict(operation: op.Operation) -> op.Program[Any]:
    """The strict mode of the reference core, quietly softened."""
    try:
        return (yield operation)
    except OperationRefused as refused:
        if not (isinstance(operation, op.Link) and refused.errno == errno.EXDEV):
            raise
        return (yield op.CopyFile(operation.source, operation.path))


def first_wins_once_a_link_was_refused(program: op.Program[Any], _: Settings) -> op.Program[Any]:
    """Which version of a shared file stays depends on where the cache lies."""
    crossing = False

    def change(operation: op.Operation) -> op.Program[Any]:
        nonlocal crossing
        if (
            crossing
            and isinstance(operation, op.Rename | op.Exchange)
            and operation.path.endswith("/nvidia/__init__.py")
        ):
            return None
        try:
            return (yield operation)
        except OperationRefused as refused:
            crossing = crossing or refused.errno == errno.EXDEV
            raise

    return altered(program, change)


def asks_nobody_else(operation: op.Operation) -> op.Program[Any]:
    """uv#19430: what another RECORD claims is removed all the same."""
    answer = yield operation
    if isinstance(operation, op.ReadFile) and operation.path.endswith("nvidia_a-1.0.dist-info/RECORD"):
        return b""
    return answer


def leaves_a_file(operation: op.Operation) -> op.Program[Any]:
    """It takes the file for missing."""
    if isinstance(operation, op.Rename) and operation.source.endswith("/nvidia/b/data.txt"):
        raise OperationRefused(path=operation.source, operation="rename", errno=errno.ENOENT)
    return (yield operation)


def links_for_ever(operation: op.Operation) -> op.Program[Any]:
    """pip#3532: try again until it works."""
    while True:
        try:
            return (yield operation)
        except OperationRefused:
            if not isinstance(operation, op.Link):
                raise


def names_the_machines_interpreter(operation: op.Operation) -> op.Program[Any]:
    """Scripts start a Python that knows nothing of the environment."""
    return (yield _with_script(operation, lambda content: b"#!/usr/bin/python3\n" + content.partition(b"\n")[2]))


def leaves_the_placeholder(operation: op.Operation) -> op.Program[Any]:
    """The first line of a wheel's own script is not replaced."""
    return (yield _with_script(operation, lambda content: b"#!python\n" + content.partition(b"\n")[2], "/run"))


def ends_lines_for_another_system(operation: op.Operation) -> op.Program[Any]:
    """The kernel looks for an interpreter whose name ends in a carriage return."""
    return (yield _with_script(operation, lambda content: content.replace(b"\n", b"\r\n", 1)))


def writes_the_path_as_it_is(operation: op.Operation) -> op.Program[Any]:
    """pip#12599, uv#2076: whatever the path of the interpreter, it stands behind the #!."""
    return (yield _with_script(operation, _with_plain_line))


def _with_plain_line(content: bytes) -> bytes:
    return b"#!" + interpreter(content).encode() + b"\n" + content[len(launcher(content)) :]


def _with_script(operation: op.Operation, change: Callable[[bytes], bytes], name: str = "") -> op.Operation:
    """The operation with what it writes into the scripts directory changed."""
    if isinstance(operation, op.Create) and "/bin/" in operation.path and operation.path.endswith(name):
        return operation._replace(data=change(operation.data))
    return operation


def calls_another_attribute(operation: op.Operation) -> op.Program[Any]:
    """What the script calls is not what entry_points.txt says; RECORD is true."""
    return (yield from _reading(operation, "/entry_points.txt", lambda text: text.replace(b":main", b":other")))


def cuts_a_script_short(operation: op.Operation) -> op.Program[Any]:
    """The last line of a wheel's own script is lost; RECORD is true."""
    return (yield from _reading(operation, ".data/scripts/run", lambda text: text[: text.rindex(b"print")]))


def _reading(operation: op.Operation, name: str, change: Callable[[bytes], bytes]) -> op.Program[Any]:
    """An operation, with what it reads from a file of this name in the cache changed."""
    answer = yield operation
    if isinstance(operation, op.ReadFile) and operation.path.endswith(name) and "/cache/" in operation.path:
        return change(answer)
    return answer
