"""Verify a layout: build it, do everything it promises about itself, and read its mounts back from the kernel."""

from __future__ import annotations

import functools
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from harness.errors import LayoutUntrue, errno_name
from harness.kernel import mountinfo
from harness.layouts.blueprint import moment_of
from harness.layouts.build import build
from harness.layouts.deeds import Deeds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.kernel.laboratory import Laboratory
    from harness.kernel.mountinfo import MountEntry
    from harness.layouts.build import Site
    from harness.model import Fact, File, Layout, Mount
    from harness.model.layout import Moment

_UNITS: Final = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_OCTAL: Final = 8


def verify(layout: Layout, *, laboratory: Laboratory) -> None:
    """Make sure that a layout is what it says it is, on this machine; done once per layout and process.

    Raises:
        LayoutUntrue: naming everything that is not so, with what was expected and what was found.
        FileInvalid, MountFailed: as `build`.
    """
    untrue = _untrue(layout, laboratory)
    if untrue:
        raise LayoutUntrue(layout=layout.name, facts=untrue)


@functools.lru_cache(maxsize=1024)
def _untrue(layout: Layout, laboratory: Laboratory) -> tuple[str, ...]:
    with build(layout, laboratory=laboratory) as site:
        deeds = Deeds(site)
        untrue = [*_contents(site, "start"), *_facts(deeds, layout, "start"), *_mounts(site, "start")]
        for fact in layout.facts:
            if fact.after == "image":
                deeds.prepare(fact)
        site.finish_image()
        untrue += [*_contents(site, "image"), *_facts(deeds, layout, "image"), *_mounts(site, "image")]
    return tuple(untrue)


def _facts(deeds: Deeds, layout: Layout, moment: Moment) -> Iterator[str]:
    for fact in layout.facts:
        if fact.after == moment:
            found = deeds.do(fact)
            if found != fact.gives:
                yield f"{_words(fact)}: expected {fact.gives}, found {found}"


def _words(fact: Fact) -> str:
    return f"{fact.do} {fact.source} -> {fact.to}" if fact.to else f"{fact.do} {fact.source}"


def _contents(site: Site, moment: Moment) -> Iterator[str]:
    """Files and directories, as soon as they are there: a deed may well write to one."""
    modes = {one.at: one.mode for one in site.layout.permissions if one.mode and one.after in ("start", moment)}
    for file in site.layout.files:
        if moment_of(site.layout, file) == moment:
            yield from _content(site, file, modes.get(file.at, file.mode))
    for directory in site.layout.directories:
        if moment_of(site.layout, directory) == moment:
            found = _found(site, directory.at)
            expected = f"a directory, mode {int(modes.get(directory.at, directory.mode), _OCTAL):04o}"
            if found != expected:
                yield f"{directory.at}: expected {expected}, found {found}"


def _content(site: Site, file: File, mode: str) -> Iterator[str]:
    expected = f"a file of {len(file.content)} bytes, mode {int(mode, _OCTAL):04o}"
    found = _found(site, file.at)
    if found != expected:
        yield f"{file.at}: expected {expected}, found {found}"
        return
    # Who is not root cannot read what denies it, not even its own.
    with suppress(PermissionError), open(site.path(file.at), "rb") as opened:
        if opened.read() != file.content:
            yield f"{file.at}: expected its own content, found another of the same size"


def _found(site: Site, at: str) -> str:
    """What is at a path, in words."""
    try:
        status = os.lstat(site.path(at))
    except OSError as refused:
        return errno_name(refused.errno)
    mode = f"mode {stat.S_IMODE(status.st_mode):04o}"
    if stat.S_ISREG(status.st_mode):
        return f"a file of {status.st_size} bytes, {mode}"
    return f"a directory, {mode}" if stat.S_ISDIR(status.st_mode) else "something else"


def _mounts(site: Site, moment: Moment) -> Iterator[str]:
    # The list is in the order of mounting: of several mounts at one place, the last covers the others.
    entries = {entry.at: entry for entry in mountinfo.below(site.root)}
    for index, mount in enumerate(site.layout.mounts):
        if mount.after == moment:
            what = f"mount[{index}] {mount.type} at {mount.at}"
            try:
                yield from (f"{what}: expected {right}, found {found}" for right, found in _mount(mount, site, entries))
            except OSError as refused:
                yield f"{what}: expected to be looked at, found {errno_name(refused.errno)} at {refused.filename}"


def _mount(mount: Mount, site: Site, entries: Mapping[str, MountEntry]) -> Iterator[tuple[str, str]]:
    """What was asked for and is not so, in words."""
    path = os.path.realpath(site.path(mount.at))
    entry = entries.get(path)
    if entry is None:
        yield "a mount", "none"
        return
    # By `major:minor`, not by mount id, which stat(2) does not tell: enough to see a mount that covers this one.
    if _device(path) != entry.device:
        yield "to be seen at its place", "it is hidden by another mount"
        return
    if mount.type not in ("bind", entry.type):
        yield mount.type, entry.type
        return
    for flag in mount.flags:
        if flag not in entry.options:
            yield flag, ",".join(entry.options)
    yield from _limits(mount, path)
    if mount.type == "overlay":
        yield from _layers(mount, path, entry)


def _device(path: str) -> str:
    """As mountinfo writes it; empty: nothing is there."""
    if not os.path.exists(path):
        return ""
    device = os.stat(path).st_dev
    return f"{os.major(device)}:{os.minor(device)}"


def _limits(mount: Mount, path: str) -> Iterator[tuple[str, str]]:
    filesystem = os.statvfs(path)
    if mount.size is not None:
        # The kernel rounds up to whole pages (shmem_parse_one), as f_blocks counts them.
        pages = -(-_bytes(mount.size) // filesystem.f_frsize)
        if filesystem.f_blocks != pages:
            yield f"size {mount.size}", f"{filesystem.f_blocks * filesystem.f_frsize} bytes"
    if mount.inodes is not None and filesystem.f_files != mount.inodes:
        yield f"{mount.inodes} inodes", str(filesystem.f_files)
    if mount.mode is not None:
        mode = os.stat(path).st_mode & 0o7777
        if mode != int(mount.mode, _OCTAL):
            yield f"mode {mount.mode}", f"{mode:o}"


def _bytes(size: str) -> int:
    return int(size[:-1]) * _UNITS[size[-1]] if size[-1] in _UNITS else int(size)


def _layers(mount: Mount, path: str, entry: MountEntry) -> Iterator[tuple[str, str]]:
    """As many lower layers as asked for, and writes land on the upper one."""
    lowers = _lowers(entry)
    if lowers != mount.lowers:
        yield f"{mount.lowers} lower layers", str(lowers)
    if "ro" in mount.flags:
        return
    upper = next(option.partition("=")[2] for option in entry.super_options if option.startswith("upperdir="))
    probe = "exdev-written-through-the-overlay"
    with open(f"{path}/{probe}", "x"):
        landed = os.path.lexists(f"{upper}/{probe}")
    os.unlink(f"{path}/{probe}")
    if not landed:
        yield "writes on the upper layer", "they are not there"


def _lowers(entry: MountEntry) -> int:
    """How many lower layers mountinfo lists: `lowerdir+` once for each (Linux 6.8), or `lowerdir` joined by colons."""
    found = [option.partition("=") for option in entry.super_options if option.startswith("lowerdir")]
    return sum(1 if key == "lowerdir+" else value.replace("\\:", "").count(":") + 1 for key, _, value in found)
