"""The matrix itself: results, what they were made with, and the layouts that they are about; pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.matrix.cells import Result

# In what results were made with: why there may be instances of which the results know nothing.
INCOMPLETE: Final = "incomplete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A layout as readers of a matrix get to see it.

    Attributes:
        about: one sentence.
        picture: its mounts and roles, in a few aligned lines.
    """

    about: str
    picture: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """The results of one run, or of several that were joined.

    Attributes:
        results: of every scenario instance.
        about: what they were made on and with: names and texts.
        layouts: by name; a result may name one that is not among them.
    """

    results: tuple[Result, ...]
    about: Mapping[str, str] = field(default_factory=dict)
    layouts: Mapping[str, Shown] = field(default_factory=dict)
