"""Whether two runs came to the same; pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from harness.model import Violation
    from harness.run import Verdict

# Names that differ in every run, because their makers draw them: Rust's tempfile, Python's tempfile (pip puts its own
# prefix before it), the archives in uv's cache.
_DRAWN: Final = re.compile(
    r"\.tmp[A-Za-z0-9]{6}(?![A-Za-z0-9])"
    r"|(?<=/)tmp[a-z0-9_]{8}(?![a-z0-9_])"
    r"|(?<=/)pip-[a-z-]+-[a-z0-9_]{8}(?![a-z0-9_])"
    r"|(?<=/)archive-v\d+/[\w-]{16,}"
)

_DIGEST: Final = re.compile(r"(?<=sha256 )[0-9a-f]+")


def same(first: Verdict, second: Verdict) -> bool:
    """Whether two runs of one case came to the same violations, in whatever order, but for names that are drawn.

    Of an installer that gives no order its promise (uv chooses among wheels by chance), to the same broken promises in
    the same steps: which of two wheels is the one that is not whole may then be different each time.
    """
    if first.evidence.ordered:
        return sorted(map(told, first.violations)) == sorted(map(told, second.violations))
    return same_promises(first, second)


def same_promises(first: Verdict, second: Verdict) -> bool:
    """Whether they broke the same promises in the same steps, at whatever path."""
    return _promises(first) == _promises(second)


def _promises(verdict: Verdict) -> set[tuple[str, int]]:
    return {(violation.contract, violation.step) for violation in verdict.violations}


def told(violation: Violation) -> str:
    """A violation without what differs in every run."""
    text = without_drawn_names(str(violation))
    # Bytecode holds the time of its source (PEP 552).
    return _DIGEST.sub("*", text) if "/__pycache__/" in violation.path else text


def without_drawn_names(text: str) -> str:
    """A text in which names that are drawn in every run are `*`."""
    return _DRAWN.sub("*", text)
