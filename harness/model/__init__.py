"""The values everything else is made of: frozen, without effects, importing nothing else of ours but `errors`."""

from harness.model.case import FORMAT, LINK_MODES, Action, Case, LinkMode, Meddling, Plan, Step
from harness.model.evidence import (
    Evidence,
    Execution,
    Kind,
    Node,
    Outcome,
    ScriptEvidence,
    Sharing,
    SharingEvidence,
    StepEvidence,
    Traced,
    Tree,
    Trees,
    Violation,
)
from harness.model.layout import ROLES, Fact, Layout, Mount, Permission, Roles, Symlink
from harness.model.wheel import Entry, Wheel

__all__ = [
    "FORMAT",
    "LINK_MODES",
    "ROLES",
    "Action",
    "Case",
    "Entry",
    "Evidence",
    "Execution",
    "Fact",
    "Kind",
    "Layout",
    "LinkMode",
    "Meddling",
    "Mount",
    "Node",
    "Outcome",
    "Permission",
    "Plan",
    "Roles",
    "ScriptEvidence",
    "Sharing",
    "SharingEvidence",
    "Step",
    "StepEvidence",
    "Symlink",
    "Traced",
    "Tree",
    "Trees",
    "Violation",
    "Wheel",
]
