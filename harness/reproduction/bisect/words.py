"""A range in words: for people, and in the form of a report's file; pure."""

from __future__ import annotations

import shlex
import textwrap
from itertools import groupby
from typing import TYPE_CHECKING, Final

from harness.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.model.report import Report
    from harness.reproduction.bisect.span import Probe, Range, Stretch

_WIDTH: Final = 118
_SHOWN: Final = 6
_MEANINGS: Final = {
    "other": "not this, but",
}


def told(found: Range, *, file: str, report: Report | None = None) -> str:
    """The whole answer, without a final newline.

    Args:
        found: of the search.
        file: as the user named it.
        report: whose case it is; its `affected` is compared.
    """
    lines = [*_stretches(found), "", *map(_sentence, _changes(found)), *_affected(found, report), *_probed(found)]
    lines += [_labelled("next", command) for command in _commands(found, file)]
    return "\n".join(lines)


def _stretches(found: Range) -> Iterator[str]:
    spans = [(one, _span(one)) for one in found.stretches]
    wide = max((len(span) for _, span in spans), default=0)
    for one, span in spans:
        kinds = dict.fromkeys(probe.why for probe in one.probes if probe.why)
        why = f"{_MEANINGS.get(one.label, '')} {'; or '.join(kinds)}"
        yield printable(f"    {found.installer} {span:{wide}}  {one.label:6} {why.strip()}".rstrip())


def _span(one: Stretch) -> str:
    return one.first if one.first == one.last else f"{one.first} ... {one.last}"


def _changes(found: Range) -> Iterator[tuple[str, str]]:
    """Each claim with its label: where bad begins and ends, with the neighbours that show it."""
    if not found.bad:
        yield "result", _nowhere(found)
    elif len(found.stretches) == 1:
        yield "result", "every release that was probed shows the violation"
    for one in found.bad:
        yield "first bad", _begin(found, one)
        yield _end(found, one)
    if not found.steady:
        yield "comes back", "the history is not monotone: bad, then not, then bad again. What lies between two probed"
        yield "", "releases that are alike may differ as well: --every probes all"
    if not found.complete:
        yield "unfinished", "the search was interrupted: all this is about the releases that were probed alone"


def _nowhere(found: Range) -> str:
    """Not found is not absent: what was never probed, and could be, is named."""
    ran = len(found.probes) - len(found.skipped)
    left = len(found.probes) < found.asked
    return f"not found in {ran} of {found.asked} releases{'; --every probes all' if left else ''}"


def _begin(found: Range, one: Stretch) -> str:
    if one.before is not None:
        return f"{one.first} ({_neighbour(one.before, 'before', joins=one.joins_before)})"
    if one.first == found.searched[0] != found.releases[0]:
        return f"{one.first} or an older one: it is the oldest that was asked about"
    return f"{one.first}, the oldest that was {'published' if one.joins_before else 'probed and could be run'}"


def _end(found: Range, one: Stretch) -> tuple[str, str]:
    if one.after is None and one.last == found.searched[1] != found.releases[-1]:
        return "last bad", f"{one.last} or a newer one: it is the newest that was asked about"
    if one.after is None:
        return (
            "last bad",
            f"{one.last}, the newest that was {'published' if one.joins_after else 'probed and could be run'}",
        )
    text = f"{one.after.version} ({_neighbour(one.probes[-1], 'before', joins=one.joins_after)})"
    if one.after.label == "good":
        return "first good", text
    if one.after.label == "uncontrolled":
        return "last bad", f"{one.last} ({_neighbour(one.after, 'after', joins=one.joins_after)})"
    return "first without", f"{text}; it breaks {one.after.why}" if one.after.why else text


def _neighbour(one: Probe, whence: str, *, joins: bool) -> str:
    if joins:
        return f"{one.version}, the release {whence} it, is {_adjective(one)}"
    return f"{one.version} is {_adjective(one)}; nothing is known of those between"


def _adjective(one: Probe) -> str:
    return "bad in another way" if one.label == "other" else one.label


def _affected(found: Range, report: Report | None) -> Iterator[str]:
    for specifier in found.affected:
        yield _labelled("affected", f'"{specifier}"{_least(found)}')
    if report is None:
        return
    wrong = found.contradictions(report.affected)
    if wrong:
        names = ", ".join(f"{one.version} ({_adjective(one)})" for one in wrong[:_SHOWN])
        more = f", and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        yield _labelled("disagrees", f'the report says affected = "{report.affected}": not so of {names}{more}')
    elif found.probes:
        yield _labelled(
            "agrees", f'the report says affected = "{report.affected}", and nothing that was probed speaks against it'
        )


def _least(found: Range) -> str:
    """Why more may be affected than a version specifier says; empty: the search has come to its end among all."""
    interrupted = () if found.complete else ("the search was interrupted",)
    between = (f"only those between {' and '.join(found.searched)} were asked about",) if found.bounded else ()
    because = "; ".join((*interrupted, *between))
    return f" at least: {because}" if because else ""


def _probed(found: Range) -> Iterator[str]:
    total = len(found.releases)
    yield _labelled("probed", f"{len(found.probes)} of {total} releases, each twice: {_versions(found.probes)}")
    if len(found.probes) < total and found.complete:
        yield _labelled("", "those between two that are alike are taken to be like them")
    for why, same in groupby(found.skipped, key=lambda one: one.why):
        yield _labelled("skipped", f"{_versions([*same])}: {why}")


def _commands(found: Range, file: str) -> Iterator[str]:
    """What to do next: see it fail, and see it hold."""
    name = shlex.quote(file)
    if found.bad:
        newest = found.bad[-1]
        yield f"exdev replay {name} --installer {found.installer}=={newest.last}"
        if newest.after is not None:
            yield f"exdev replay {name} --installer {found.installer}=={newest.after.version}"
    elif found.stretches:
        yield f"exdev replay {name} --installer {found.installer}=={found.stretches[-1].last}"


def _versions(probes: Sequence[Probe]) -> str:
    return ", ".join(one.version for one in probes)


def _sentence(change: tuple[str, str]) -> str:
    return _labelled(*change)


def _labelled(label: str, text: str) -> str:
    return "\n".join(
        textwrap.wrap(
            printable(text),
            _WIDTH,
            initial_indent=f"    {label:13} ",
            subsequent_indent=" " * 18,
            break_long_words=False,
            break_on_hyphens=False,
        )
    )
