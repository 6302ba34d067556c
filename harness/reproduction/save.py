"""Saving a case under a name that says what it is, and reading it back."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.errors import FileInvalid, Problem
from harness.layouts import validate
from harness.model import Case, codec
from harness.wheels import published

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model import Wheel

_NAME_LENGTH = 12
_MODE = 0o644


def digest(case: Case) -> str:
    """Twelve hexadecimal digits that are the same for equal cases."""
    return hashlib.sha256(codec.dump_json(case).encode()).hexdigest()[:_NAME_LENGTH]


def save(case: Case, directory: Path) -> Path:
    """Write a case as `DIGEST.toml`, with exclusive create; a file that is there already holds the same case.

    Of large published wheels it holds the hash alone: `load` downloads them where they are not there.

    Raises:
        OSError: the directory or file cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{digest(case)}.toml"
    if not path.exists():
        # Another worker may be writing the same failure: readers only ever see whole files.
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=directory, prefix=f".{path.name}.") as file:
            file.write(codec.dump_toml(replace(case, wheels=tuple(map(published.referring, case.wheels)))))
            file.flush()
            os.chmod(file.name, _MODE)
            with suppress(FileExistsError):
                os.link(file.name, path)
    return path


def load(path: Path) -> Case:
    """The case in a file.

    Raises:
        FileInvalid: it is not one; with every problem.
        WheelUnavailable: it refers to a published wheel that is not there and cannot be downloaded.
    """
    case: Case = codec.load(Case, path, check=validate.check)
    wheels = tuple(_whole(wheel, number, path) for number, wheel in enumerate(case.wheels))
    return replace(case, wheels=wheels)


def _whole(wheel: Wheel, number: int, path: Path) -> Wheel:
    try:
        return published.whole(wheel, tell=lambda line: sys.stderr.write(f"{line}\n"))
    except ValueError as error:
        problem = Problem(where=f"wheel[{number}].published", message=str(error))
        raise FileInvalid(file=str(path), problems=(problem,)) from error
