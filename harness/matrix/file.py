"""The matrix as a file: the results themselves, from which every table can be made again."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from harness.errors import FileInvalid, Problem
from harness.matrix.cells import STATES, Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FORMAT: Final = 1
_TEXTS: Final = ("scenario", "layout", "link_mode", "installer", "saved")


def dump(results: Iterable[Result], about: Mapping[str, str]) -> str:
    """JSON with a final newline; `parse` gives the results back.

    Args:
        results: of one run.
        about: what the run was made on and with: names and texts.
    """
    rows = [asdict(result) for result in sorted(results, key=_place)]
    data = {"format": FORMAT, "about": dict(about), "results": rows}
    return json.dumps(data, indent=1) + "\n"


def _place(result: Result) -> tuple[str, ...]:
    """Workers finish in any order: equal runs are to give equal files, but for what took how long."""
    return (result.installer, result.layout, result.link_mode, result.scenario, result.saved)


def parse(text: str, *, file: str) -> tuple[Result, ...]:
    """The results in a file's text, which anybody may have written.

    Args:
        text: the content.
        file: what to call it in errors.

    Raises:
        FileInvalid: it is not one; with every problem.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileInvalid(file=file, problems=(Problem(where="", message=f"not JSON: {error}"),)) from None
    if not isinstance(data, dict) or not isinstance(data.get("results"), list):
        raise FileInvalid(file=file, problems=(Problem(where="results", message="expected a list of results"),))
    if data.get("format") != FORMAT:
        message = f"this version of exdev reads format {FORMAT}, found {data.get('format')!r:.20}"
        raise FileInvalid(file=file, problems=(Problem(where="format", message=message),))
    problems: list[Problem] = []
    found = [_result(one, f"results[{index}]", problems) for index, one in enumerate(data["results"])]
    if problems:
        raise FileInvalid(file=file, problems=tuple(problems))
    return tuple(result for result in found if result is not None)


def _result(data: object, where: str, problems: list[Problem]) -> Result | None:
    flaw = _flaw(data) if isinstance(data, dict) else "expected a table"
    if flaw or not isinstance(data, dict):
        problems.append(Problem(where=where, message=flaw))
        return None
    return Result(**{**data, "why": tuple(data["why"])})


def _flaw(data: dict[str, Any]) -> str:
    """What is wrong with one result's table; empty: nothing."""
    known = {*_TEXTS, "state", "why", "seconds"}
    if data.keys() != known:
        return f"expected the keys {', '.join(sorted(known))}"
    if not all(isinstance(data[key], str) for key in _TEXTS):
        return f"{', '.join(_TEXTS)} are texts"
    if data["state"] not in STATES:
        return f"unknown state {data['state']!r:.40}; known: {', '.join(STATES)}"
    if not isinstance(data["why"], list) or not all(isinstance(one, str) for one in data["why"]):
        return "why is a list of texts"
    if type(data["seconds"]) not in {int, float}:
        return "seconds is a number"
    return ""
