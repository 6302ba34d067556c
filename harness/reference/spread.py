"""Spread: where each file of a wheel goes (Binary distribution format, "Spreading"); pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from harness.errors import WheelRefused
from harness.reference.archive import UNRECORDED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.reference.records import Row
    from harness.reference.settings import Settings

# Written by the installer, whatever the wheel brings (Recording installed projects).
_OURS = {*UNRECORDED, "INSTALLER", "REQUESTED", "direct_url.json"}


class Placement(NamedTuple):
    """One file's way: path below the unpacked wheel, absolute target, the RECORD row the wheel has for it."""

    source: str
    target: str
    row: Row


class Spread(NamedTuple):
    """A wheel's files by how they are installed.

    Attributes:
        library: purelib or platlib.
        payload: rows of files that lie there as they lie in the wheel: nearly all of them.
        data: files that `.data` sends elsewhere.
        scripts: files whose first line may change.
        metadata: what goes into `.dist-info` as it is.
    """

    library: str
    payload: list[Row]
    data: list[Placement]
    scripts: list[Placement]
    metadata: list[Placement]


def spread(rows: Iterable[Row], dist_info: str, wheel_file: bytes, settings: Settings, path: str) -> Spread:
    """Where each file goes.

    Args:
        rows: of the wheel's RECORD.
        dist_info: name of its `.dist-info`.
        wheel_file: content of its WHEEL.
        settings: the scheme directories.
        path: the wheel's, for messages.

    Raises:
        WheelRefused: a `.data` directory names an unknown scheme, or the major version of its format is unknown.
    """
    library = settings.purelib if _is_pure(wheel_file, path) else settings.platlib
    result = Spread(library, [], [], [], [])
    payload = result.payload.append
    metadata, data = f"{dist_info}/", f"{dist_info.removesuffix('.dist-info')}.data/"
    for row in rows:
        name = row.path
        if name.startswith(metadata):
            if name[len(metadata) :] not in _OURS:
                result.metadata.append(Placement(name, f"{library}/{name}", row))
        elif name.startswith(data):
            scheme, target = _scheme_target(name[len(data) :], dist_info, settings, path)
            (result.scripts if scheme == "scripts" else result.data).append(Placement(name, target, row))
        else:
            payload(row)
    if result.data or result.scripts:
        _check(result, metadata, path)
    return result


def _check(result: Spread, metadata: str, path: str) -> None:
    """Raises WheelRefused where a `.data` directory brings what the wheel brings another way, or a .dist-info."""
    targets = {f"{result.library}/{row.path}" for row in result.payload}
    for placement in (*result.data, *result.scripts):
        if placement.target in targets or placement.target.startswith(f"{result.library}/{metadata}"):
            raise WheelRefused(path=path, reason=f"{placement.source!r} is there twice, once by way of .data")
        targets.add(placement.target)


def _is_pure(wheel_file: bytes, path: str) -> bool:
    fields = dict(line.partition(":")[::2] for line in wheel_file.decode(errors="replace").splitlines())
    version = fields.get("Wheel-Version", "").strip()
    if version.partition(".")[0] != "1":
        raise WheelRefused(path=path, reason=f"Wheel-Version {version!r} is not 1.x")
    return fields.get("Root-Is-Purelib", "").strip().lower() == "true"


def _scheme_target(name: str, dist_info: str, settings: Settings, path: str) -> tuple[str, str]:
    scheme, _, rest = name.partition("/")
    if scheme not in {"purelib", "platlib", "scripts", "data", "headers"} or not rest:
        raise WheelRefused(path=path, reason=f"{name!r} in .data names no scheme")
    if scheme == "headers":
        # Where sysconfig has one directory for all distributions, each gets its own below it, as pip does.
        rest = f"{dist_info.partition('-')[0]}/{rest}"
    return scheme, f"{settings.scheme(scheme)}/{rest}"
