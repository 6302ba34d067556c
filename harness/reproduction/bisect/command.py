"""`exdev bisect FILE`: find the releases that show a violation, and those that do not."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from packaging.version import InvalidVersion, Version

from harness import provisioning
from harness.errors import NotBisectable, NotProvided, ReleaseInvalid
from harness.kernel.laboratory import open_laboratory
from harness.output import check_makeable
from harness.provisioning import DISTRIBUTIONS, Release
from harness.provisioning.release import check
from harness.reproduction.asked import FILE, asked, check_machine
from harness.reproduction.bisect import kept, search
from harness.reproduction.bisect.kept import Kept
from harness.reproduction.bisect.probing import Prober
from harness.reproduction.bisect.span import Range
from harness.reproduction.bisect.words import told
from harness.reproduction.recognise import Sought, broken, recorded
from harness.reproduction.sameness import same
from harness.run import Runner

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.model import Case
    from harness.reproduction.asked import Asked
    from harness.reproduction.bisect.span import Probe

_EXAMPLES: Final = """\
A release is `bad` if it shows the violation that the file is about: of a report, the contracts that it names, by its
signs; of a case, the contracts that its own installer (or that of --as) breaks, in the same steps and at the same
paths. `good` keeps every contract. `other` violates something else: another defect, which is not counted. `cannot`: it
cannot be installed here, or does not do what the case asks for; it is stepped over.

The newest release, the oldest and a few between them are probed first, then each change is closed in on, as by
git bisect. Pre-releases, yanked releases and those for another Python are left out. What is probed is installed into
the cache first (see exdev provision), and run twice. Where the index does not answer, the releases that are in the
cache are bisected.

What was probed is kept in .exdev/bisect: after Ctrl-C, the same command goes on from there.

examples:
  exdev bisect uv-1513                             a report, over all releases of its installer
  exdev bisect uv-1513 --from 0.1.0 --to 0.2.0     between these
  exdev bisect .exdev/failures/3f9c2a81d0b4.toml --installer uv
                                                   a saved case
  exdev bisect case.toml --installer uv --as path:/home/me/uv/target/debug/uv
                                                   what a build of one's own breaks: in which releases, too?
  exdev bisect uv-1513 --to 0.1.12 --every         probe each of them: nothing is assumed
  exdev bisect uv-1513 --again                     forget what was probed before

exit status:
  0    done: it is said which of the probed releases are bad; also where all are, or none
  1    done, and the file is a report whose `affected` says otherwise
  2    the file, the command line or this machine is not usable, or no release could be run
  3    two runs of one release differ, so that it is neither good nor bad; what is known is said
  130  interrupted by Ctrl-C; what is known by then is said
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `bisect` to the command line."""
    parser = subparsers.add_parser(
        "bisect",
        help="find the releases that show a violation",
        description="Find the published releases of an installer that show a violation, and those that do not.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", help=FILE)
    names = ", ".join(DISTRIBUTIONS)
    parser.add_argument("--installer", metavar="NAME", help=f"whose releases: {names}; default: as the file says")
    parser.add_argument(
        "--as",
        dest="showing",
        metavar="NAME",
        help="of a case: look for what this one breaks (path:/path/to/uv, uv==0.1.2); default: as the file says",
    )
    parser.add_argument("--from", dest="oldest", metavar="VERSION", type=_version, help="none that is older")
    parser.add_argument("--to", dest="newest", metavar="VERSION", type=_version, help="none that is newer")
    parser.add_argument("--every", action="store_true", help="probe every release")
    parser.add_argument("--again", action="store_true", help="forget what was probed before")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Bisect.

    Returns:
        The exit status.

    Raises:
        HarnessError: the file or the machine is not usable.
    """
    wanted = asked(arguments.file, installer=arguments.showing, option="--as")
    if arguments.showing and wanted.report:
        because = "a report says by its signs what is looked for; --as is for cases"
        raise NotBisectable(file=wanted.file, because=because)
    installer = _distribution(arguments.installer, wanted)
    check_makeable(kept.DIRECTORY)
    published = tuple(release.version for release in _published(installer))
    chosen = _chosen(published, arguments, wanted)
    with open_laboratory() as laboratory:
        check_machine(wanted.case.layout)
        runner = Runner(laboratory)
        sought = _sought(wanted, runner)
        if sought is None:
            return 3
        prober = Prober(runner=runner, case=wanted.case, sought=sought, installer=installer)
        file = kept.path(wanted.case, installer)
        bisection = _Bisection(prober=prober, published=published, releases=chosen, file=file, sought=sought.digest)
        if not arguments.again:
            bisection.resume()
        interrupted = not bisection.finished(every=arguments.every, seed=_seed(wanted, installer))
    found = bisection.found(chosen, complete=not interrupted)
    if not found.stretches and not interrupted:
        reason = found.skipped[0].why if found.skipped else "there is none"
        raise NotBisectable(file=arguments.file, because=f"none of {installer}'s releases could be run: {reason}")
    sys.stdout.write(f"{_title(wanted)}\n{told(found, file=arguments.file, report=wanted.report)}\n")
    return 130 if interrupted else _status(found, wanted)


