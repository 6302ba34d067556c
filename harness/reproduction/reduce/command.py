"""`exdev reduce FILE`: make a case as small as it can be while it shows the same violation."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.errors import FileInvalid, LayoutUntrue, MountFailed, NotApplicable, Problem
from harness.kernel.laboratory import open_laboratory
from harness.layouts import validate
from harness.model import codec
from harness.output import check_creatable, check_makeable, create
from harness.reproduction.asked import add_arguments, asked, check_machine
from harness.reproduction.recognise import broken
from harness.reproduction.reduce.likeness import Likeness
from harness.reproduction.reduce.search import attempts
from harness.reproduction.reduce.smaller import KINDS, Candidate
from harness.reproduction.sameness import same
from harness.reproduction.save import save
from harness.run import Runner

if TYPE_CHECKING:
    from collections.abc import Generator

    from harness.model import Case
    from harness.reproduction.asked import Asked

DIRECTORY: Final = Path(".exdev/reduced")
_LIMIT: Final = 2000
_OFTEN: Final = 25

_EXAMPLES: Final = """\
Leaves out steps, wheels, mounts, symbolic links, permissions, files and entries of the plan, and empties files, as long
as the same violation is seen in two runs: the same contracts are broken, each in a step and at a path where the file's
case broke it, and the step fails as it did then; of a report, its signs are seen. In the end no single part of these
can go any more. The link mode, the roles and the rest of the layout stay as they are; a layout that has lost a part is
called `reduced`, and has no tags and no reports any more. FILE is never written to.

examples:
  exdev reduce .exdev/failures/3f9c2a81d0b4.toml             writes .exdev/reduced/DIGEST.toml
  exdev reduce uv-1513 --output small.toml                   the case of a report
  exdev reduce case.toml --installer uv==0.1.2               what this one breaks
  exdev reduce case.toml --limit 100                         after so many attempts, what there is by then

exit status:
  0    a smaller case was written; or there is none, which is said: the case keeps every contract, is smallest,
       or nothing had gone when the limit was reached
  2    the file, the command line or this machine is not usable; a smaller case that cannot be written is printed
  3    two runs of the case differ: there is nothing that could be kept the same
  130  interrupted by Ctrl-C; the smallest case by then was written, if it is smaller
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `reduce` to the command line."""
    parser = subparsers.add_parser(
        "reduce",
        help="make a case smaller",
        description="Make a case, or that of a report, as small as it can be while it shows the same violation.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(parser)
    parser.add_argument("--output", metavar="FILE", type=Path, help="write this file, which must not be there yet")
    parser.add_argument(
        "--limit", metavar="NUMBER", type=_positive, default=_LIMIT, help=f"attempts at most; default: {_LIMIT}"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Reduce.

    Returns:
        The exit status.

    Raises:
        HarnessError: the file or the machine is not usable.
    """
    wanted = asked(arguments.file, installer=arguments.installer)
    _check_output(arguments.output)
    with open_laboratory() as laboratory:
        check_machine(wanted.case.layout)
        reduction = _Reduction(runner=Runner(laboratory), limit=arguments.limit, best=Candidate.of(wanted.case))
        status = reduction.begin(wanted)
        if status is not None:
            return status
        interrupted = not reduction.finished()
    _tell(reduction, wanted, arguments.output, finished=not interrupted and not reduction.reached)
    return 130 if interrupted else 0


