"""Archives: wheels as a few lines of Python that make them, byte for byte, with the standard library alone; pure."""

from __future__ import annotations

import base64
import io
import itertools
import json
import textwrap
import warnings
import zipfile
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from harness.errors import FileInvalid, UnknownName
from harness.wheels import manifests, reordered
from harness.wheels.archive import write
from harness.wheels.make import record_content

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.model import Case, Entry, Wheel

_TYPES: Final = {"file": 0o100000, "directory": 0o040000, "symlink": 0o120000}
_USUAL: Final = {"file": 0o100644, "directory": 0o040755}
_MSDOS_DIRECTORY: Final = 0x10
# More entries than anybody reads are packed.
_READABLE: Final = 250
_WIDTH: Final = 116
# A character that is repeated more often than this is said once.
_REPEATED: Final = 40


def program(case: Case) -> str:
    """A program that writes every archive of a case into the directory it is given.

    Entries come in the order of the case's plan: it is the order in which an installer that unpacks them creates them.
    """
    parts = [_wheel(reordered(wheel, case.plan.creation)) for wheel in case.wheels]
    text = "\n".join(parts)
    packed = ["json", "zlib"] if "json.loads" in text else []
    imports = sorted(["base64", "hashlib", "os", "sys", "zipfile", *packed])
    return f"import {', '.join(imports)}\n{_FUNCTIONS}\n{text}"


# In it, a number stands for the content of a published file: nothing but its name and its size matters.
_FUNCTIONS: Final = '''
RECORD = None

def entry(path, data="", mode=0):
    """Path, content and mode. A path that ends in / is a directory; for a size alone, a comment stands in."""
    if isinstance(data, int):
        data = f"# {hashlib.sha256(f'{path} {data}'.encode()).hexdigest():.61}\\n"[:data]
    return path, data.encode() if isinstance(data, str) else data, mode or (0o040755 if path[-1:] == "/" else 0o100644)

def row(path, data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    return f"{path},sha256={digest},{len(data)}\\n"

def wheel(filename, *entries):
    """An archive with its entries in this order; RECORD is computed."""
    entries = [entry(one) if isinstance(one, str) else entry(*one) for one in entries]
    rows = sorted(row(path, data) for path, data, _ in entries if data is not RECORD and path[-1:] != "/")
    with zipfile.ZipFile(os.path.join(sys.argv[1], filename), "w") as archive:
        for path, data, mode in entries:
            info = zipfile.ZipInfo(path)
            info.create_system, info.external_attr = 3, mode << 16 | (0x10 if path[-1:] == "/" else 0)
            archive.writestr(info, "".join((*rows, f"{path},,\\n")) if data is RECORD else data)
'''


def _wheel(wheel: Wheel) -> str:
    if not _is_plain(wheel):
        return _embedded(wheel)
    sizes, own = _sizes(wheel.key), _computed_record(wheel)
    entries = [_entry(entry, sizes, own) for entry in wheel.entries]
    if len(entries) > _READABLE and not any(isinstance(part, bytes) for entry in entries for part in entry):
        packed = base64.b64encode(zlib.compress(json.dumps(entries, separators=(",", ":")).encode(), 9)).decode()
        call = f"wheel({wheel.filename!a}, *json.loads(zlib.decompress(base64.b64decode('''"
        return f"# {len(entries)} entries, packed\n{call}\n{_lines(packed)}\n'''))))\n"
    return f"wheel({wheel.filename!a},\n{_filled([_said(entry) for entry in entries])})\n"


def _entry(entry: Entry, sizes: Mapping[str, int], own: str) -> tuple[str | int | bytes | None, ...]:
    path = f"{entry.path}/" if entry.kind == "directory" else entry.path
    mode = _TYPES[entry.kind] | entry.mode
    data: str | int | bytes | None = _text(entry.content)
    if entry.path == own:
        data = None
    elif len(entry.content) > 1 and manifests.small(entry.path, sizes.get(entry.path, 0)) == entry.content:
        data = sizes[entry.path]
    if mode != _USUAL.get(entry.kind):
        return path, data, mode
    return (path,) if data == "" else (path, data)


def _said(entry: tuple[str | int | bytes | None, ...]) -> str:
    path, *rest = entry
    words = [_literal(path), *("RECORD" if part is None else _literal(part) for part in rest[:1])]
    words += [oct(mode) for mode in rest[1:] if isinstance(mode, int)]
    return f"({', '.join(words)})" if rest else words[0]


def _literal(value: object) -> str:
    """A Python literal in ASCII: nothing in it can end its line, or the here-document."""
    if not isinstance(value, str):
        return ascii(value)
    lines = value.splitlines(keepends=True)
    if len(lines) > 1 and len(value) > _WIDTH - 20:
        return "\n        " + " +\n        ".join(map(_repeated, lines))
    return _repeated(value)


def _repeated(text: str) -> str:
    """A text with long runs of one character: `'#' * 3000 + '!'`."""
    groups = [(character, len([*group])) for character, group in itertools.groupby(text)]
    if all(count <= _REPEATED for _, count in groups):
        return ascii(text)
    parts: list[str] = []
    for repeated, some in itertools.groupby(groups, lambda one: one[1] > _REPEATED):
        if repeated:
            parts += [f"{character!a} * {count}" for character, count in some]
        else:
            parts.append(ascii("".join(character * count for character, count in some)))
    return " + ".join(parts)


def _filled(words: list[str]) -> str:
    """As many words to a line as it holds."""
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + len(word) + 2 < _WIDTH and "\n" not in word:
            lines[-1] += f" {word},"
        else:
            lines.append(f"    {word},")
    return "\n".join(lines)


def _text(content: bytes) -> str | bytes:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content


def _computed_record(wheel: Wheel) -> str:
    """The path of RECORD where its content is what the program computes; empty: it is said byte for byte."""
    own = f"{wheel.dist_info}/RECORD"
    others = [entry for entry in wheel.entries if entry.path != own]
    said = [entry.content for entry in wheel.entries if entry.path == own]
    has_quotes = any(character in entry.path for entry in wheel.entries for character in ',"\r\n')
    return own if said == [record_content(others, own)] and not has_quotes else ""


@lru_cache(maxsize=32)
def _sizes(key: str) -> Mapping[str, int]:
    """The published sizes of a wheel's files, where it is one of the published ones."""
    try:
        return {listed.path: listed.size for listed in manifests.load(key).entries if not listed.directory}
    except (UnknownName, FileInvalid):
        return {}


def _is_plain(wheel: Wheel) -> bool:
    """Whether `zipfile` writes the very bytes that the harness does."""
    if wheel.damage:
        return False
    made = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(made, "w") as archive:
        warnings.simplefilter("ignore")  # duplicate names are what some bad wheels are about
        for entry in wheel.entries:
            is_directory = entry.kind == "directory"
            info = zipfile.ZipInfo(f"{entry.path}/" if is_directory else entry.path)
            info.create_system = 3
            info.external_attr = (_TYPES[entry.kind] | entry.mode) << 16 | (_MSDOS_DIRECTORY if is_directory else 0)
            archive.writestr(info, entry.content)
    return made.getvalue() == write(wheel)


def _embedded(wheel: Wheel) -> str:
    data = base64.b64encode(write(wheel)).decode()
    opened = f"with open(os.path.join(sys.argv[1], {wheel.filename!a}), 'wb') as archive:"
    return f"{opened}  # broken on purpose\n    archive.write(base64.b64decode('''\n{_lines(data)}\n'''))\n"


def _lines(text: str) -> str:
    return "\n".join(textwrap.wrap(text, _WIDTH, break_on_hyphens=False))
