"""Wheels that are wrong: refused with a reason, and nothing is written; odd but legal ones are installed."""

from __future__ import annotations

import pytest

from harness.scenario import Lab, install, must, scenario, warm
from harness.wheels import wheel
from harness.wheels.bad import MUST_INSTALL, MUST_REFUSE

LAYOUTS = ["cross-device-cache", "symlinked-site-packages"]
GOOD = wheel("good", files=["good/__init__.py"])
# Harm done by way of the schemes, which not every installer under test knows.
BY_SCHEME = (
    "path-traversal-in-data",
    "path-traversal-in-script-name",
    "twice-by-way-of-data",
    "dist-info-by-way-of-data",
    "no-callable",
    "too-long-script-name",
)
DIRECT = tuple(name for name in MUST_REFUSE if name not in BY_SCHEME)


@scenario(layouts=LAYOUTS, link_modes=["hardlink", "copy"])
@pytest.mark.parametrize("bad", DIRECT)
def test_a_bad_wheel_is_refused_with_nothing_written(lab: Lab, bad: str) -> None:
    lab.run(install(GOOD), install(MUST_REFUSE[bad]()))


@scenario(layouts=[*LAYOUTS, "scripts-elsewhere"], link_modes=["hardlink", "copy"], data=True)
@pytest.mark.parametrize("bad", BY_SCHEME)
def test_a_scheme_is_no_way_out_of_the_environment(lab: Lab, bad: str) -> None:
    lab.run(install(GOOD), install(MUST_REFUSE[bad]()))


@scenario(layouts=["cross-device-cache"], link_modes=["hardlink"], actions=["warm", "install"])
@pytest.mark.parametrize("bad", DIRECT)
def test_a_bad_wheel_does_not_poison_the_cache(lab: Lab, bad: str) -> None:
    lab.run(warm(GOOD), warm(MUST_REFUSE[bad]()), must(install(GOOD)))


@scenario(layouts=LAYOUTS)
@pytest.mark.parametrize("odd", MUST_INSTALL)
def test_an_odd_but_legal_wheel_is_installed(lab: Lab, odd: str) -> None:
    lab.run(must(install(MUST_INSTALL[odd]())))
