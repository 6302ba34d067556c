"""The oracle against real installers: what they make of every published wheel's skeleton on the plain layout."""

from __future__ import annotations

import sysconfig
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name

from harness import installers, layouts
from harness.model import Case, Step
from harness.run import Runner
from harness.wheels import skeleton
from harness.wheels.expected import expected
from harness.wheels.manifests import load, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.kernel.laboratory import Laboratory
    from harness.model import Evidence, Node
    from harness.wheels.expected import ExpectedFile

INSTALLERS = ("uv", "pip", "installer")

# Every difference there is, by installer, as the end of its line; and why it may be.
LISTED: dict[str, dict[str, str]] = {
    "uv": {
        "unexpected data/.lock: file": "the lock that uv holds while it changes an environment stays",
        ".dist-info/uv_cache.json: file": "uv's note of what it installed from, named by RECORD",
    },
    "pip": {},
    "installer": {},
}

# Promises that are broken by a published wheel on plain storage, by installer: the ends of the violations' paths.
BROKEN: dict[str, dict[str, str]] = {
    "uv": {
        ".dist-info/RECORD.jws": "a signature, which the archive's RECORD cannot name, is installed without a row",
    },
    "pip": {},
    "installer": {},
}

# A virtual environment has no headers of its own (sysconfig's scheme `venv`): `include/site/pythonX.Y` is a convention
# of pip and uv, and installer takes what sysconfig says, with the release's name of the distribution below it.
HEADERS = {"installer": f"data/include/python{sysconfig.get_python_version()}/"}


def _differences(evidence: Evidence) -> Iterator[str]:
    """Every path that is not what the specifications say."""
    (step,) = evidence.steps
    headers = HEADERS.get(evidence.case.installer.partition("==")[0], "headers/")
    wanted = expected(evidence.case.wheels, platlib=evidence.platlib)
    wanted = replace(wanted, files={_placed(path, "headers/"): file for path, file in wanted.files.items()})
    found = {
        _placed(path, headers): node
        for path, node in step.after.environment.items()
        if node.kind != "directory" and path not in step.before.environment
    }
    for path, node in found.items():
        if path not in wanted.files and not wanted.allows(path):
            yield f"unexpected {path}: {node.kind}"
    for path, file in wanted.files.items():
        if difference := _difference(file, found.get(path)):
            yield f"{difference} {path}"


def _placed(path: str, headers: str) -> str:
    """A path with its distribution's directory of headers as names are compared: how it is spelled nobody has said."""
    if not path.startswith(headers):
        return path
    name, _, rest = path.removeprefix(headers).partition("/")
    return f"headers/{canonicalize_name(name)}/{rest}"


def _difference(file: ExpectedFile, node: Node | None) -> str:
    if node is None:
        return "" if file.optional else "missing"
    if node.kind != "file":
        return node.kind
    if node.mode != file.mode:
        return f"mode {node.mode:04o} of"
    if not file.generated and (node.digest == file.claims[-1].digest) is file.shebang_rewritten:
        return "content of"
    return ""


def _is_header(path: str) -> bool:
    return path.startswith(("headers/", *HEADERS.values()))


@pytest.fixture(scope="module")
def runner(laboratory: Laboratory) -> Runner:
    return Runner(laboratory, contracts=("complete", "modes-equal", "whole-files"))


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_published_wheel_becomes_the_tree_that_the_oracle_says(runner: Runner, installer: str, name: str) -> None:
    wheel = skeleton(load(name), tag="py3-none-any")
    verdict = runner.run(
        Case(
            layout=layouts.load("plain"),
            wheels=(wheel,),
            steps=(Step(action="install", wheels=(wheel.key,)),),
            installer=installers.find(installer).name,
            link_mode="copy",
        )
    )
    assert verdict.evidence.steps[0].outcome.exit == 0, verdict.evidence.steps[0].outcome.printed
    strange = [
        one for one in _differences(verdict.evidence) if not any(one.endswith(listed) for listed in LISTED[installer])
    ]
    assert strange == []
    broken = [one for one in verdict.violations if not any(map(one.path.endswith, BROKEN[installer]))]
    # Headers that lie elsewhere are no part of what the contracts expect; the comparison above has found them.
    assert [one for one in broken if not (installer in HEADERS and _is_header(one.path))] == []
