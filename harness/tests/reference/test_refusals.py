"""Whatever single operation is refused: a program succeeds with a whole tree, or leaves everything as it was."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import pytest

from harness.drivers.perform import refused
from harness.errors import HarnessError
from harness.model import LINK_MODES
from harness.model import operation as op
from harness.reference import install, repair, uninstall, warm
from harness.tests.reference.world import ENVIRONMENT, World, alpha, archive, beta

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.drivers import Perform
    from harness.model import LinkMode
    from harness.reference import Settings

# Those that some decision in the reference core looks at; and those that none does, of which each operation gets one.
LOOKED_AT = (errno.EXDEV, errno.EBUSY, errno.EROFS, errno.EINVAL)
OTHERS = (errno.EPERM, errno.EACCES, errno.ENOSPC, errno.EMLINK, errno.EAGAIN, errno.EIO)


class Action:
    """Something that a program does to an environment, and what is installed there before and after."""

    def __init__(self, before: tuple[Any, ...], make: Callable[[Settings], op.Program[Any]], after: set[str]) -> None:
        self.before, self.make, self.after = before, make, after

    def world(self, link_mode: LinkMode) -> World:
        """The world before it."""
        world = World(link_mode=link_mode)
        world.install(*self.before)
        if alpha() in self.before:
            world.run(warm(archive(alpha()), world.settings))
            world.run(warm(archive(alpha("2.0")), world.settings))
            world.memory.perform(op.Mkdir(f"{ENVIRONMENT}/lib/site-packages/space/__pycache__"))
            world.memory.perform(
                op.Create(f"{ENVIRONMENT}/lib/site-packages/space/__pycache__/alpha.cpython-311.pyc", b"", 0o644)
            )
        return world


ACTIONS = {
    "install": Action((beta(),), lambda settings: install(archive(alpha()), settings), {"alpha-1.0", "beta-1.0"}),
    "first": Action((), lambda settings: install(archive(alpha()), settings), {"alpha-1.0"}),
    "upgrade": Action(
        (alpha(), beta()), lambda settings: install(archive(alpha("2.0")), settings), {"alpha-2.0", "beta-1.0"}
    ),
    "reinstall": Action(
        (alpha(), beta()), lambda settings: install(archive(alpha()), settings, again=True), {"alpha-1.0", "beta-1.0"}
    ),
    "repair": Action((alpha(), beta()), lambda settings: repair(archive(alpha()), settings), {"alpha-1.0", "beta-1.0"}),
    "uninstall": Action((alpha(), beta()), lambda settings: uninstall("alpha", settings), {"beta-1.0"}),
}

every_action = pytest.mark.parametrize("action", ACTIONS)
every_mode = pytest.mark.parametrize("mode", LINK_MODES)


def refusing(perform: Perform, *, at: int, number: int, later: tuple[type, ...] = ()) -> Perform:
    """Operation `at` is refused; with `later`, only and always operations of these kinds from `at` on."""
    count = -1

    def performing(operation: op.Operation) -> Any:  # noqa: ANN401 - as `perform`
        nonlocal count
        if isinstance(operation, op.Note):
            return perform(operation)
        count += 1
        if (count >= at and isinstance(operation, later)) if later else count == at:
            raise refused(operation, number)
        return perform(operation)

    return performing


def count_operations(action: Action, mode: LinkMode) -> int:
    """How many operations the program makes when nothing is refused."""
    world, count = action.world(mode), 0

    def counting(perform: Perform) -> Perform:
        def performing(operation: op.Operation) -> Any:  # noqa: ANN401 - as `perform`
            nonlocal count
            count += not isinstance(operation, op.Note)
            return perform(operation)

        return performing

    world.run(action.make(world.settings), counting)
    return count


def check_end(world: World, action: Action, before: World, error: HarnessError | None) -> None:
    """It succeeded with whole trees, or it failed and nothing has changed; what it left behind it has said."""
    wrong = {name: problems for name, problems in world.installed().items() if problems}
    assert wrong == {}
    if error is None:
        assert set(world.installed()) == action.after
    else:
        assert world.environment() == before.environment() | said_leftovers(world)
    unsaid = [path for path in world.debris() if not is_said(path, world)]
    assert unsaid == []
    assert cache_of(before).items() <= cache_of(world).items()


def cache_of(world: World) -> dict[str, Any]:
    return {path: node for path, node in world.memory.tree("/cache").items() if "/.exdev-" not in path}


def said_leftovers(world: World) -> dict[str, Any]:
    return {path: node for path, node in world.environment().items() if is_said(path, world)}


def is_said(path: str, world: World) -> bool:
    return any(
        path == said or path.startswith(f"{said}/") or said.startswith(f"{path}/")
        for said in (note.partition(": ")[0] for note in world.notes)
    )


def attempt(world: World, action: Action, **condition: Any) -> HarnessError | None:  # noqa: ANN401 - of `refusing`
    """Run it under a condition; its failure is returned."""
    try:
        world.run(action.make(world.settings), lambda perform: refusing(perform, **condition))
    except HarnessError as error:
        return error
    return None


@every_action
@every_mode
def test_one_refused_operation_never_leaves_half_a_tree(action: str, mode: LinkMode) -> None:
    chosen = ACTIONS[action]
    before = chosen.world(mode)
    for at in range(count_operations(chosen, mode)):
        for number in (*LOOKED_AT, OTHERS[at % len(OTHERS)]):
            world = before.copied()
            error = attempt(world, chosen, at=at, number=number)
            try:
                check_end(world, chosen, before, error)
            except AssertionError as wrong:
                wrong.add_note(f"operation {at} refused with {errno.errorcode[number]}: {error}; notes {world.notes}")
                raise


LATER = {
    "link": (op.Link, op.Clone, op.Symlink),
    "create": (op.Create, op.CopyFile, op.Link, op.Clone, op.Symlink, op.Mkdir),
    "rename": (op.Rename, op.Exchange),
    "exchange": (op.Exchange,),
    "remove": (op.Unlink, op.Rmdir),
}


@every_action
@every_mode
@pytest.mark.parametrize("number", [errno.EXDEV, errno.EPERM, errno.EAGAIN], ids=errno.errorcode.get)
def test_links_refused_from_some_moment_on_are_copied(action: str, mode: LinkMode, number: int) -> None:
    chosen = ACTIONS[action]
    before = chosen.world(mode)
    for at in range(count_operations(chosen, mode)):
        world = before.copied()
        error = attempt(world, chosen, at=at, number=number, later=LATER["link"])
        assert error is None
        check_end(world, chosen, before, error)


@every_action
@every_mode
def test_where_files_cannot_change_places_they_are_renamed(action: str, mode: LinkMode) -> None:
    chosen = ACTIONS[action]
    before = chosen.world(mode)
    world = before.copied()
    error = attempt(world, chosen, at=0, number=errno.EINVAL, later=LATER["exchange"])
    assert error is None
    check_end(world, chosen, before, error)


@every_action
@every_mode
@pytest.mark.parametrize("kind", ["create", "rename", "exchange", "remove"])
def test_a_refusal_that_lasts_never_leaves_a_lie(action: str, mode: LinkMode, kind: str) -> None:
    chosen = ACTIONS[action]
    before = chosen.world(mode)
    for at in range(count_operations(chosen, mode)):
        number = (errno.EIO, errno.EBUSY)[at % 2]
        world = before.copied()
        attempt(world, chosen, at=at, number=number, later=LATER[kind])
        assert wrongly_installed(world) == {}, (at, errno.errorcode[number])


class Killed(Exception):  # noqa: N818 - as a signal, not an error
    """The process is gone."""


def dying(perform: Perform, *, after: int) -> Perform:
    """The process dies before operation number `after`."""
    count = 0

    def performing(operation: op.Operation) -> Any:  # noqa: ANN401 - as `perform`
        nonlocal count
        if count == after:
            raise Killed
        count += not isinstance(operation, op.Note)
        return perform(operation)

    return performing


def wrongly_installed(world: World) -> dict[str, list[str]]:
    return {name: problems for name, problems in world.installed().items() if problems}


@every_action
@every_mode
def test_a_killed_program_leaves_no_lie_and_repair_leaves_no_debris(action: str, mode: LinkMode) -> None:
    chosen = ACTIONS[action]
    before = chosen.world(mode)
    for after in range(count_operations(chosen, mode)):
        world = before.copied()
        with pytest.raises(Killed):
            world.run(chosen.make(world.settings), lambda perform, after=after: dying(perform, after=after))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        assert wrongly_installed(world) == {}, after
        again = world.copied()
        again.install(alpha())
        assert again.installed()["alpha-1.0"] == [], after
        for wheel in (alpha(), alpha("2.0")):
            healed = world.copied()
            healed.repair(wheel)
            assert wrongly_installed(healed) == {}, after
            assert wheel.key in healed.installed(), after
            assert [path for path in healed.debris() if path.startswith(ENVIRONMENT)] == [], (after, wheel.key)
