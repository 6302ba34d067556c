"""Reasons: the disagreements between the contracts and the second opinion that are allowed, each with why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.layouts.blueprint import site_path
from harness.layouts.contents import followed, link_targets
from harness.model import ROLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.tests.second_opinion.compare import Disagreement


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a disagreement is none.

    Attributes:
        name: how it is called.
        holds: whether a disagreement is of this kind.
        because: what makes both right.
    """

    name: str
    holds: Callable[[Disagreement], bool]
    because: str


def _refused_to_build(one: Disagreement) -> bool:
    if one.subject == "LayoutUntrue":
        return not _is_half_built(one)
    return one.kind == "error" and one.subject == "FileInvalid"


def _is_half_built(one: Disagreement) -> bool:
    return one.subject == "MountFailed" or (one.subject == "LayoutUntrue" and "cannot be built" in one.text)


def _is_through_a_link_out(one: Disagreement) -> bool:
    """Of a path below a link of the layout that leads out of the environment and of all schemes."""
    layout = one.case.layout
    roles = [site_path(layout, f"{{{role}}}") for role in ROLES if role not in ("temporary", "wheelhouse")]
    scheme, _, rest = one.path.partition("/")
    if one.kind != "false alarm" or scheme not in ROLES:
        return False
    path = f"{site_path(layout, f'{{{scheme}}}')}/{rest}"
    end = followed(path, link_targets(layout.roles, layout.symlinks)) or path
    return end != path and not any(f"{end}/".startswith(f"{role}/") for role in roles)


def _is_shared_script(one: Disagreement) -> bool:
    """After a removal, of a script that the entry points of several distributions ask for."""
    name = one.path.rpartition("/")[2]
    asking = {
        wheel.name
        for wheel in one.case.wheels
        for entry in wheel.entries
        if entry.path.endswith("/entry_points.txt") and f"\n{name} = ".encode() in entry.content
    }
    removed = any(step.action == "uninstall" for step in one.case.steps[: one.step + 1])
    return (one.kind, one.subject) == ("missed", "script") and len(asking) > 1 and removed


def _is_empty_directory(one: Disagreement) -> bool:
    return (one.kind, one.subject) == ("false alarm", "no-debris") and "expected no empty directory" in one.text


REASONS: tuple[Reason, ...] = (
    Reason(
        name="refused-with-a-name",
        holds=_refused_to_build,
        because="a layout that cannot be had is refused by a typed error, which blames nobody",
    ),
    Reason(
        name="written-through-a-link-that-leads-out",
        holds=_is_through_a_link_out,
        because=(
            "what lies behind a link out of the environment is nobody's there (`outside-untouched` says so, too), while"
            " the other judge's interpreter follows every link"
        ),
    ),
    Reason(
        name="empty-directory",
        holds=_is_empty_directory,
        because=(
            "the other judge looks at files, as RECORD does; that an installer takes the directories along that it has"
            " made is demanded all the same, and which do not stands in the reports `*-empty-directories`"
        ),
    ),
    Reason(
        name="script-of-a-removed-claimant",
        holds=_is_shared_script,
        because=(
            "a script that several distributions bring is as any shared file: once the one whose version it is has"
            " gone, it stays for the others as it is (uv#19430), and no installer makes it anew"
        ),
    ),
)


def reason_of(disagreement: Disagreement, reasons: tuple[Reason, ...] = REASONS) -> Reason | None:
    """The reason that allows a disagreement, if one does."""
    return next((one for one in reasons if one.holds(disagreement)), None)
