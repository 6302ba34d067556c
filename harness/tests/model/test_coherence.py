"""Coherence: a case whose parts do not fit together, or whose archives would lie elsewhere, is refused whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.errors import FileInvalid
from harness.layouts.validate import check
from harness.model import Case, Layout, Meddling, Step, Wheel
from harness.model.codec import decode, encode

_WHEEL = Wheel(name="a", version="1.0", entries=())


def _problems(*wheels: Wheel, steps: tuple[Step, ...] = ()) -> list[str]:
    case = Case(layout=Layout(name="plain", about=""), wheels=wheels, steps=steps)
    with pytest.raises(FileInvalid) as caught:
        decode(Case, encode(case), file="case.toml")
    return [f"{problem.where}: {problem.message}" for problem in caught.value.problems]


@pytest.mark.parametrize(
    "wheel",
    [
        replace(_WHEEL, name="../../../../target/x"),
        replace(_WHEEL, version="1/../../x"),
        replace(_WHEEL, tag="py3/../../x"),
        replace(_WHEEL, name="a\0b"),
        replace(_WHEEL, name="a" * 255),
    ],
)
def test_an_archive_that_would_lie_outside_of_the_wheelhouse_is_refused(wheel: Wheel) -> None:
    (problem,) = _problems(wheel)
    assert problem.startswith("wheel[0]: ")
    assert "cannot be the archive's name" in problem


def test_two_wheels_of_one_file_name_are_refused() -> None:
    assert _problems(_WHEEL, _WHEEL) == ["wheel[1]: has the same file name as wheel[0]: a-1.0-py3-none-any.whl"]


def test_a_step_can_only_name_wheels_of_its_case() -> None:
    (problem,) = _problems(_WHEEL, steps=(Step(action="install", wheels=("b-1.0",)),))
    assert problem == "step[0].wheels[0]: 'b-1.0' is no wheel of this case; it has: a-1.0"


def test_an_image_step_cannot_have_obstacles_lifted() -> None:
    steps = (
        Step(action="install", wheels=("a-1.0",), image=True),
        Step(action="install", wheels=("a-1.0",), lifted=True, image=True),
        Step(action="install", wheels=("a-1.0",), lifted=True),
    )
    (problem,) = _problems(_WHEEL, steps=steps)
    assert problem.startswith("step[1].lifted: an image step")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (Meddling(do="remove"), "at: missing: what to remove"),
        (Meddling(do="create", content=b"x"), "at: missing: what to create"),
        (Meddling(do="import"), "module: missing: what to import"),
        (Meddling(do="import", module="a", at="/a"), "at: means nothing for 'import', which has 'module'"),
        (Meddling(do="edit", at="/a", content=b"x"), "content: means nothing for 'edit', which has 'at'"),
        (Meddling(do="remove", at="/a", mode="600"), "mode: means nothing for 'remove', which has 'at'"),
        (
            Meddling(do="create", at="/a", module="a"),
            "module: means nothing for 'create', which has 'at' and 'content'",
        ),
        (Meddling(do="create", at="/a*"), "at: '/a*' has a wildcard (* ? [), and is to be one new file"),
        (Meddling(do="create", at="/../a"), "at: '/../a': '..' could leave the site"),
        (Meddling(do="remove", at="{cach}/*"), "at: '{cach}/*': unknown 'cach'; did you mean 'cache'?"),
        (Meddling(do="create", at="/a", mode="888"), "mode: '888' is not an octal mode like '755' or '1777'"),
        (Meddling(do="create", at="/a", content=b"x" * (1 << 21)), "content: 2097152 bytes are more than 1048576"),
        (Meddling(do="import", module="a; exit"), "module: 'a; exit' is not the name of a module"),
        (Meddling(do="import", module="a..b"), "module: 'a..b' is not the name of a module"),
    ],
)
def test_a_change_has_the_keys_of_its_kind(change: Meddling, problem: str) -> None:
    case = Case(
        layout=Layout(name="plain", about=""),
        wheels=(_WHEEL,),
        steps=(Step(action="install", wheels=("a-1.0",), meddled=(change,)),),
    )
    with pytest.raises(FileInvalid) as caught:
        decode(Case, encode(case), file="case.toml", check=check)
    (found,) = caught.value.problems
    assert str(found).startswith(f"step[0].meddled[0].{problem}")


@pytest.mark.parametrize("name", ["uv", "uv==", "path:/bin/uv", "uv==0.1.2; id", "../uv==1", "uv==1 2"])
def test_a_step_names_a_release_and_no_program(name: str) -> None:
    (problem,) = _problems(_WHEEL, steps=(Step(action="install", wheels=("a-1.0",), installer=name),))
    assert problem == f"step[0].installer: {name!r} is not a release like 'uv==0.1.2'"


@pytest.mark.parametrize(
    ("installer", "performers"),
    [
        ("uv==0.13.9", ("uv==0.13.9", "uv==0.1.2")),
        ("path:/a/uv", ("path:/a/uv", "uv==0.1.2")),
        ("uv==0.1.2", ("uv==0.1.2",)),
        ("pip==26.3", ("pip==26.3",)),
        ("reference", ("reference",)),
    ],
)
def test_another_release_does_a_step_where_the_case_is_given_to_the_same_tool(
    installer: str, performers: tuple[str, ...]
) -> None:
    steps = (
        Step(action="install", wheels=("a-1.0",), installer="uv==0.1.2"),
        Step(action="install", wheels=("a-1.0",)),
    )
    case = Case(layout=Layout(name="plain", about=""), wheels=(_WHEEL,), steps=steps, installer=installer)
    assert case.performers == performers
    assert case.performer(steps[1]) == installer
    assert decode(Case, encode(case), file="case.toml") == case
