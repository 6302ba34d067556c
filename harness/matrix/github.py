"""A strategy matrix for GitHub Actions: one job for each shard; printed, and read again when they have ended."""

from __future__ import annotations

import difflib
import json
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from harness import installers, layouts
from harness.errors import FileInvalid, Problem, UnknownName
from harness.installers.registry import RELEASED
from harness.matrix.durations import expected
from harness.matrix.file import content, decoded
from harness.matrix.schema import problems
from harness.matrix.shards import Shard, divide
from harness.provisioning.release import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from harness.matrix.cells import Result
    from harness.provisioning import Release

# What an installer is called by, where it is no release: the path of somebody's own build.
_PATH = "path:"
_UNFIT_FOR_A_FILE = re.compile(r"[^A-Za-z0-9.]+")
# As much of the line as is read again: whoever adds keys for jobs of their own may.
_TEXT: Final = {"type": "string"}
_JOB: Final = {
    "type": "object",
    "required": ["name", "installers", "layouts", "seconds"],
    "properties": {"name": _TEXT, "installers": _TEXT, "layouts": _TEXT, "seconds": {"type": "number"}},
}
_PLAN: Final = {
    "type": "object",
    "required": ["include"],
    "properties": {"include": {"type": "array", "items": _JOB}},
}


def strategy(
    *,
    count: int,
    layout: Sequence[str] = (),
    installer: Sequence[str] = (),
    results: Iterable[Result] = (),
    newest: Callable[[str], Release] | None = None,
) -> str:
    """One line of JSON: `{"include": [{"name": "01-uv", "installers": "--installer uv", "layouts": "--shard ..."}]}`.

    Each entry is a job: `name` is fit for a file, `installers` and `layouts` are options of pytest, whose words hold no
    white space; `provision` names the releases to have ready, perhaps none, and `cache` is the same as one word;
    `seconds` is what the scenarios take.

    Args:
        count: of jobs, at least one; there are fewer where there is not that much to divide.
        layout: names or paths; none: the catalogue.
        installer: as for pytest; none: the reference core and each that has releases.
        results: of earlier runs, which say how long what takes.
        newest: what to ask for the newest release of a distribution, so that all jobs mean the same one; none: each
            job finds out by itself.

    Raises:
        UnknownName: there is no such layout or installer, or its name cannot be one word of a command line.
        FileInvalid: a layout is not usable, or two have one name.
        ReleaseInvalid: what names a release does not.
        NotProvided: nobody knows the newest release.
    """
    chosen = tuple(dict.fromkeys(layout)) or layouts.names()
    tested = tuple(dict.fromkeys(installer)) or ("reference", *RELEASED)
    layouts.load_all(chosen)
    for one in chosen:
        _check_word("layout", one, layouts.names())
    for one in tested:
        _check_installer(one)
    if newest:
        tested = tuple(str(newest(one)) if one in RELEASED else one for one in tested)
    shards = divide(expected(chosen, tested, results), count)
    # The catalogue needs no naming.
    every = _options("--layout", chosen) if layout else ()
    return json.dumps({"include": [_job(number, shard, every) for number, shard in enumerate(shards, 1)]})


def planned(path: Path) -> Mapping[str, Shard]:
    """The jobs of a line that `strategy` has made, by their names.

    Raises:
        FileInvalid: it cannot be read, or is no such line; with every problem.
    """
    data = decoded(content(path), file=str(path))
    if flaws := tuple(problems(data, _PLAN)) or tuple(_unnamed(data["include"])):
        raise FileInvalid(file=str(path), problems=flaws)
    return {
        job["name"]: Shard(
            installers=_named("--installer", job["installers"]),
            layouts=_named("--shard", job["layouts"]),
            seconds=job["seconds"],
        )
        for job in data["include"]
    }


def _unnamed(jobs: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """A job of nothing would have nothing to tell, and never be missed."""
    for number, job in enumerate(jobs):
        for key, option in (("installers", "--installer"), ("layouts", "--shard")):
            if not _named(option, job[key]):
                message = f"expected {option} NAME, perhaps repeated, found {job[key]!r:.40}"
                yield Problem(where=f"include[{number}].{key}", message=message)


def _options(option: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(word for name in names for word in (option, name))


def _named(option: str, options: str) -> tuple[str, ...]:
    return tuple(name for word, name in pairwise(options.split()) if word == option)


def _job(number: int, shard: Shard, every: Sequence[str]) -> dict[str, str | int]:
    about = _UNFIT_FOR_A_FILE.sub("-", "+".join(shard.installers)).strip("-")
    provision = [one for one in shard.installers if one.partition("==")[0] in RELEASED]
    return {
        "name": f"{number:02}-{about:.60}",
        "installers": " ".join(_options("--installer", shard.installers)),
        # All layouts are named to each, so that what stands for others is what it would be in one run.
        "layouts": " ".join((*every, *_options("--shard", shard.layouts))),
        "provision": " ".join(provision),
        "cache": "+".join(provision),
        "seconds": round(shard.seconds),
    }


def _check_installer(name: str) -> None:
    """Whether there is one, without providing it: that is for the machine that runs it."""
    _check_word("installer", name, installers.names())
    if name.partition("==")[0] in RELEASED:
        parse(name)
    elif name not in installers.names() and not name.startswith(_PATH):
        _refuse("installer", name, installers.names())


def _check_word(kind: str, name: str, known: tuple[str, ...]) -> None:
    if not name or name != "".join(name.split()):
        _refuse(f"{kind} (a name of one word)", name, known)


def _refuse(kind: str, name: str, known: tuple[str, ...]) -> None:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    raise UnknownName(kind=kind, name=name, known=known, nearest=nearest[0] if nearest else None)
