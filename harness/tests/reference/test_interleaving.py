"""Programs running at once, one operation at a time in any order: whole files, and whatever succeeded is complete."""

from __future__ import annotations

import errno
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.drivers import interleave
from harness.drivers.perform import refused
from harness.model import LINK_MODES
from harness.model import operation as op
from harness.reference import install, uninstall
from harness.tests.reference.world import PURELIB, SHARED, World, alpha, archive, beta, refusing
from harness.wheels import wheel as make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.drivers import Ending, Perform
    from harness.model import LinkMode, Wheel
    from harness.reference import Settings

GAMMA = make_wheel("gamma", "1.0", {"space/__init__.py": b"# shared, too\n", "space/deep/gamma.py": b"gamma"})
WHEELS = (alpha(), alpha("2.0"), beta(), GAMMA)

modes = st.sampled_from(LINK_MODES)
# Long runs of one program and quick changes both: a change of programs every so many operations.
schedules = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 12)), max_size=60).map(
    lambda runs: [choice for choice, length in runs for _ in range(length)]
)
many = settings(max_examples=300, deadline=None)


def world_of(mode: LinkMode, *installed: Wheel) -> World:
    world = World(*WHEELS, link_mode=mode)
    world.install(*installed)
    return world


def together(
    world: World, makers: list[Any], schedule: list[int], perform: Perform | None = None
) -> tuple[Ending[Any], ...]:
    """Programs with tokens of their own, interleaved."""
    programs = [make(replace(world.settings, token=str(index))) for index, make in enumerate(makers)]
    return interleave(programs, perform or world.perform, schedule)


def installing(wheel: Wheel) -> Any:  # noqa: ANN401 - a maker of programs
    return lambda settings: install(archive(wheel), settings)


def uninstalling(name: str) -> Any:  # noqa: ANN401 - a maker of programs
    return lambda settings: uninstall(name, settings)


def temporary(world: World) -> list[str]:
    return [path for path in world.debris() if "/.exdev-" in path]


@given(mode=modes, schedule=schedules)
@many
def test_installs_at_once_are_all_complete_whatever_the_schedule(mode: LinkMode, schedule: list[int]) -> None:
    world = world_of(mode)
    endings = together(world, [installing(alpha()), installing(beta()), installing(GAMMA)], schedule)
    assert [ending.error for ending in endings] == [None] * 3
    assert world.installed() == {"alpha-1.0": [], "beta-1.0": [], "gamma-1.0": []}
    assert world.debris() == []


@given(mode=modes, schedule=schedules)
@many
def test_two_installs_of_one_wheel_at_once_leave_it_complete(mode: LinkMode, schedule: list[int]) -> None:
    world = world_of(mode)
    endings = together(world, [installing(alpha()), installing(alpha())], schedule)
    assert [ending.error for ending in endings] == [None] * 2
    assert world.installed() == {"alpha-1.0": []}
    assert world.debris() == []


@given(mode=modes, schedule=schedules)
@many
def test_an_uninstall_at_the_same_time_never_takes_what_another_needs(mode: LinkMode, schedule: list[int]) -> None:
    world = world_of(mode, beta())
    endings = together(world, [uninstalling("beta"), installing(alpha()), installing(GAMMA)], schedule)
    assert [ending.error for ending in endings] == [None] * 3
    assert world.installed() == {"alpha-1.0": [], "gamma-1.0": []}
    assert temporary(world) == []


@given(mode=modes, schedule=schedules)
@many
def test_uninstalls_at_once_leave_no_shared_file_behind(mode: LinkMode, schedule: list[int]) -> None:
    world = world_of(mode, alpha(), beta(), GAMMA)
    endings = together(world, [uninstalling(name) for name in ("alpha", "beta", "gamma")], schedule)
    assert [ending.error for ending in endings] == [None] * 3
    assert world.memory.tree(PURELIB) == {}


@given(mode=modes, schedule=schedules)
@many
def test_an_upgrade_beside_an_install_leaves_both_complete(mode: LinkMode, schedule: list[int]) -> None:
    world = world_of(mode, alpha())
    endings = together(world, [installing(alpha("2.0")), installing(beta())], schedule)
    assert [ending.error for ending in endings] == [None] * 2
    assert world.installed() == {"alpha-2.0": [], "beta-1.0": []}
    assert world.debris() == []


@given(mode=modes, schedule=schedules)
@many
def test_an_upgrade_that_fails_beside_another_keeps_its_shared_file(mode: LinkMode, schedule: list[int]) -> None:
    world = world_of(mode, beta(), alpha())

    def perform(operation: op.Operation) -> Any:  # noqa: ANN401 - as harness.drivers.perform
        if isinstance(operation, op.Rename) and operation.path.endswith("/alpha-2.0.dist-info"):
            raise refused(operation, 5)
        return world.perform(operation)

    endings = together(world, [installing(alpha("2.0")), uninstalling("beta")], schedule, perform)
    assert [ending.error is None for ending in endings] == [False, True]
    assert world.installed() == {"alpha-1.0": []}
    assert world.content(SHARED) is not None