@dataclass(kw_only=True)
class _Reduction:
    """A search on its way.

    Attributes:
        runner: runs cases.
        limit: attempts at most.
        best: the smallest that failed by now.
        likeness: how the first one failed.
        tried, runs: how many attempts there were, and runs of a case.
        reached: the limit was, and there was more to try.
    """

    runner: Runner
    limit: int
    best: Candidate
    likeness: Likeness | None = None
    tried: int = 0
    runs: int = 0
    reached: bool = False
    started: float = field(default_factory=time.monotonic)

    def begin(self, wanted: Asked) -> int | None:
        """Run the case itself; the exit status, where that is all."""
        case = wanted.case
        first, second = self.runner.run(case), self.runner.run(case)
        if not same(first, second):
            _say("two runs of this case differ: it is uncontrolled, and there is nothing that could be kept the same")
            return 3
        if first.holds:
            sys.stdout.write(f"{case.installer} keeps every contract in this case: there is nothing to reduce\n")
            return 0
        self.likeness = Likeness.of(first, wanted.report)
        _say(f"{case.installer} breaks {', '.join(broken(first))}: {_sizes(case)}")
        return None

    def finished(self) -> bool:
        """Search to the end, or to the limit; False: Ctrl-C came first."""
        search = attempts(self.best.case)
        first = self.best.case
        try:
            candidate = next(search, None)
            while candidate is not None and not self.reached:
                fails = self._fails(candidate)
                if fails:
                    self.best = candidate
                if fails or self.tried % _OFTEN == 0:
                    _say(f"{self.tried:5} attempts  {_gone(first, self.best.case) or 'nothing has gone'}")
                candidate = _sent(search, fails)
                self.reached = candidate is not None and self.tried >= self.limit
        except KeyboardInterrupt:
            _say("\ninterrupted")
            return False
        return True

    def _fails(self, candidate: Candidate) -> bool:
        """Whether it is a case, and fails like the first one, twice."""
        self.tried += 1
        if validate.problems(candidate.case.layout):
            return False
        try:
            return self._like(candidate) and self._like(candidate)
        except (NotApplicable, LayoutUntrue, MountFailed, FileInvalid):
            return False

    def _like(self, candidate: Candidate) -> bool:
        assert self.likeness is not None  # noqa: S101 - `begin` comes first
        self.runs += 1
        return self.likeness.holds(self.runner.run(candidate.case), candidate.steps)


def _tell(reduction: _Reduction, wanted: Asked, output: Path | None, *, finished: bool) -> None:
    seconds = time.monotonic() - reduction.started
    case = reduction.best.case
    effort = f"{reduction.tried} attempts, {reduction.runs} runs, {seconds:.0f} s"
    if case == wanted.case:
        unfinished = "nothing has gone by now, and the search is not finished: some part may still go"
        sys.stdout.write(f"{'no part of this case can go' if finished else unfinished} ({effort})\n")
        return
    case = _labelled(case, wanted.case)
    path = _kept(case, output)
    sys.stdout.write(f"{_gone(wanted.case, case)}\n    {effort}\n")
    if reduction.reached:
        sys.stdout.write(f"    the limit of {reduction.limit} attempts was reached: the same on the new file goes on\n")
    replay = shlex.join(("exdev", "replay", str(path), "--installer", case.installer))
    sys.stdout.write(f"    replay  {replay}\n")


def _labelled(case: Case, before: Case) -> Case:
    """What is said about a layout is untrue of a part of it; signs of reports go by its name and its tags."""
    mark, layout = "Reduced from: ", case.layout
    if layout == before.layout:
        return case
    about = layout.about if layout.about.startswith(mark) else f"{mark}{layout.about}"
    return replace(case, layout=replace(layout, name="reduced", about=about, reports=(), tags=()))


def _check_output(output: Path | None) -> None:
    if output:
        check_creatable(output)
    else:
        check_makeable(DIRECTORY)


def _kept(case: Case, output: Path | None) -> Path:
    """Where it is written; what cannot be written after all is printed, and not lost."""
    try:
        return _written(case, output)
    except FileInvalid:
        sys.stdout.write(codec.dump_toml(case))
        raise


def _written(case: Case, output: Path | None) -> Path:
    if output:
        create(output, codec.dump_toml(case))
        return output
    try:
        return save(case, DIRECTORY)
    except OSError as refused:
        problem = Problem(where="", message=f"cannot be written: {refused.strerror}")
        raise FileInvalid(file=str(refused.filename or DIRECTORY), problems=(problem,)) from refused


def _gone(before: Case, after: Case) -> str:
    """`wheels 5 -> 2, files 120 -> 3`: what has become fewer."""
    counts = ((kind.name, kind.count(before), kind.count(after)) for kind in KINDS)
    return ", ".join(f"{name} {first} -> {last}" for name, first, last in counts if name and first != last)


def _sizes(case: Case) -> str:
    return ", ".join(f"{kind.name} {kind.count(case)}" for kind in KINDS if kind.name and kind.count(case))


def _sent(search: Generator[Candidate, bool, None], accepted: bool) -> Candidate | None:
    try:
        return search.send(accepted)
    except StopIteration:
        return None


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        message = f"{text!r} is not a number from 1 on"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