@dataclass(kw_only=True)
class _Bisection:
    """A search on its way: what is known, and where it is kept.

    Attributes:
        prober: runs the case.
        published: all versions.
        releases: those that are searched.
        file: where it is kept.
        sought: what is looked for, as a digest.
        known: what was probed, now or before.
        passing: of these, what is not worth keeping.
        before: what an earlier search came to, if it came to its end.
    """

    prober: Prober
    published: tuple[str, ...]
    releases: tuple[str, ...]
    file: Path
    sought: str
    known: dict[str, Probe] = field(default_factory=dict)
    passing: set[str] = field(default_factory=set)
    before: Range | None = None

    def resume(self) -> None:
        """Take over what was probed before; what is not trusted is said."""
        try:
            before = kept.read(self.file)
        except FileNotFoundError:
            return
        except kept.Unusable as refused:
            _say(f"{self.file} is not used: {refused}; starting anew")
            return
        if before.sought != self.sought:
            _say(f"{self.file} is not used: it looked for another violation; starting anew")
            return
        self.known = {probe.version: probe for probe in before.range.probes}
        self.before = before.range if before.range.complete else None
        if mine := self.known.keys() & set(self.releases):
            _say(f"going on: {len(mine)} of these releases were probed before ({self.file}; --again forgets them)")

    def finished(self, *, every: bool = False, seed: str = "") -> bool:
        """Probe until nothing is left to find out; False: Ctrl-C came first."""
        place = self.releases.index(seed) if seed in self.releases else None
        series = [Version(version).release[:2] for version in self.releases]
        first = search.spread(series, seed=place, every=every)
        try:
            while (index := search.following(first, *self._seen(self.releases), every=every)) is not None:
                self._probe(self.releases[index], search.remaining(first, *self._seen(self.releases)))
        except KeyboardInterrupt:
            _say("\ninterrupted; the same command goes on from here")
            self._keep(complete=False)
            return False
        self._keep(complete=True)
        return True

    def found(self, among: Sequence[str], *, complete: bool) -> Range:
        """What is known about some of the releases, or about all."""
        probes = tuple(self.known[version] for version in among if version in self.known)
        return Range(
            installer=self.prober.installer,
            releases=self.published,
            searched=(self.releases[0], self.releases[-1]),
            probes=probes,
            complete=complete,
        )

    def _probe(self, version: str, more: int) -> None:
        done = len(self.known.keys() & set(self.releases))
        release = Release(self.prober.installer, version)
        verb = "running" if provisioning.is_provided(release) else "installing and running"
        _say(f"{done + 1:4} of about {done + more}  {release}: {verb} ... ", end="")
        probe, lasting = self.prober.probe(version)
        _say(f"{probe.label}{f': {probe.why}' if probe.why else ''}")
        self.known[version] = probe
        if not lasting:
            self.passing.add(version)
        self._keep(complete=False)

    def _seen(self, among: Sequence[str]) -> tuple[dict[int, search.Label], search.Others]:
        known = {index: self.known[one] for index, one in enumerate(among) if one in self.known}
        others = {index: probe.why for index, probe in known.items() if probe.label == "other"}
        return {index: probe.label for index, probe in known.items()}, others

    def _keep(self, *, complete: bool) -> None:
        """What can change without us, such as a network that is away, is not for later."""
        found = self.found(self.published, complete=complete)
        if complete and self.before and self._stands(self.before.searched):
            found = replace(found, searched=self.before.searched)
        lasting = tuple(probe for probe in found.probes if probe.version not in self.passing)
        try:
            kept.write(self.file, Kept(sought=self.sought, range=replace(found, probes=lasting)))
        except OSError as refused:
            problem = f"{refused.filename or self.file}: {refused.strerror}"
            raise NotBisectable(file=str(self.file), because=f"it cannot be written: {problem}") from refused

    def _stands(self, searched: tuple[str, str]) -> bool:
        """Whether an earlier search went beyond this one, and what was probed since has left nothing open in it."""
        oldest, newest = map(Version, searched)
        inside = [version for version in self.published if oldest <= Version(version) <= newest]
        return {*self.releases} <= {*inside} and search.following((), *self._seen(inside)) is None


