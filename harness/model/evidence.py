"""Evidence: what was seen when a case ran; what contracts judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from harness.model.case import Case, Step

Kind: TypeAlias = Literal["file", "directory", "symlink", "other"]
Sharing: TypeAlias = Literal["shared", "own", "unknown"]


class Node(NamedTuple):
    """One path of a Tree. A named tuple for speed: a snapshot of the torch closure has eleven thousand of them.

    Attributes:
        kind: what it is.
        mode: permission bits.
        size: bytes, of files.
        digest: sha256 in hexadecimal, of files.
        target: of symbolic links.
    """

    kind: Kind
    mode: int
    size: int = 0
    digest: str = ""
    target: str = ""


# A snapshot: path relative to the snapshot's root -> what is there. Mount points below the root are entered.
Tree: TypeAlias = Mapping[str, Node]


class Traced(NamedTuple):
    """One mutating operation as it happened: its name, paths, and the errno it got (empty: it succeeded).

    A named tuple for speed: an example has a hundred of them.
    """

    program: int
    operation: str
    path: str
    second: str = ""
    errno: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the installer said and did in one step.

    Attributes:
        exit: exit status; 0 is success.
        message: what it said on failure, as it said it.
        notes: warnings: fallbacks, promises it could not keep.
        paths: the paths of the site that its message names, in order.
        errnos: the names of the errnos that its message names, sorted.
        commands: the command lines that were run, where it is a command.
        printed: everything it printed, standard output first; message and notes are parts of it.
        trace: its mutating operations in order (empty where tracing is off).
        operations: how many operations it made, reads included.
        seconds: wall-clock time.
        ended: `exit`, or `limit` when it was stopped because it made too many operations or took too long.
    """

    exit: int
    message: str = ""
    notes: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    errnos: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    printed: str = ""
    trace: tuple[Traced, ...] = ()
    operations: int = 0
    seconds: float = 0.0
    ended: Literal["exit", "limit"] = "exit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """Snapshots of one moment.

    Attributes:
        environment: everything below the environment and its scheme directories, keyed `scheme/relative path` with the
            innermost scheme, so that keys are the same in every layout; what is in none of them, `environment/...`.
            The directory of a scheme has the scheme's name for a key (`purelib`).
        cache: below the cache role.
        temporary: below the temporary role.
        outside: everything in the site that is none of the above (wheelhouse included), and the roles' own directories
            as far as they lie in no other role.
        records: the content of every RECORD in the environment, by its path there.
    """

    environment: Tree
    cache: Tree
    temporary: Tree
    outside: Tree
    records: Mapping[str, bytes]


class Execution(NamedTuple):
    """One run of a script, or of what it is to do.

    Attributes:
        exit: exit status; -1 where it could not be started.
        output: what it printed, not what it complained; None where that differs from run to run.
        refusal: the name of the errno with which the kernel refused to start it; empty: it was started.
    """

    exit: int
    output: str | None = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptEvidence:
    """One installed script that its installer has made, or given a first line.

    Attributes:
        content: all of it.
        in_environment: whether the interpreter that it names lies in the environment's own `bin`; None: it names none.
        ran: its run; None where nothing can be executed there, or it was not tried.
        called: by the key of each wheel that brings it: what it is to do, done by the environment's interpreter (the
            entry point called; a script of the wheel's own read). Empty where it was not run.
    """

    content: bytes
    in_environment: bool | None
    ran: Execution | None = None
    called: Mapping[str, Execution] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEvidence:
    """One step.

    Attributes:
        step: what was asked.
        outcome: what came of it.
        before, after: the trees.
        scripts: by their keys in the environment tree, the scripts that are there once the step has succeeded.
        home: what is new or changed in the home directory, by paths below that, without what its installer keeps there.
    """

    step: Step
    outcome: Outcome
    before: Trees
    after: Trees
    scripts: Mapping[str, ScriptEvidence] = field(default_factory=dict)
    home: Tree = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingEvidence:
    """How one installed file relates to the cache, found by writing through one name and reading the other.

    Attributes:
        sharing: whether it shares data with a cached file.
        possible: whether what the link mode asks for (a hard link, a clone) was to be had between the cache and its
            directory, found by doing it; False for `copy` and `symlink`, which share or do not share anywhere.
    """

    sharing: Sharing
    possible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that contracts may look at.

    Attributes:
        case: what was run.
        steps: what happened, image steps included, in order.
        sharing: per path of the final environment tree.
        furniture: paths of the environment tree that the layout put there (mount points and their parents, symlinks).
        roots: the real path of each role, as the layout spells it.
        root: the real directory that is the layout's `/`.
        places: real directory -> the key that `Trees.environment` gives to what lies below it; the cache's has `cache`.
            Empty: every role lies where `roots` has it, and links lead nowhere above them.
        platlib: the scheme under which platlib's files are keyed: `purelib` where both are one directory.
        ordered: of several wheels that bring a path, the one named last wins; False where the installer lets any win.
        control: the same case on the plain layout with the empty plan; None where none was run.
    """

    case: Case
    steps: tuple[StepEvidence, ...]
    sharing: Mapping[str, SharingEvidence] = field(default_factory=dict)
    furniture: frozenset[str] = frozenset()
    roots: Mapping[str, str] = field(default_factory=dict)
    root: str = ""
    places: Mapping[str, str] = field(default_factory=dict)
    platlib: Literal["purelib", "platlib"] = "purelib"
    ordered: bool = True
    control: Evidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One broken promise.

    Attributes:
        contract: whose.
        path: the path concerned, relative to its tree (`purelib/nvidia/__init__.py`).
        expected, found: in words.
        step: index into the evidence's steps.
    """

    contract: str
    path: str
    expected: str
    found: str
    step: int

    def __str__(self) -> str:
        return f"{self.contract}: {self.path}: expected {self.expected}, found {self.found} (step {self.step + 1})"
