"""Reads what a wheel's `.dist-info` says: RECORD's rows, WHEEL's fields, the scripts of entry_points.txt."""

from __future__ import annotations

import configparser
import csv
import io
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.model import Wheel

# Two groups of the entry points specification become executables; the rest is data for importlib.metadata.
SCRIPT_GROUPS = ("console_scripts", "gui_scripts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of RECORD.

    Attributes:
        path: as written: in an archive relative to its root.
        hash: `algorithm=digest`, the digest in urlsafe base64 without padding; empty where the row has none.
        size: bytes; None where the row has none.
    """

    path: str
    hash: str = ""
    size: int | None = None


def content(wheel: Wheel, name: str) -> bytes | None:
    """The content of one file of the wheel's `.dist-info` (`RECORD`); None where the wheel lacks it."""
    path = f"{wheel.dist_info}/{name}"
    for entry in wheel.entries:
        if entry.path == path:
            return entry.content
    return None


def record(wheel: Wheel) -> tuple[Row, ...]:
    """The rows of the RECORD in the archive; none where there is no RECORD.

    Raises:
        ValueError: it is not UTF-8, not CSV, or a row has not one to three columns or a size that is no number.
    """
    return _rows(content(wheel, "RECORD") or b"")


@lru_cache(maxsize=64)
def _rows(text: bytes) -> tuple[Row, ...]:
    try:
        return tuple(_row(*columns) for columns in csv.reader(io.StringIO(text.decode(), newline=""), strict=True))
    except (csv.Error, TypeError) as error:
        raise ValueError(str(error)) from error


def _row(path: str, digest: str = "", size: str = "") -> Row:
    return Row(path=path, hash=digest, size=int(size) if size else None)


@lru_cache(maxsize=128)
def fields(text: bytes) -> Mapping[str, str]:
    """The header fields of WHEEL or METADATA, names in lower case; of a repeated field the first."""
    found: dict[str, str] = {}
    for line in text.decode(errors="replace").splitlines():
        name, colon, value = line.partition(":")
        if not colon:
            break  # the blank line before METADATA's description
        found.setdefault(name.strip().lower(), value.strip())
    return found


def root_is_purelib(wheel: Wheel) -> bool:
    """Whether the root of the archive goes to purelib (binary distribution format, "Installing a wheel", 1.b)."""
    return fields(content(wheel, "WHEEL") or b"").get("root-is-purelib", "").lower() == "true"


def scripts(wheel: Wheel) -> Mapping[str, str]:
    """The executables an installer has to generate: name -> object reference (`torchrun` -> `torch.run:main`).

    Raises:
        ValueError: entry_points.txt is not UTF-8 or not what the entry points specification describes.
    """
    text = content(wheel, "entry_points.txt")
    return _scripts(text) if text is not None else {}


@lru_cache(maxsize=128)
def _scripts(text: bytes) -> Mapping[str, str]:
    # The specification defines the format by this very parser: case-sensitive, with "=" as the only delimiter.
    parser = _CaseSensitive(delimiters=("=",), interpolation=None)
    try:
        parser.read_string(text.decode())
    except configparser.Error as error:
        raise ValueError(str(error)) from error
    groups = (parser[group] for group in SCRIPT_GROUPS if parser.has_section(group))
    return {name: reference for group in groups for name, reference in group.items()}


class _CaseSensitive(configparser.ConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return optionstr
