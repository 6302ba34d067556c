"""Layouts and link modes, drawn from the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from harness import layouts as catalogue
from harness.model import LINK_MODES, Layout, LinkMode
from harness.strategies.arguments import check_known

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def layouts(
    *, names: Collection[str] = (), tags: Collection[str] = (), among: Sequence[Layout] = ()
) -> st.SearchStrategy[Layout]:
    """Layouts, drawn from those given or from the catalogue. Shrinks towards the first one.

    Args:
        names: draw from the catalogue's layouts of these names; by default from all that have one of `tags`.
        tags: groups of the catalogue's layouts; by default all of them.
        among: draw from these values instead.

    Raises:
        InvalidArgument: nothing in the catalogue has that name or tag, or values are given as well as names or tags.
    """
    if among:
        if names or tags:
            raise InvalidArgument(f"among={among!r} and names={names!r}, tags={tags!r}: give one of them")
        return st.sampled_from(tuple(among))
    known = {name: {*catalogue.load(name).tags} for name in catalogue.names()}
    if names:
        check_known("names", names, tuple(known))
    elif tags:
        check_known("tags", tags, tuple(sorted(set().union(*known.values()))))
    chosen = tuple(names) or tuple(name for name in known if not tags or known[name] & {*tags})
    return st.sampled_from(chosen).map(catalogue.load)


def link_modes(*, modes: Collection[LinkMode] = LINK_MODES) -> st.SearchStrategy[LinkMode]:
    """Link modes. Shrinks towards the first one given.

    Raises:
        InvalidArgument: there is no such mode.
    """
    check_known("modes", modes, LINK_MODES)
    return st.sampled_from(tuple(modes))
