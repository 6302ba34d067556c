"""The reports: one TOML file each in `fixtures/reports/`, and a user's own beside them."""

from __future__ import annotations

import functools
import os
import posixpath
import re
from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from harness import layouts
from harness.contracts import CONTRACTS
from harness.data import fixtures
from harness.errors import Problem, UnknownName
from harness.layouts import validate
from harness.model import codec
from harness.model.report import Report, ReportedWheel, Sign
from harness.reports.signs import explaining
from harness.wheels import manifests
from harness.wheels.bad import BAD
from harness.wheels.expected import parents

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.model import Evidence, Violation


@functools.cache
def names() -> tuple[str, ...]:
    """The names of all reports' files, sorted."""
    return tuple(sorted(path.stem for path in (fixtures() / "reports").glob("*.toml")))


def load(name_or_path: str | os.PathLike[str]) -> Report:
    """A report by the name of its file (`uv-1513`), or a user's own by the path of its TOML or JSON file.

    Raises:
        UnknownName: neither a name nor a path.
        FileInvalid: the file has problems; all of them at once.
    """
    text = os.fspath(name_or_path)
    if text in names():
        return _catalogued(text)
    if "/" in text or text.endswith((".toml", ".json")):
        return codec.load(Report, text, check=check)
    raise UnknownName(kind="report", name=text, known=names(), nearest=codec.nearest(text, names()))


def known(
    violations: Sequence[Violation], evidence: Evidence, *, own_report: Report | None = None
) -> tuple[Report, ...]:
    """The reports that explain at least one of these violations: of the catalogue, and a user's own.

    Args:
        violations: what is to be explained.
        evidence: of the run.
        own_report: one that need not be in the catalogue; it comes first, and in place of the one with its id.
    """
    catalogue = map(_catalogued, names())
    every = (own_report, *(one for one in catalogue if one.id != own_report.id)) if own_report else catalogue
    return explaining(every, violations, evidence)


@functools.cache
def _catalogued(name: str) -> Report:
    return codec.load(Report, fixtures() / "reports" / f"{name}.toml", check=check)


