"""Hypothesis profiles: dev for every day, ci for machines that nobody watches, thorough for a night."""

from __future__ import annotations

import os
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import InvalidArgument

from harness.errors import UnknownName
from harness.model import codec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypothesis.database import ExampleDatabase

_EXAMPLES = {"dev": 100, "ci": 100, "thorough": 5000}
_STEADY = "ci"
_SETTINGS = "_hypothesis_internal_use_settings"
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)


def register(chosen: str | None, memory: ExampleDatabase | None = None) -> None:
    """Register the profiles and load one.

    Args:
        chosen: a profile's name; by default `ci` where the environment says CI, otherwise `dev`.
        memory: of failures, which several machines share: every profile tries what is in it first. Hypothesis forbids
            one to a derandomized profile, so that `ci` is seeded then; see `make_steady`.

    Raises:
        UnknownName: there is no such profile.
    """
    for name, examples in _EXAMPLES.items():
        settings.register_profile(
            name,
            # The parent by default is Hypothesis' own for CI where the environment says so: without a database.
            settings.get_profile("default"),
            max_examples=examples,
            # Where nobody watches, a run is red because of the change it tests, not because of what was drawn today.
            derandomize=name == _STEADY and memory is None,
            # Building real mounts takes what it takes; a contract, bounded-time, looks after the rest.
            deadline=None,
            # Several labels for what is one defect in one tree help nobody: the first one found is shrunk and shown.
            report_multiple_bugs=False,
            suppress_health_check=(HealthCheck.too_slow, HealthCheck.differing_executors),
            # Without `explain`: it runs every failing example many times more to comment on arguments.
            phases=_PHASES,
            print_blob=False,
        )
        if memory is not None:
            settings.register_profile(name, settings.get_profile(name), database=memory)
    name = chosen or (_STEADY if os.environ.get("CI") else "dev")
    try:
        settings.load_profile(name)
    except InvalidArgument:
        known = tuple(_EXAMPLES)
        raise UnknownName(
            kind="Hypothesis profile", name=name, known=known, nearest=codec.nearest(name, known)
        ) from None


def fewer(times: int) -> settings:
    """A share of the profile's examples, at least two: for scenarios that are about many layouts and link modes.

    Use it as a decorator (`@fewer(5)`); evaluated when the scenario is imported, which is after the profile was loaded.
    """
    return settings(max_examples=max(2, settings().max_examples // times))


def is_thorough() -> bool:
    """Whether the profile is the one for a night."""
    return settings().max_examples >= _EXAMPLES["thorough"]


def make_steady(test: object, name: str) -> None:
    """Have a test of this name draw the same examples in every run, as `ci` promises, where it has a memory, too.

    What is remembered is tried first; then comes what is always drawn. `--hypothesis-seed` would not do: it turns the
    memory off, and so does the decorator `seed`, which does it in the settings that are put back here.
    """
    chosen = getattr(test, _SETTINGS, None)
    if not (callable(test) and isinstance(chosen, settings)):
        return
    if settings.get_current_profile_name() == _STEADY and chosen.database is not None:
        seed(zlib.crc32(name.encode()))(test)
        setattr(test, _SETTINGS, chosen)


@contextmanager
def spared(test: object, effort: int) -> Iterator[None]:
    """Draw `effort` times fewer examples, at least one, while the block runs.

    One test function stands for all its instances, so that its settings have to be exchanged around each of them;
    Hypothesis keeps them under this name since 2016, and has no public way to do it.
    """
    chosen = getattr(test, _SETTINGS, None)
    if effort == 1 or not isinstance(chosen, settings):
        yield
        return
    setattr(test, _SETTINGS, settings(chosen, max_examples=max(1, chosen.max_examples // effort)))
    try:
        yield
    finally:
        setattr(test, _SETTINGS, chosen)
