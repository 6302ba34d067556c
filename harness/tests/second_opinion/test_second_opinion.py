"""Contracts and the second opinion agree on random cases, but for written reasons; and the judge sees what is wrong."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from harness import installers
from harness.installers.reference import REFERENCE
from harness.layouts import load
from harness.model import Case, Layout, Step
from harness.run import Runner
from harness.tests.second_opinion.__main__ import collect
from harness.tests.second_opinion.judge import Witness
from harness.tests.second_opinion.reasons import reason_of
from harness.tests.second_opinion.strategies import PARTS, made

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.installers.protocol import Abilities, Installer
    from harness.kernel.laboratory import Laboratory
    from harness.layouts import Site
    from harness.model import Outcome

WHEEL = made("one", "1.0", frozenset(PARTS), "different", pure=True)
INSTALL = Step(action="install", wheels=(WHEEL.key,))


# The reference core's 200 examples in parts, as no test may take minutes on a busy machine.
@pytest.mark.parametrize(
    ("installer", "examples", "number"),
    [*(("reference", 25, number) for number in range(8)), ("uv==0.13.9", 10, 9), ("installer==1.1.0", 5, 9)],
)
def test_both_judges_agree_but_for_written_reasons(
    laboratory: Laboratory, installer: str, examples: int, number: int
) -> None:
    count, found = collect(laboratory, installer=installer, examples=examples, number=number)
    assert count >= examples // 2
    real = [one for one in found if one.kind in {"false alarm", "missed", "error"}]
    assert [f"{one.kind}: {one.text}" for one in real if reason_of(one) is None] == []


@dataclass(frozen=True, slots=True)
class _Spoiled:
    """The reference core, and afterwards somebody spoils what it has done."""

    spoil: Callable[[Site], None]
    name: str = "reference"
    abilities: Abilities = REFERENCE.abilities

    def prepare(self, site: Site) -> None:
        REFERENCE.prepare(site)

    def perform(self, step: Step, case: Case, site: Site) -> Outcome:
        outcome = REFERENCE.perform(step, case, site)
        self.spoil(site)
        return outcome


def _complaints(laboratory: Laboratory, installer: Installer, *steps: Step, layout: Layout | None = None) -> set[str]:
    case = Case(layout=layout or load("plain"), wheels=(WHEEL,), steps=steps, link_mode="copy")
    witness = Witness(installer=installer, case=case)
    Runner(laboratory, contracts=("complete", "scripts-run"), find=lambda _: witness).run(case)
    return {one.kind for one in witness.complaints[-1]}


def _write(role: str, path: str, text: str) -> Callable[[Site], None]:
    def spoil(site: Site) -> None:
        target = f"{site.role(role)}/{path}"
        mode = 0o755 if role == "scripts" else 0o644
        os.unlink(target)
        with open(os.open(target, os.O_CREAT | os.O_WRONLY, mode), "w", encoding="utf-8") as file:
            file.write(text)

    return spoil


def _add(role: str, path: str) -> Callable[[Site], None]:
    def spoil(site: Site) -> None:
        target = f"{site.role(role)}/{path}"
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "xb"):
            pass

    return spoil


def _remove(role: str, path: str) -> Callable[[Site], None]:
    return lambda site: os.unlink(f"{site.role(role)}/{path}")


SPOILS: dict[str, tuple[Callable[[Site], None], str]] = {
    "a file is missing": (_remove("purelib", "one/large.bin"), "file-missing"),
    "a file has other bytes": (_write("purelib", "one/__init__.py", "def main(): print('I am')\n"), "wrong-hash"),
    "a module raises": (_write("purelib", "one/__init__.py", "1/0\n"), "import"),
    "a script has no interpreter": (_write("scripts", "one-tool", "#!python\nprint('I am one 1.0')\n"), "script"),
    "a script's body has changed": (_write("scripts", "one-shell", "#!/bin/sh\nexit 3\n"), "script"),
    "an entry point ends with 1": (_write("scripts", "one", "#!/bin/sh\nexit 1\n"), "script"),
    "METADATA is missing": (_remove("purelib", "one-1.0.dist-info/METADATA"), "not-listed"),
    "RECORD is missing": (_remove("purelib", "one-1.0.dist-info/RECORD"), "no-record"),
    "a file is nobody's": (_add("purelib", "nobody.txt"), "stray"),
}


@pytest.mark.parametrize("name", SPOILS)
def test_the_judge_complains_where(laboratory: Laboratory, name: str) -> None:
    spoil, kind = SPOILS[name]
    assert kind in _complaints(laboratory, _Spoiled(spoil), INSTALL)


@pytest.mark.parametrize("name", ["plain", "scripts-elsewhere", "cross-device-cache"])
def test_the_judge_has_no_complaint_about_a_good_installation(laboratory: Laboratory, name: str) -> None:
    assert _complaints(laboratory, installers.find("reference"), INSTALL, layout=load(name)) == set()


@pytest.mark.parametrize(
    ("role", "path", "kind"),
    [
        ("purelib", "one/sub/deep/module.py", "left"),
        ("purelib", "one/sub/deep/__pycache__/module.cpython-311.pyc", "left-bytecode"),
        ("scripts", "one-tool", "left"),
    ],
)
def test_the_judge_complains_of_what_stays_after_an_uninstall(
    laboratory: Laboratory, role: str, path: str, kind: str
) -> None:
    def spoil(site: Site) -> None:
        if not os.path.exists(f"{site.role('purelib')}/one-1.0.dist-info"):
            _add(role, path)(site)

    removal = Step(action="uninstall", wheels=(WHEEL.key,))
    assert kind in _complaints(laboratory, _Spoiled(spoil), INSTALL, removal)