def check(kind: type[object], fields: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """What must hold in a report beyond its types; see `harness.model.codec.Check`."""
    yield from validate.check(kind, fields, where)
    if kind is Sign:
        yield from _sign(fields, where)
    if kind is ReportedWheel:
        yield from _wheel(fields, where)
    if kind is Report:
        yield from _releases(fields)
        yield from _place(fields)
        yield from _steps(fields)


def _sign(fields: Mapping[str, Any], where: str) -> Iterator[Problem]:
    contract = fields.get("contract")
    if contract is not None and contract not in CONTRACTS:
        yield Problem(where=codec.below(where, "contract"), message=codec.unknown(contract, tuple(CONTRACTS)))
    for key in ("expected", "found", "message"):
        try:
            re.compile(fields.get(key, ""))
        except re.error as error:
            yield Problem(where=codec.below(where, key), message=f"not a regular expression: {error}")


def _wheel(fields: Mapping[str, Any], where: str) -> Iterator[Problem]:
    skeleton, name, bad = (fields.get(key, "") for key in ("skeleton", "name", "bad"))
    # A key that is not among the fields is there, and has a problem of its own.
    if {"skeleton", "name", "bad"} <= fields.keys() and sum(map(bool, (skeleton, name, bad))) != 1:
        yield Problem(where=where, message="says either `name` or `skeleton` or `bad`")
    if {"files", "entries"} <= fields.keys():
        yield from _repeated(fields, where)
    alone = skeleton or bad
    yield from (
        Problem(where=codec.below(where, key), message=f"of a wheel with `name` only, and not of {alone!r}")
        for key in ("dist_info", "record")
        if alone and fields.get(key)
    )
    yield from _metadata(fields, where)
    if bad and bad not in BAD:
        yield Problem(where=codec.below(where, "bad"), message=codec.unknown(bad, tuple(BAD)))
    if skeleton and skeleton not in manifests.names():
        yield Problem(where=codec.below(where, "skeleton"), message=codec.unknown(skeleton, manifests.names()))


def _repeated(fields: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """A path of `files` that there is already, or that others need as a directory; entries may say anything."""
    info = f"{fields.get('name', '').replace('-', '_')}-{fields.get('version', '')}.dist-info"
    first = {f"{info}/{name}": "made for every wheel" for name in ("METADATA", "WHEEL", "RECORD")}
    first |= {posixpath.normpath(entry.path): f"entry[{index}]" for index, entry in enumerate(fields["entries"])}
    needed = {parent for path in (*fields["files"], *first) for parent in parents(posixpath.normpath(path))}
    for index, path in enumerate(fields["files"]):
        place = codec.below(where, f"files[{index}]")
        earlier = first.setdefault(posixpath.normpath(path), f"files[{index}]")
        if earlier != f"files[{index}]":
            hint = "an archive that holds it twice is said by [[wheel.entry]] alone"
            yield Problem(where=place, message=f"{path!r:.100} is {earlier} already; {hint}")
        elif posixpath.normpath(path) in needed:
            yield Problem(where=place, message=f"{path!r:.100} is a directory of other files")


def _metadata(fields: Mapping[str, Any], where: str) -> Iterator[Problem]:
    """What is said of RECORD has rows to be said of; a `.dist-info` is one name at the top of the archive."""
    named = fields.get("dist_info", "")
    if named and ("/" in named or not named.endswith(".dist-info")):
        yield Problem(where=codec.below(where, "dist_info"), message=f"{named!r} is not the name of a .dist-info")
    if not fields.get("name") or not {"version", "files", "entries", "record"} <= fields.keys():
        return
    rows = {*fields["files"], *(entry.path for entry in fields["entries"])}
    for number, one in enumerate(fields["record"]):
        place = codec.below(where, f"record[{number}]")
        if one.change == "drop" and (one.hash or one.size):
            yield Problem(where=place, message="a row that is dropped has neither hash nor size")
        if one.change == "add":
            rows.add(one.path)
        elif one.path not in rows and ".dist-info/" not in one.path:
            yield Problem(
                where=f"{place}.path", message=f"no row to {one.change}: {codec.unknown(one.path, sorted(rows))}"
            )


def _releases(fields: Mapping[str, Any]) -> Iterator[Problem]:
    try:
        affected = SpecifierSet(fields.get("affected", ""), prereleases=True)
    except InvalidSpecifier as error:
        yield Problem(where="affected", message=str(error))
        return
    if "red" in fields and not fields["red"]:
        yield Problem(where="red", message="empty: a report names a release that was seen to have it")
    for key in ("red", "green"):
        for index, text in enumerate(fields.get(key, ())):
            try:
                release = Version(text)
            except InvalidVersion as error:
                yield Problem(where=f"{key}[{index}]", message=str(error))
                continue
            if "affected" in fields and (release in affected) is not (key == "red"):
                message = f"{text} is {key}, and {'not ' if key == 'red' else ''}in affected = {str(affected)!r}"
                yield Problem(where=f"{key}[{index}]", message=message)
    if fields.get("status") == "fixed" and "green" in fields and not fields["green"]:
        yield Problem(where="green", message="missing: a fixed report names a release that was seen without it")


def _place(fields: Mapping[str, Any]) -> Iterator[Problem]:
    if not {"layout", "own_layout"} <= fields.keys():
        return
    layout, own = fields["layout"], fields["own_layout"]
    if bool(layout) == bool(own):
        yield Problem(where="layout", message="says either `layout` or `[own_layout]`")
    elif layout and layout not in layouts.names():
        yield Problem(where="layout", message=codec.unknown(layout, layouts.names()))


def _steps(fields: Mapping[str, Any]) -> Iterator[Problem]:
    for number, step in enumerate(fields.get("steps", ())):
        tool = step.installer.partition("==")[0]
        if tool and tool != fields.get("installer", tool):
            message = f"{step.installer!r} is no release of {fields['installer']!r}, of which this report is"
            yield Problem(where=f"step[{number}].installer", message=message)
    if "wheels" not in fields:
        return
    known = {_key(told) for told in fields["wheels"]}
    for number, step in enumerate(fields.get("steps", ())):
        for index, key in enumerate(step.wheels):
            if key not in known:
                message = f"{key!r} is no wheel of this report; it has: {', '.join(sorted(known)) or 'none'}"
                yield Problem(where=f"step[{number}].wheels[{index}]", message=message)


def _key(told: ReportedWheel) -> str:
    if told.bad in BAD:
        return BAD[told.bad]().key
    if told.skeleton not in manifests.names():
        return f"{told.name}-{told.version}"
    manifest = manifests.load(told.skeleton)
    return f"{manifest.name}-{manifest.version}"
