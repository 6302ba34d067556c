"""The catalogue of layouts: one TOML file each in `fixtures/layouts/`, and a user's own files beside it."""

from __future__ import annotations

import functools
import os

from harness.data import fixtures
from harness.errors import UnknownName
from harness.layouts.validate import check
from harness.model import Layout, codec


@functools.cache
def names() -> tuple[str, ...]:
    """The names of the catalogue's layouts, sorted."""
    return tuple(sorted(path.stem for path in (fixtures() / "layouts").glob("*.toml")))


def load(name_or_path: str | os.PathLike[str]) -> Layout:
    """A layout of the catalogue by its name, or a user's own by the path of its TOML or JSON file.

    Raises:
        UnknownName: neither a name of the catalogue nor a path.
        FileInvalid: the file has problems; all of them at once.
    """
    text = os.fspath(name_or_path)
    if text in names():
        return _catalogued(text)
    if "/" in text or text.endswith((".toml", ".json")):
        # Not cached: a user edits the file and runs again.
        return codec.load(Layout, text, check=check)
    raise UnknownName(kind="layout", name=text, known=names(), nearest=codec.nearest(text, names()))


def tagged(tag: str) -> tuple[Layout, ...]:
    """The catalogue's layouts with this tag, sorted by name.

    Raises:
        UnknownName: no layout has it.
    """
    found = tuple(layout for layout in map(_catalogued, names()) if tag in layout.tags)
    if not found:
        known = tuple(sorted({tag for name in names() for tag in _catalogued(name).tags}))
        raise UnknownName(kind="layout tag", name=tag, known=known, nearest=codec.nearest(tag, known))
    return found


@functools.cache
def _catalogued(name: str) -> Layout:
    return codec.load(Layout, fixtures() / "layouts" / f"{name}.toml", check=check)
