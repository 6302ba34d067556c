"""The matrix as a file: the results themselves, from which every table can be made again. See schema.json."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from harness.errors import FileInvalid, Problem
from harness.matrix.cells import Result
from harness.matrix.matrix import Matrix, Shown
from harness.matrix.schema import problems, schema

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMAT: Final = 2
_TOLD: Final = 20


def dump(matrix: Matrix, comparison: Mapping[str, Any] | None = None) -> str:
    """JSON with a final newline; `parse` gives the matrix back.

    Args:
        matrix: the results.
        comparison: what a comparison with other results found, for readers of the file; None: there was none.
    """
    rows = [asdict(result) for result in sorted(matrix.results, key=_place)]
    shown = {name: asdict(matrix.layouts[name]) for name in sorted(matrix.layouts)}
    data: dict[str, Any] = {"format": FORMAT, "about": dict(matrix.about), "layouts": shown}
    data |= {**(comparison or {}), "results": rows}
    return json.dumps(data, indent=1) + "\n"


def _place(result: Result) -> tuple[str, ...]:
    """Workers finish in any order: equal runs are to give equal files, but for what took how long."""
    return (*result.identity, result.scenario, result.layout, result.link_mode, result.saved)


def read(path: Path) -> Matrix:
    """The matrix in a file.

    Raises:
        FileInvalid: it cannot be read, or is none; with every problem.
    """
    return parse(content(path), file=str(path))


def content(path: Path) -> str:
    """The text of a file.

    Raises:
        FileInvalid: it cannot be read, or is none.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as refused:
        raise _invalid(str(path), "", f"cannot be read: {refused.strerror}") from None
    except UnicodeDecodeError:
        raise _invalid(str(path), "", "not UTF-8") from None


def parse(text: str, *, file: str) -> Matrix:
    """The matrix in a file's text, which anybody may have written.

    Args:
        text: the content.
        file: what to call it in errors.

    Raises:
        FileInvalid: it is none; with every problem.
    """
    data = decoded(text, file=file)
    if isinstance(data, dict) and data.get("format") != FORMAT:
        found = f"{data.get('format')!r:.20}"
        raise _invalid(file, "format", f"this exdev reads format {FORMAT}, found {found}; run the scenarios again")
    if flaws := tuple(problems(data, schema())):
        more = () if len(flaws) <= _TOLD else (Problem(where="", message=f"and {len(flaws) - _TOLD} more"),)
        raise FileInvalid(file=file, problems=(*flaws[:_TOLD], *more))
    return _matrix(data)


def decoded(text: str, *, file: str) -> Any:  # noqa: ANN401 - whatever JSON can say, until a schema has been asked
    """What JSON says, which anybody may have written.

    Args:
        text: the content.
        file: what to call it in errors.

    Raises:
        FileInvalid: it is none.
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise _invalid(file, "", f"not JSON: {error}") from None


def _matrix(data: dict[str, Any]) -> Matrix:
    return Matrix(
        results=tuple(Result(**{**one, "why": tuple(one["why"])}) for one in data["results"]),
        about=data["about"],
        layouts={name: Shown(**shown) for name, shown in data["layouts"].items()},
    )


def _refuse(constant: str) -> float:
    """NaN and Infinity, which Python writes and reads, are no JSON."""
    message = f"{constant} is no number"
    raise ValueError(message)


def _invalid(file: str, where: str, message: str) -> FileInvalid:
    return FileInvalid(file=file, problems=(Problem(where=where, message=message),))
