"""What was probed, in a small file: read by who goes on with it later, and by who wants to tell of the range.

The file is hostile input like any other: it is bounded, checked, and written beside its place and renamed into it.
"""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from packaging.version import InvalidVersion, Version

import harness
from harness.output import overwrite
from harness.provisioning import shelf
from harness.reproduction.bisect.search import Label
from harness.reproduction.bisect.span import Probe, Range
from harness.reproduction.save import digest

if TYPE_CHECKING:
    from harness.model import Case
    from harness.reproduction.recognise import Sought

DIRECTORY: Final = Path(".exdev/bisect")
_FORMAT: Final = 1
_MAX_BYTES: Final = 1 << 20
_LABELS: Final = get_args(Label)
_MODE: Final = 0o644


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a file holds.

    Attributes:
        sought: digest of what was looked for: probes that looked for something else say nothing.
        range: what was found so far.
    """

    sought: str
    range: Range


class Unusable(Exception):  # noqa: N818 - reads as what it is; never leaves this package
    """A file that is not taken for what it says; its text says why."""


def saved(case: Case, installer: str, sought: Sought, *, directory: Path = DIRECTORY) -> Range | None:
    """The range that `exdev bisect` has found for a case.

    Args:
        case: as it stands in its file, or as `reports.case` makes it; whichever installer it names.
        installer: whose releases: `uv`, or any release of it (`uv==0.1.2`).
        sought: the violation that it has to be about.
        directory: where bisections are kept.

    Returns:
        The range, without probes beyond what was searched; its `complete` is False where the search was interrupted.
        None: there is none, or it is about another violation, or it was found by another version of the harness, or the
        file is not one of ours.
    """
    try:
        kept = read(path(case, installer, directory=directory))
    except (FileNotFoundError, Unusable):
        return None
    oldest, newest = map(Version, kept.range.searched)
    probes = tuple(one for one in kept.range.probes if oldest <= Version(one.version) <= newest)
    return replace(kept.range, probes=probes) if kept.sought == sought.digest else None


def path(case: Case, installer: str, *, directory: Path = DIRECTORY) -> Path:
    """Where the bisection of a case is kept."""
    distribution = installer.partition("==")[0]
    return directory / f"{digest(replace(case, installer=distribution))}.json"


def read(file: Path) -> Kept:
    """What a file holds.

    Raises:
        FileNotFoundError: there is none.
        Unusable: it is not to be trusted, and why.
    """
    try:
        with file.open("rb") as opened:
            text = opened.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        raise
    except OSError as refused:
        raise Unusable(str(refused.strerror)) from refused
    try:
        said: Any = json.loads(text) if len(text) <= _MAX_BYTES else None
        if said["format"] != _FORMAT:
            message = f"its format is {said['format']!r:.20}, not {_FORMAT}"
            raise Unusable(message)
        if said["harness"] != fingerprint():
            raise Unusable("another version of exdev made it")
        return Kept(sought=_text(said["sought"]), range=_range(said))
    except (ValueError, LookupError, TypeError, InvalidVersion, RecursionError) as error:
        message = f"it is no bisection that exdev has written ({type(error).__name__})"
        raise Unusable(message) from error


def write(file: Path, kept: Kept) -> None:
    """Put it there, whole, over whatever was there.

    Raises:
        OSError: its directory cannot be made.
        FileInvalid: it cannot be written.
    """
    found = kept.range
    said = {
        "format": _FORMAT,
        "harness": fingerprint(),
        "sought": kept.sought,
        "installer": found.installer,
        "complete": found.complete,
        "releases": found.releases,
        "searched": found.searched,
        "probes": [{"version": one.version, "label": one.label, "why": one.why} for one in found.probes],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    overwrite(file, json.dumps(said, indent=1) + "\n", follow=False)


@functools.cache
def fingerprint() -> str:
    """Of all that has a say in a verdict: what other contracts have judged, or another Python ran, is not trusted."""
    root = Path(harness.__file__).parent
    said = hashlib.sha256(f"{harness.__version__} {shelf.python_tag()}".encode())
    for source in sorted(root.rglob("*.py")):
        name = source.relative_to(root)
        if name.parts[0] != "tests":
            said.update(f"\0{name}\0".encode() + source.read_bytes())
    return said.hexdigest()


def _range(said: dict[str, Any]) -> Range:
    releases = tuple(map(_release, said["releases"]))
    probes = tuple(map(_probe, said["probes"]))
    order = {version: place for place, version in enumerate(releases)}
    places = [order[probe.version] for probe in probes]
    if places != sorted(set(places)) or sorted(releases, key=Version) != list(releases):
        raise ValueError(places)
    oldest, newest = map(_release, said["searched"])
    if order[oldest] > order[newest]:
        raise ValueError(oldest)
    return Range(
        installer=_text(said["installer"]),
        releases=releases,
        searched=(oldest, newest),
        probes=probes,
        complete=said["complete"] is True,
    )


def _probe(said: dict[str, Any]) -> Probe:
    if said["label"] not in _LABELS:
        raise ValueError(said["label"])
    return Probe(version=_release(said["version"]), label=said["label"], why=_text(said["why"]))


def _release(text: object) -> str:
    return str(Version(_text(text)))


def _text(said: object) -> str:
    if not isinstance(said, str):
        raise TypeError(said)
    return said
