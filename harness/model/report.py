"""Report: a public bug report as data: who, where, which releases, what was seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from harness.model.case import Action, LinkMode, Step
from harness.model.layout import Layout
from harness.model.wheel import Entry

Distribution: TypeAlias = Literal["uv", "pip", "installer", "pdm", "poetry"]
Status: TypeAlias = Literal["fixed", "open", "documented"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """What a wheel's RECORD says beyond the truth, row by row.

    Attributes:
        change: `add` a row at the end, `drop` every row of a path, or `replace` them by one.
        path: the row's path, as RECORD spells it: `cmake/`, `../../victim.txt`, `cmake-1.0.dist-info/RECORD`.
        hash: its second column (`sha256=...`), for `add` and `replace`.
        size: its third column, as text: it may be wrong, or no number.
    """

    change: Literal["add", "drop", "replace"]
    path: str
    hash: str = ""
    size: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedWheel:
    """A wheel, in as few words as a person would use; its metadata is true, and RECORD but for `record`.

    Attributes:
        name: distribution name.
        version: PEP 440 version.
        skeleton: the key of a published wheel's manifest (`nvidia-cublas-cu12-12.3.4.1`): its paths, order and modes.
            Then nothing else is said.
        bad: the name of a wrong wheel that `harness.wheels.bad` makes (`wrong-hash`). Then nothing else is said.
        files: paths of empty files.
        entries: files with content, mode or kind.
        entry_points: the text of `entry_points.txt`.
        tag: compatibility tag.
        dist_info: how its `.dist-info` directory is spelled (`quart-0.17.0.dist-info`); empty: as its file name.
        record: what its RECORD says beyond the truth, change by change.
    """

    name: str = ""
    version: str = "1.0"
    skeleton: str = ""
    bad: str = ""
    files: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = field(default=(), metadata={"key": "entry"})
    entry_points: str | None = None
    tag: str = "py3-none-any"
    dist_info: str = ""
    record: tuple[RecordChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """A violation by which the defect is known.

    Attributes:
        contract: whose promise is broken.
        path: which path, as `fnmatch` compares (`purelib/nvidia/*`; `*` stands for slashes too).
        expected: a regular expression that is found in what was expected there; empty: anything.
        found: one that is found in what was found there; empty: anything.
        message: one that is found in what the installer said in that step where it failed, and in one before it where
            it did not; empty: anything.
        asked: the path has to be one of a distribution, in any version, that a failed step was asked for: that of the
            violation, or one before it; where none has failed, the violation's step.
        layouts: names or tags of the layouts it shows on, `*` for all; none: that of the report.
        link_modes: in which it shows; none: in any.
        after: actions of which one was asked for by then, in the violation's step or before it; none: any.
    """

    contract: str
    path: str = "*"
    expected: str = ""
    found: str = ""
    message: str = ""
    asked: bool = False
    layouts: tuple[str, ...] = ()
    link_modes: tuple[LinkMode, ...] = ()
    after: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A public bug report: one TOML file in `fixtures/reports/`.

    Attributes:
        id: how it is called (`uv#1513`).
        url: the thread.
        also: further threads about the same thing.
        title: the thread's.
        why: what goes wrong, in one sentence.
        installer: who has it.
        status: `fixed` in a release, `open`, or `documented`: meant to be so by its maintainers, and known to surprise.
        affected: the releases that have it, as a version specifier (`>=0.1.0,<0.1.3`).
        red: releases that were seen to have it; an open one is tried on the newest as well.
        green: releases that were seen not to have it.
        layout: a name of the catalogue; or none, where `own_layout` says it.
        own_layout: a layout that only this report needs.
        link_mode: how files get into the environment.
        creation: as `Plan.creation`.
        wheels: what is installed; a step names them `name-version`.
        steps: what was done.
        signs: exactly these contracts are broken, each by at least one of its signs.
        elsewhere: further signs of the same defect, on whatever layout scenarios meet it.
    """

    id: str
    url: str
    title: str
    why: str
    installer: Distribution
    status: Status
    affected: str
    red: tuple[str, ...]
    wheels: tuple[ReportedWheel, ...] = field(metadata={"key": "wheel"})
    steps: tuple[Step, ...] = field(metadata={"key": "step"})
    signs: tuple[Sign, ...] = field(metadata={"key": "sign"})
    also: tuple[str, ...] = ()
    green: tuple[str, ...] = ()
    layout: str = ""
    own_layout: Layout | None = None
    link_mode: LinkMode = "copy"
    creation: tuple[str, ...] = ()
    elsewhere: tuple[Sign, ...] = field(default=(), metadata={"key": "elsewhere"})
