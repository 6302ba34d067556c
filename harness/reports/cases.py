"""A report as a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import layouts
from harness.model import Case, Entry, Plan
from harness.reports.wheel_metadata import with_dist_info, with_record
from harness.wheels import manifests, wheel
from harness.wheels.bad import BAD

if TYPE_CHECKING:
    from harness.model import Layout, Wheel
    from harness.model.report import Report, ReportedWheel


def case(report: Report, installer: str) -> Case:
    """The case of a report, for one release (`uv==0.1.2`) or any other installer."""
    return Case(
        layout=layout(report),
        wheels=tuple(map(_wheel, report.wheels)),
        steps=report.steps,
        plan=Plan(creation=report.creation),
        installer=installer,
        link_mode=report.link_mode,
    )


def layout(report: Report) -> Layout:
    """Where it happens."""
    return report.own_layout or layouts.load(report.layout)


def _wheel(told: ReportedWheel) -> Wheel:
    if told.skeleton:
        return manifests.skeleton(manifests.load(told.skeleton), tag="py3-none-any")
    if told.bad:
        return BAD[told.bad]()
    files = [*map(Entry, told.files), *told.entries]
    made = wheel(told.name, told.version, files, entry_points=told.entry_points, tag=told.tag)
    return with_record(with_dist_info(made, told.dist_info), told.record)
