"""Telling: judgements in plain words: safe or not, what goes wrong, whose reports know it, what helps; pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from harness.checking.words import wrap
from harness.layouts import picture
from harness.model.errnos import errnos_in
from harness.printable import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from harness.checking.judging import Answer, Judgement, State
    from harness.checking.remedies import Remedy
    from harness.model import Layout
    from harness.model.report import Report

_STATES: Final[Mapping[State, str]] = {
    "safe": "safe",
    "refused": "refused",
    "broken": "BROKEN",
    "differs": "DIFFERS",
    "not applicable": "-",
}
_WRONG: Final = ("broken", "refused", "differs")
_SHOWN: Final = 3
_SAID: Final = 2
_ROLE: Final = re.compile(r"^(\w+)(?=/|$)")


def tell(
    installer: str,
    judgements: Sequence[Judgement],
    tried: Sequence[tuple[Remedy, Judgement]],
    *,
    layout: Layout,
) -> str:
    """The whole answer, with a final newline.

    Args:
        installer: who was asked.
        judgements: of the link modes that it was about.
        tried: remedies, with what came of them.
        layout: where, and what it does not mirror.
    """
    lines = [*wrap(f"{installer} on {layout.name}: {layout.about}"), ""]
    lines += [f"    {escaped(line)}" for line in picture(layout).splitlines()]
    unmirrored = list(_unmirrored(layout))
    lines += ["", *unmirrored]
    lines += [*_table(judgements)]
    told: set[Report] = set()
    for words in dict.fromkeys(answer.question.words for one in judgements for answer in one.answers):
        lines += _wrong(words, judgements, told)
    lines += [*_everywhere(judgements), ""]
    lines += _conclusion(installer, judgements, tried, rebuilt_in_part=bool(unmirrored))
    return "\n".join(lines) + "\n"


def _table(judgements: Sequence[Judgement]) -> Iterator[str]:
    """What was asked, and a column for each link mode."""
    asked = [answer.question.words for answer in judgements[0].answers]
    width = max(map(len, asked))
    widths = [max(len(one.link_mode), *(len(_STATES[answer.state]) for answer in one.answers)) for one in judgements]
    heads = (f"{one.link_mode:{size}}" for one, size in zip(judgements, widths, strict=True))
    yield "  ".join([" " * width, *heads]).rstrip()
    for number, words in enumerate(asked):
        states = (f"{_STATES[one.answers[number].state]:{size}}" for one, size in zip(judgements, widths, strict=True))
        yield "  ".join([f"{words:{width}}", *states]).rstrip()


def _unmirrored(layout: Layout) -> Iterator[str]:
    told = [line for remark in layout.unmirrored for line in wrap(remark, first="    - ", later="      ")]
    if told:
        yield from ("otherwise on the machine, and not tried:", *told, "")


def _wrong(words: str, judgements: Sequence[Judgement], told: set[Report]) -> Iterator[str]:
    """One thing that goes wrong, told for the first link mode; shortly, where nothing explains it that is not told."""
    found = [
        (one.link_mode, answer)
        for one in judgements
        for answer in one.answers
        if answer.question.words == words and answer.state in _WRONG
    ]
    if not found:
        return
    modes, answer = [mode for mode, _ in found], found[0][1]
    known = dict.fromkeys(report for _, one in found for report in one.known)
    yield ""
    if known and known.keys() <= told:
        yield f"{words} (link mode {', '.join(modes)}): as above, {', '.join(report.id for report in known)}"
        return
    told.update(known)
    yield f"{words} (link mode {', '.join(modes)}):"
    yield from _broken(answer)
    yield from _said(answer)
    yield from _known(known)


def _broken(answer: Answer) -> Iterator[str]:
    """The first violation of each promise."""
    first = {one.contract: one for one in reversed(answer.broken)}
    shown = [one for one in answer.broken if first[one.contract] is one][:_SHOWN]
    for one in shown:
        path = _ROLE.sub(r"{\1}", one.path)
        text = f"{one.contract}: {path}: expected {one.expected}, found {one.found}"
        yield from wrap(_with_roles(text, answer), first="    ", later="      ")
    if len(answer.broken) > len(shown):
        yield f"    and {len(answer.broken) - len(shown)} more"


def _said(answer: Answer) -> Iterator[str]:
    """What the first step that failed said."""
    failed = [step for step in answer.verdict.evidence.steps if step.outcome.exit] if answer.verdict else []
    for step in failed[:1]:
        for line in _main_lines(step.outcome.message):
            yield from wrap(_with_roles(line, answer), first="    says   ", later="      ")


def _main_lines(message: str) -> list[str]:
    """How a message begins, and where it names an errno last, as chains of causes end with the kernel's answer.

    The line of an errno alone (`Caused by: No such file or directory (os error 2)`) goes on the one before it, which
    says of what. A message without an errno is as good as its first lines.
    """
    lines = [line for line in message.splitlines() if line.strip()]
    naming = [number for number, line in enumerate(lines) if errnos_in(line)]
    if not naming:
        return lines[:_SAID]
    last = naming[-1]
    before = [] if "/" in lines[last] else [last - 1]
    return [lines[number] for number in sorted({0, *before, last}) if number >= 0]


def _with_roles(text: str, answer: Answer) -> str:
    roots = answer.verdict.evidence.roots if answer.verdict else {}
    for role, path in sorted(roots.items(), key=lambda item: (-len(item[1]), item[0] != "purelib")):
        text = re.sub(re.escape(path) + r"(?![\w.-])", f"{{{role}}}", text)
    return text


def _known(reports: Iterable[Report]) -> Iterator[str]:
    for report in reports:
        yield f"    known  {report.id}, {report.status}: {report.url}"


def _everywhere(judgements: Sequence[Judgement]) -> Iterator[str]:
    """What is broken on plain storage as well is the installer's, and nothing about storage helps."""
    answers = [answer for one in judgements for answer in one.answers if answer.everywhere]
    if not answers:
        return
    contracts = dict.fromkeys(one.contract for answer in answers for one in answer.everywhere)
    yield ""
    yield from wrap(f"on any storage, so that none of this counts here: {', '.join(contracts)}", later="    ")
    yield from _known(dict.fromkeys(report for answer in answers for report in answer.known_everywhere))