def _distribution(named: str | None, wanted: Asked) -> str:
    """Whose releases."""
    if named:
        name, _, version = named.partition("==")
        if version:
            raise ReleaseInvalid(
                text=named, because=f"all releases are bisected; say --installer {name}, --from and --to"
            )
        return check(name)
    own = wanted.case.installer.partition("==")[0]
    if own not in DISTRIBUTIONS:
        because = f"it is of {own}, which has no releases; name whose, for example --installer uv"
        raise NotBisectable(file=wanted.file, because=because)
    return own


def _seed(wanted: Asked, installer: str) -> str:
    """The version that the file itself names; empty: it names none of this installer."""
    distribution, _, version = wanted.case.installer.partition("==")
    return version if distribution == installer else ""


def _published(installer: str) -> tuple[Release, ...]:
    try:
        return provisioning.published(installer)
    except NotProvided as refused:
        here = provisioning.here(installer)
        if not here:
            raise
        _say(f"{refused.because}; bisecting the {len(here)} releases that are in the cache")
        return here


def _chosen(published: Sequence[str], arguments: argparse.Namespace, wanted: Asked) -> tuple[str, ...]:
    oldest, newest = arguments.oldest, arguments.newest
    versions = [Version(version) for version in published]
    chosen = [one for one in versions if (oldest is None or one >= oldest) and (newest is None or one <= newest)]
    if not chosen:
        between = f"{versions[0]} to {versions[-1]}"
        because = f"no release lies between --from and --to; published for this Python: {between}"
        raise NotBisectable(file=wanted.file, because=because)
    return tuple(map(str, chosen))


def _sought(wanted: Asked, runner: Runner) -> Sought | None:
    """What is looked for: a report says it, a case shows it with its own installer; None: its two runs differ."""
    if wanted.report is not None:
        return Sought(report=wanted.report)
    case = wanted.case
    _say(f"what to look for: running {case.installer} ... ", end="")
    first, second = runner.run(case), runner.run(case)
    if not same(first, second):
        _say("two runs of it differ: it is uncontrolled, neither a pass nor a failure")
        return None
    if first.holds:
        _say("it keeps every contract")
        because = f"{case.installer}, which should break it, keeps every contract: there is nothing to look for"
        raise NotBisectable(file=wanted.file, because=because)
    _say(f"it breaks {', '.join(broken(first))}")
    return recorded(first)


def _title(wanted: Asked) -> str:
    case: Case = wanted.case
    name = wanted.report.id if wanted.report else wanted.file
    return f"{name} on {case.layout.name}, link mode {case.link_mode}"


def _status(found: Range, wanted: Asked) -> int:
    if any(probe.label == "uncontrolled" for probe in found.probes):
        return 3
    report = wanted.report
    same_installer = report is not None and report.installer == found.installer
    return 1 if report is not None and same_installer and found.contradictions(report.affected) else 0


def _version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _say(line: str, *, end: str = "\n") -> None:
    """Progress; what installers said is in it, and stays out of the terminal's control."""
    clean = re.sub(r"[^\n\x20-\x7e\xa0-\U0010ffff]", "\N{REPLACEMENT CHARACTER}", line)
    sys.stderr.write(f"{clean}{end}")
    sys.stderr.flush()
