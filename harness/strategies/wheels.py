"""Wheel sets: namespace wheels that share files, as published ones do and as they should not."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from harness.model import Entry, Wheel
from harness.strategies.arguments import check_known, check_range
from harness.wheels import wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

Sharing: TypeAlias = Literal["none", "identical", "equal-size", "different-size", "directory-and-file"]

SHARING: tuple[Sharing, ...] = get_args(Sharing)
_NAMES = ("cublas", "cusolver", "cudnn", "cufft", "curand", "nccl")
_SHARED = "nvidia/__init__.py"
_MODULE = b'who = "{who}"\n'
_COMMAND = b'import sys\n\ndef main():\n    print("{who}", *sys.argv[1:])\n'
# What a wheel may bring of its own, smallest first: (path, content, mode); `{}` is the wheel's name, and in contents
# `{who}` its name and version, so that an upgrade changes files and not only their names.
_OWN = (
    ("nvidia/{}/__init__.py", _MODULE, 0o644),
    ("nvidia/{}_only.py", _MODULE, 0o644),
    ("nvidia/{}/lib/lib{}.so.12", b"\x7fELF of {who}", 0o755),
    ("nvidia/{}/include/{}.h", b"/* {who} */\n", 0o644),
    ("nvidia/{}_command.py", _COMMAND, 0o644),
)
# The file that an entry point goes with.
_WITH_SCRIPT = 1 << (len(_OWN) - 1)
_ENTRY_POINTS = "[console_scripts]\nnvidia-{} = nvidia.{}_command:main\n"


def wheel_sets(
    *,
    min_size: int = 2,
    max_size: int = 3,
    sharing: Collection[Sharing] = SHARING[1:2],
    max_own_files: int = 4,
    version: str = "1.0",
) -> st.SearchStrategy[tuple[Wheel, ...]]:
    """Sets of namespace wheels (`nvidia-cublas`, `nvidia-cusolver`, ...) that lie in one directory, `nvidia`.

    Args:
        min_size: how many wheels at least.
        max_size: how many at most.
        sharing: what may be drawn for the file they share, `nvidia/__init__.py`: they do not (`none`), it is the same
            (`identical`, as in nvidia's own wheels), it differs (`equal-size`, `different-size`), or one wheel has a
            directory where another has a file (`directory-and-file`).
        max_own_files: how many files each wheel may have beside the shared one; the fifth comes with a script.
        version: of all of them.

    Shrinks towards two wheels, the first kind of sharing, and no files of their own.

    Raises:
        InvalidArgument: an argument is out of range.
    """
    check_known("sharing", sharing, SHARING)
    check_range("size", min_size, max_size, at_least=1)
    check_range("own_files", 0, max_own_files, at_least=0)
    if max_size > len(_NAMES):
        raise InvalidArgument(f"max_size={max_size!r}: expected at most {len(_NAMES)}")
    sizes = st.integers(min_size, max_size)
    # One draw for all wheels' own files, a bit each. Fewer draws make faster examples and smaller shrinks.
    own = st.binary(min_size=max_size, max_size=max_size)
    return st.builds(_Maker(max_own_files, version), sizes, st.sampled_from(tuple(sharing)), own)


def bulky_wheels(*, max_files: int = 24, max_size: int = 1 << 15) -> st.SearchStrategy[Wheel]:
    """One wheel with so many or so large files that a small filesystem cannot hold it. Shrinks towards one empty file.

    Args:
        max_files: how many files it may have, all of them in `bulky/`.
        max_size: bytes that each of them may have; they are of one size.

    Raises:
        InvalidArgument: an argument is out of range.
    """
    check_range("files", 1, max_files, at_least=1)
    check_range("size", 0, max_size, at_least=0)
    # Not a list of sizes: Hypothesis draws short lists of small numbers most of the time, and those fill nothing.
    return st.builds(_bulky, st.integers(1, max_files), st.integers(0, max_size))


def _bulky(count: int, size: int) -> Wheel:
    return wheel("bulky", "1.0", {f"bulky/part{number}.bin": b"x" * size for number in range(count)})


class _Maker:
    """Makes a wheel set from what was drawn; a class for its readable repr in failing examples."""

    def __init__(self, max_own_files: int, version: str) -> None:
        self._max_own_files = max_own_files
        self._version = version

    def __call__(self, size: int, sharing: Sharing, own: bytes) -> tuple[Wheel, ...]:
        limit = min(self._max_own_files, len(_OWN))
        return tuple(
            _namespace_wheel(index, sharing, own[index] % (1 << limit), self._version) for index in range(size)
        )

    def __repr__(self) -> str:
        return "namespace_wheels"


@lru_cache(maxsize=4096)
def _namespace_wheel(index: int, sharing: Sharing, own: int, version: str) -> Wheel:
    name = _NAMES[index]
    entries = [Entry(_SHARED, content) for content in _SHARED_CONTENT[sharing](index)]
    if sharing == "directory-and-file":
        # The first wheel's file is a directory of all others.
        entries = [Entry("nvidia/common") if index == 0 else Entry("nvidia/common/__init__.py")]
    who = f"{name} {version}".encode()
    for bit, (path, content, mode) in enumerate(_OWN):
        if own >> bit & 1:
            entries.append(Entry(path.replace("{}", name), content.replace(b"{who}", who), mode))
    scripts = _ENTRY_POINTS.replace("{}", name) if own & _WITH_SCRIPT else None
    return wheel(f"nvidia-{name}", version, entries, entry_points=scripts)


_SHARED_CONTENT: dict[Sharing, Callable[[int], tuple[bytes, ...]]] = {
    "none": lambda _: (),
    "identical": lambda _: (b"",),
    "equal-size": lambda index: (b"# wheel %d\n" % index,),
    "different-size": lambda index: (b"#" * (index + 1),),
    "directory-and-file": lambda _: (),
}