def _conclusion(
    installer: str,
    judgements: Sequence[Judgement],
    tried: Sequence[tuple[Remedy, Judgement]],
    *,
    rebuilt_in_part: bool,
) -> Iterator[str]:
    states = {one.state for one in judgements}
    if states <= {"safe", "not applicable"}:
        yield f"Safe: {installer} does here what it does on plain storage."
        if rebuilt_in_part:
            yield "That is said of what could be rebuilt; what is otherwise on the machine (above) was not tried."
        return
    if states == {"refused"}:
        yield f"Not safe: {installer} refuses to do here what it does on plain storage; it breaks nothing by that."
    elif states <= {"safe", "unwritable", "not applicable"}:
        yield f"Not safe: {_refused(judgements[0])} on the machine."
        yield f"On what was rebuilt in its place, {installer} does what it does on plain storage."
    elif "differs" in states:
        yield f"Unclear: {installer} does not come to the same end twice here."
    else:
        yield f"Not safe: {installer} does not do here what it does on plain storage."
    helps = dict.fromkeys(remedy.words for remedy, one in tried if one.state == "safe")
    if helps:
        yield "What helps, tried on the same mounts:"
        yield from (f"    {words}" for words in helps)
    else:
        yield "Nothing that was tried makes it safe." if tried else "There is no setting to try."
    fails = {remedy.words: one for remedy, one in tried if remedy.words not in helps}
    if fails:
        yield "Tried, and does not make it safe:"
    for words, one in fails.items():
        yield from wrap(f"{words}: {_left(one)}", first="    ", later="      ")


def _left(judgement: Judgement) -> str:
    """What goes wrong still."""
    if judgement.state == "unwritable":
        return f"still wrong: {_refused(judgement)}"
    left = [answer.question.words for answer in judgement.answers if answer.state in _WRONG]
    return "nothing is better" if len(left) == len(judgement.answers) else f"still wrong: {'; '.join(left)}"


def _refused(judgement: Judgement) -> str:
    return f"nothing can be written into {', '.join(judgement.layout.unwritable)}"
