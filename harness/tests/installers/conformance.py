"""What every installer is put through on a plain directory, whatever it is: the wheels, and one way to run them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest

from harness import installers, layouts
from harness.contracts import CONTRACTS
from harness.errors import NotApplicable, NotProvided
from harness.model import Case, Entry, Step
from harness.run import Runner
from harness.wheels import wheel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.installers import Installer
    from harness.kernel.laboratory import Laboratory
    from harness.model import Action, LinkMode, Wheel
    from harness.run import Verdict

# Whatever can be named; of releases, the newest.
NAMES: Final = installers.names()
# On a plain directory the control run is the run itself.
_CONTRACTS: Final = tuple(name for name in CONTRACTS if name != "order-independent")
_DATA: Final = "exdev_rich-1.0.data"


def single(version: str = "1.0") -> Wheel:
    """A distribution with a file that only this version has."""
    files = {"exdev_single/__init__.py": b"here = True\n", f"exdev_single/only_in_{version[0]}.py": b"yes = True\n"}
    return wheel("exdev-single", version, files)


def sharing(version: str = "1.0") -> tuple[Wheel, Wheel]:
    """Two distributions of one namespace: a file of both is the same in both."""
    first, second = (
        wheel(f"nvidia-{name}", version, {"nvidia/__init__.py": b"", f"nvidia/{name}/__init__.py": version.encode()})
        for name in ("cublas", "cusolver")
    )
    return first, second


def disputing() -> tuple[Wheel, Wheel]:
    """Two distributions that bring the same file, each with its own name in it."""
    first, second = (wheel(f"exdev-{name}", "1.0", {"exdev_shared.py": name.encode()}) for name in ("first", "second"))
    return first, second


def rich() -> Wheel:
    """A distribution with entry points, and with something for each scheme but headers: see `headed`.

    Its script is executable in the archive already: whether installers have to make it so is open (see the oracle).
    """
    files = {
        "exdev_rich/__init__.py": b"def main():\n    return 0\n",
        f"{_DATA}/purelib/exdev_rich_pure.py": b"pure = True\n",
        f"{_DATA}/platlib/exdev_rich_plat.py": b"plat = True\n",
        f"{_DATA}/scripts/exdev-rich-script": Entry("", b"#!python\nprint('here')\n", mode=0o755),
        f"{_DATA}/data/share/exdev-rich/data.txt": b"data\n",
    }
    points = "[console_scripts]\nexdev-rich = exdev_rich:main\n\n[gui_scripts]\nexdev-rich-gui = exdev_rich:main\n"
    return wheel("exdev-rich", "1.0", files, entry_points=points)


def headed() -> Wheel:
    """A distribution with a header: no specification says in which directory of an environment it has to lie."""
    return wheel("exdev-headed", "1.0", {"exdev_headed-1.0.data/headers/exdev_headed.h": b"#define EXDEV_HEADED 1\n"})


def step(action: Action, *wheels: Wheel) -> Step:
    """A step that names these wheels."""
    return Step(action=action, wheels=tuple(one.key for one in wheels))


@dataclass(frozen=True, slots=True)
class Kit:
    """One installer, and the place to run it in.

    Attributes:
        installer: who is put through it.
        laboratory: where sites are built.
    """

    installer: Installer
    laboratory: Laboratory

    def run(
        self,
        wheels: Sequence[Wheel],
        *steps: Step,
        layout: str = "plain",
        link_mode: LinkMode = "copy",
    ) -> Verdict:
        """Judge these steps by every contract; what the installer does not do is skipped, and said.

        Whether it does what it declares to do, and nothing else, is a test's matter as well.
        """
        case = Case(
            layout=layouts.load(layout),
            wheels=tuple(wheels),
            steps=steps,
            installer=self.installer.name,
            link_mode=link_mode,
        )
        runner = Runner(self.laboratory, contracts=_CONTRACTS, find=lambda _: self.installer)
        try:
            return runner.run(case)
        except NotApplicable as declared:
            pytest.skip(str(declared))

    def winner(self, *wheels: Wheel) -> str:
        """Of wheels as `disputing` makes them, the name of the one whose file is there once they are installed."""
        (seen,) = self.run(wheels, step("install", *wheels)).evidence.steps
        there = seen.after.environment["purelib/exdev_shared.py"].digest
        (name,) = (one for one in ("first", "second") if hashlib.sha256(one.encode()).hexdigest() == there)
        return name


def found(name: str) -> Installer:
    """The installer of a name; where its release cannot be had, as on a machine without a network, a skip says so."""
    try:
        return installers.find(name)
    except NotProvided as missing:
        pytest.skip(str(missing))
