"""Layouts and link modes, drawn from the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from harness import layouts as catalogue
from harness.model import LINK_MODES, Layout, LinkMode
from harness.strategies.arguments import check_known

if TYPE_CHECKING:
    from collections.abc import Collection


def layouts(*, names: Collection[str] = (), tags: Collection[str] = ()) -> st.SearchStrategy[Layout]:
    """Layouts of the catalogue. Shrinks towards the first name.

    Args:
        names: draw from these; by default from all that have one of `tags`, or from all.
        tags: groups of layouts.

    Raises:
        InvalidArgument: nothing in the catalogue has that name.
    """
    if names:
        check_known("names", names, catalogue.names())
        chosen: tuple[str, ...] = tuple(names)
    else:
        chosen = tuple(name for name in catalogue.names() if not tags or set(tags) & set(catalogue.load(name).tags))
    check_known("tags", chosen, catalogue.names())
    return st.sampled_from(chosen).map(catalogue.load)


def link_modes(*, modes: Collection[LinkMode] = LINK_MODES) -> st.SearchStrategy[LinkMode]:
    """Link modes. Shrinks towards the first one given.

    Raises:
        InvalidArgument: there is no such mode.
    """
    check_known("modes", modes, LINK_MODES)
    return st.sampled_from(tuple(modes))