@given(mode=modes, schedule=schedules, at=st.integers(0, 60))
@many
def test_an_install_that_fails_takes_nothing_from_one_that_succeeds(
    mode: LinkMode, schedule: list[int], at: int
) -> None:
    world = world_of(mode)
    going = 0
    left = at

    def perform(operation: op.Operation) -> Any:  # noqa: ANN401 - as harness.drivers.perform
        nonlocal left
        if going == 0 and not isinstance(operation, op.READS):
            left -= 1
            if left == 0:
                raise refused(operation, 5)
        return world.perform(operation)

    def went(index: int) -> None:
        nonlocal going
        going = index

    makers = [installing(alpha()), installing(beta())]
    programs = [make(replace(world.settings, token=str(index))) for index, make in enumerate(makers)]
    endings = interleave(programs, perform, schedule, going=went)
    assert endings[1].error is None
    assert world.installed()["beta-1.0"] == []
    assert all(problems == [] for problems in world.installed().values())
    assert world.content(SHARED) is not None


def _making_a_directory(world: World, count: int) -> Perform:
    """Another program puts a directory where the shared file is, just before that changes places for the nth time."""
    left = count

    def perform(operation: op.Operation) -> Any:  # noqa: ANN401 - as harness.drivers.perform
        nonlocal left
        if isinstance(operation, op.Exchange) and operation.path == SHARED:
            left -= 1
            if left == 0:
                world.memory.perform(op.Unlink(SHARED))
                world.memory.perform(op.Mkdir(SHARED))
                world.memory.perform(op.Create(f"{SHARED}/theirs", b"theirs", 0o644))
        return world.perform(operation)

    return perform


@pytest.mark.parametrize("mode", LINK_MODES)
@pytest.mark.parametrize("count", [1, 2], ids=["placing", "undoing"])
def test_a_directory_of_another_program_is_not_taken_for_the_file_before(mode: LinkMode, count: int) -> None:
    world = world_of(mode, alpha())
    perform = refusing(op.Rename, 5, f"{PURELIB}/alpha-2.0.dist-info")(_making_a_directory(world, count))
    (ending,) = together(world, [installing(alpha("2.0"))], [], perform)
    assert ending.error is not None
    assert world.content(f"{SHARED}/theirs") == b"theirs"
    assert [path for path in world.debris() if "theirs" not in path and "/space/.exdev" not in path] == []


DELTA = make_wheel("delta", "1.0", {"space/__init__.py": b"# of delta\n", "space/delta.py": b"delta"})
TWIN = make_wheel("twin", "1.0", {"space/__init__.py": b"# shared, too\n", "space/twin.py": b"twin"})


def _beside(
    world: World,
    failing: Callable[[Settings], op.Program[object]],
    sibling: Wheel,
    first: int,
    refused_at: str,
    *,
    exchanges: bool = True,
) -> bytes | None:
    """What a shared file holds: one program fails, having been so far when another one went to its end."""
    perform = refusing(op.Rename, 5, refused_at)(world.perform)
    if not exchanges:
        perform = refusing(op.Exchange, errno.EINVAL)(perform)
    endings = together(world, [failing, installing(sibling)], [0] * first + [1] * 400, perform)
    assert [ending.error is None for ending in endings] == [False, True]
    assert world.debris() == []
    return world.content(SHARED)


@pytest.mark.parametrize("mode", LINK_MODES)
def test_a_failed_upgrade_leaves_a_claimants_content_where_both_bring_the_same(mode: LinkMode) -> None:
    before = World(*WHEELS, TWIN, link_mode=mode)
    before.install(alpha())
    at = f"{PURELIB}/alpha-2.0.dist-info"
    left = {_beside(before.copied(), installing(alpha("2.0")), TWIN, first, at) for first in range(90)}
    # Whose file it is that lies there nobody can tell: the one that was there before may come back.
    assert left == {b"# shared\n", b"# shared, too\n"}


@pytest.mark.parametrize("mode", LINK_MODES)
def test_a_failed_upgrade_undoes_nothing_that_another_has_finished(mode: LinkMode) -> None:
    before = World(*WHEELS, DELTA, link_mode=mode)
    before.install(alpha())
    at = f"{PURELIB}/alpha-2.0.dist-info"
    left = {_beside(before.copied(), installing(alpha("2.0")), DELTA, first, at) for first in range(90)}
    assert left == {b"# of delta\n"}


@pytest.mark.parametrize("mode", LINK_MODES)
def test_where_files_cannot_change_places_little_is_undone_that_another_has_finished(mode: LinkMode) -> None:
    before = World(*WHEELS, DELTA, link_mode=mode)
    before.install(alpha())
    at = f"{PURELIB}/alpha-2.0.dist-info"
    upgrading = installing(alpha("2.0"))
    left = [_beside(before.copied(), upgrading, DELTA, first, at, exchanges=False) for first in range(90)]
    # Between giving the old file a second name and renaming the new one over it lie a few operations: of what comes
    # there just then there is no copy.
    others = [content for content in left if content != b"# of delta\n"]
    assert others
    assert others == [b"# shared\n"] * len(others)
    assert len(others) <= 4


@pytest.mark.parametrize("mode", LINK_MODES)
def test_a_failed_uninstall_undoes_nothing_that_another_has_finished(mode: LinkMode) -> None:
    before = World(*WHEELS, DELTA, link_mode=mode)
    before.install(alpha())
    at = f"{PURELIB}/alpha_old/deep/.exdev"
    left = [_beside(before.copied(), uninstalling("alpha"), DELTA, first, at) for first in range(40)]
    assert set(left) == {b"# of delta\n"}
