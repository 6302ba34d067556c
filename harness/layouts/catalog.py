"""The catalogue of layouts: one TOML file each in `fixtures/layouts/`, and a user's own files beside it."""

from __future__ import annotations

import dataclasses
import functools
import os
from typing import TYPE_CHECKING, Final

from harness.data import fixtures
from harness.errors import FileInvalid, Problem, UnknownName
from harness.layouts.validate import check
from harness.model import Layout, codec

if TYPE_CHECKING:
    from collections.abc import Iterable


CONTROL: Final = "plain"
# What a layout says about itself, and by which nothing is built.
_SAID: Final = ("about", "reports", "tags", "requires", "refusals", "facts", "unmirrored")


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


def load_all(names_or_paths: Iterable[str]) -> tuple[Layout, ...]:
    """Several layouts for one run, each once, in the order in which they were named.

    Raises:
        UnknownName, FileInvalid: as `load`; or two of them, from different files, have one name.
    """
    found: dict[str, tuple[str, Layout]] = {}
    for text in names_or_paths:
        layout = load(text)
        first, _ = found.setdefault(layout.name, (text, layout))
        if first != text and (text in names() or first in names() or not os.path.samefile(first, text)):
            message = f"{layout.name!r} is also the name of {first}: two layouts of one run need two names"
            raise FileInvalid(file=text, problems=(Problem(where="name", message=message),))
        refuse_false_control(layout)
    return tuple(layout for _, layout in found.values())


def refuse_false_control(layout: Layout) -> None:
    """See that no other layout goes by the name of the one that every case is compared with.

    Raises:
        FileInvalid: it has that name, and does not build the same.
    """
    if layout.name != CONTROL:
        return
    control = load(CONTROL)
    built = dataclasses.replace(layout, **{name: getattr(control, name) for name in _SAID})
    if built != control:
        message = f"{CONTROL!r} is the catalogue's own, with which every case is compared: give this one another name"
        raise FileInvalid(file=f"layout {CONTROL!r}", problems=(Problem(where="name", message=message),))


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
