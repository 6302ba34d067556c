"""Tests that saved cases, each of which was judged wrongly once, come out right."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness import reports
from harness.errors import LayoutUntrue, NotApplicable
from harness.layouts import validate
from harness.model import Case, Layout, Meddling, Mount, Roles, Step, Symlink, codec
from harness.run import Runner
from harness.wheels import wheel

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory

CASES = Path(__file__).parent / "cases"

# Case, installer, and the contracts that are broken: none where the installer is right.
RIGHT = [
    ("cache-lost-behind-hard-links", "reference"),
    ("cache-lost-behind-symlinks", "reference"),
    ("change-on-own-layout", "uv==0.13.9"),
    ("conflict-after-others-removed", "reference"),
    ("control-that-lost-nothing", "reference"),
    ("core-equal-size", "reference"),
    ("core-interleaved-upgrade", "reference"),
    ("databin", "reference"),
    ("databin", "uv==0.13.9"),
    ("directory-where-others-removed-a-file", "reference"),
    ("dist-info-local-version", "reference"),
    ("dist-info-local-version", "uv==0.13.9"),
    ("dist-info-name-lower", "reference"),
    ("dist-info-name-lower", "uv==0.13.9"),
    ("full-before-a-bad-wheel", "reference"),
    ("header-linked-into-a-removed-cache", "reference"),
    ("headers-elsewhere", "reference"),
    ("hidden-by-a-mount-not-lost", "reference"),
    ("image-hides-other", "reference"),
    ("image-hides-other", "uv==0.13.9"),
    ("image-only-crash", "reference"),
    ("image-only-crash", "uv==0.13.9"),
    ("hidden-before-an-uninstall", "reference"),
    ("link-chain-forward", "reference"),
    ("link-where-others-removed-a-directory", "reference"),
    ("link-relative-inside", "pip==26.3"),
    ("link-relative-inside", "reference"),
    ("link-relative-inside", "uv==0.13.9"),
    ("linked-to-a-cache-of-another-umask", "reference"),
    ("long-shebang", "reference"),
    ("long-shebang", "uv==0.13.9"),
    ("mount-on-link", "reference"),
    ("mounted-cache-hides-what-links-lead-to", "reference"),
    ("mounted-file-hides-the-images", "reference"),
    ("mounted-file-in-a-failed-step", "reference"),
    ("mounted-file-under-another-umask", "reference"),
    ("mounted-library-hides-records", "reference"),
    ("one-absent-one-refused", "reference"),
    ("pip-12237", "reference"),
    ("pip-12237", "uv==0.13.9"),
    ("pip-12599", "reference"),
    ("pip-12599", "uv==0.13.9"),
    ("pip-14296", "reference"),
    ("pip-14296", "uv==0.13.9"),
    ("placed-before-the-last-change", "reference"),
    ("platlib-and-purelib", "reference"),
    ("platlib-and-purelib", "uv==0.13.9"),
    ("platlib-elsewhere-and-one-removed", "reference"),
    ("purelib-elsewhere", "pip==26.3"),
    ("purelib-elsewhere", "reference"),
    ("purelib-elsewhere", "uv==0.13.9"),
    ("record-leads-out", "uv==0.13.9"),
    ("record-through-link", "reference"),
    ("record-with-directories", "uv==0.13.9"),
    ("repair-of-a-cache-with-holes", "reference"),
    ("repair-of-a-cache-with-holes-strict", "reference"),
    ("repairs-at-once", "reference"),
    ("replaced-only-later", "reference"),
    ("replaced-only-later-at-once", "reference"),
    ("same-version-under-another-umask", "reference"),
    ("shared-ep", "reference"),
    ("shared-ep", "uv==0.13.9"),
    ("site-packages-removed", "reference"),
    ("site-packages-removed", "uv==0.13.9"),
    ("strict-before-a-bad-wheel", "reference"),
    ("undone-beside-a-finished-upgrade", "reference"),
    ("uninstall-of-another-version", "reference"),
    ("uv-2076", "reference"),
    ("uv-2076", "uv==0.13.9"),
    ("uv-21692", "reference"),
    ("uv-21692", "uv==0.12.13"),
    ("uv-21692", "uv==0.12.15"),
    ("uv-21692", "uv==0.13.9"),
    ("uv-5359", "uv==0.13.9"),
    ("warm-over-a-hole", "reference"),
]
WRONG = [
    ("dist-info-local-version", "uv==0.1.18", "complete"),
    ("dist-info-name-lower", "installer==0.5.1", "complete"),
    ("long-shebang", "installer==1.1.0", "scripts-run"),
    ("long-shebang", "pdm==2.29.4", "scripts-run"),
    ("long-shebang", "pip==26.3", "scripts-run"),
    ("long-shebang", "poetry==2.5.1", "scripts-run"),
    ("pip-12237", "pip==26.3", "outside-untouched"),
    ("pip-12599", "pip==26.3", "scripts-run"),
    ("pip-14296", "pip==26.3", "outside-untouched"),
    ("pip-14296-dangling", "pip==26.3", "outside-untouched"),
    ("record-leads-out", "pip==26.3", "complete"),
    ("record-through-link", "pip==26.3", "complete"),
    ("record-through-link", "uv==0.13.9", "complete"),
    ("site-packages-removed", "pip==26.3", "outside-untouched"),
    ("uv-2076", "uv==0.1.12", "scripts-run"),
    ("record-with-directories", "pip==26.3", "complete"),
    ("uv-21692", "uv==0.12.14", "complete"),
    ("uv-5359", "uv==0.2.27", "complete"),
]
# Reports with the releases that they are about: what is seen are their own signs.
REPORTED = [
    ("pip-14296", "pip==26.3"),
    ("pip-14296-dangling", "pip==26.3"),
    ("uv-21692", "uv==0.12.14"),
    ("uv-5359", "uv==0.2.27"),
]


@pytest.mark.parametrize(("name", "installer"), RIGHT)
def test_an_installer_that_is_right_is_not_blamed(laboratory: Laboratory, name: str, installer: str) -> None:
    verdict = Runner(laboratory).run(_case(name, installer))
    assert verdict.holds, "\n".join(map(str, verdict.violations))


def test_a_directory_that_is_a_link_into_the_cache_is_looked_into(laboratory: Laboratory) -> None:
    verdict = Runner(laboratory).run(_case("pdm-plain-symlink", "pdm==2.12.1"))
    assert "complete" not in {violation.contract for violation in verdict.violations}


@pytest.mark.parametrize(("name", "installer", "contract"), WRONG)
def test_an_installer_that_is_wrong_is_blamed(laboratory: Laboratory, name: str, installer: str, contract: str) -> None:
    verdict = Runner(laboratory).run(_case(name, installer))
    assert contract in {violation.contract for violation in verdict.violations}


@pytest.mark.parametrize(("name", "installer"), REPORTED)
def test_a_reported_defect_is_known_by_the_reports_own_signs(laboratory: Laboratory, name: str, installer: str) -> None:
    report = reports.load(CASES / f"{name}.toml")
    verdict = Runner(laboratory).run(_case(name, installer))
    assert reports.missing(report, verdict.violations, verdict.evidence) == ()
    assert reports.known(verdict.violations, verdict.evidence, own_report=report)[0] == report


def test_a_refused_wheel_is_not_known_by_how_every_refusal_begins(laboratory: Laboratory) -> None:
    refused = Runner(laboratory).run(_case("uv-5359", "uv==0.2.27"))
    assert "The wheel is invalid: Wheel contains entry in scripts" in refused.evidence.steps[-1].outcome.message
    assert "uv#16841" not in {one.id for one in reports.known(refused.violations, refused.evidence)}


@pytest.mark.parametrize(("name", "installer"), [("uv-16841", "uv==0.13.9"), ("uv-missing-metadata", "uv==0.13.9")])
def test_a_missing_file_is_not_known_by_what_else_takes_files_away(
    laboratory: Laboratory, name: str, installer: str
) -> None:
    verdict = Runner(laboratory).run(reports.case(reports.load(name), installer))
    assert [one.id for one in reports.known(verdict.violations, verdict.evidence)] == [reports.load(name).id]


@pytest.mark.parametrize("installer", ["uv==0.13.9", "pip==26.3", "installer==1.1.0"])
def test_headers_elsewhere_are_not_applicable_to_who_cannot_be_told(laboratory: Laboratory, installer: str) -> None:
    case = _case("headers-elsewhere", installer)
    with pytest.raises(
        NotApplicable, match=r"does not do headers in /usr/include/site: a virtual environment has them in"
    ):
        Runner(laboratory).run(case)
    without = wheel("tool", files={"tool/__init__.py": b""})
    assert Runner(laboratory).run(replace(case, wheels=(without,))).holds


def test_what_lies_outside_of_the_environment_is_removed_by_who_can(laboratory: Laboratory) -> None:
    case = _case("purelib-elsewhere", "uv==0.13.9")
    roles = replace(case.layout.roles, purelib="/opt/libraries", platlib="/opt/platform")
    case = replace(case, layout=replace(case.layout, roles=roles))
    assert Runner(laboratory).run(case).holds
    pip = replace(case, installer="pip==26.3")
    with pytest.raises(NotApplicable, match=r"removal from purelib outside of the environment \(/opt/libraries\)"):
        Runner(laboratory).run(pip)
    assert Runner(laboratory).run(replace(pip, steps=pip.steps[:1])).holds


@pytest.mark.parametrize("role", ["purelib", "platlib"])
@pytest.mark.parametrize("place", ["/opt/libraries", "{environment}/lib/{python}/dist-packages"])
def test_the_environments_interpreter_imports_from_libraries_elsewhere(
    laboratory: Laboratory, role: str, place: str
) -> None:
    change = Meddling(do="import", module="one")
    one = wheel("one", files={"one/__init__.py": b""}, root_is_purelib=role == "purelib")
    steps = (Step(action="install", wheels=(one.key,)), Step(action="install", wheels=(one.key,), meddled=(change,)))
    layout = Layout(name="mine", about="", roles=Roles(**{role: place}))
    for installer in ("reference", "pip==26.3", "uv==0.13.9"):
        case = Case(layout=layout, wheels=(one,), steps=steps, installer=installer, link_mode="copy")
        verdict = Runner(laboratory).run(case)
        assert verdict.holds, "\n".join(map(str, verdict.violations))
        found = verdict.evidence.steps[1].before.environment
        assert [key for key in found if key.startswith(f"{role}/one/__pycache__/")]


@pytest.mark.parametrize("installer", ["pip==26.3", "installer==1.1.0", "uv==0.13.9"])
def test_an_interpreter_that_a_later_mount_hides_is_the_layouts_fault(laboratory: Laboratory, installer: str) -> None:
    hiding = Layout(name="mine", about="", mounts=(Mount(at="{scripts}", type="tmpfs", after="image"),))
    one = wheel("one", files={"one/__init__.py": b""})
    steps = (Step(action="install", wheels=(one.key,)),)
    case = Case(layout=hiding, wheels=(one,), steps=steps, installer=installer, link_mode="copy")
    with pytest.raises(LayoutUntrue, match=r"/environment/bin/python cannot be started: ENOENT"):
        Runner(laboratory).run(case)


def test_an_archive_that_does_not_fit_is_the_layouts_fault(laboratory: Laboratory) -> None:
    layout = Layout(
        name="small-wheelhouse", about="", mounts=(Mount(at="{wheelhouse}", type="tmpfs", size="64k"),), facts=()
    )
    big = wheel("big", files={"big/data.bin": b"x" * 100_000})
    case = Case(layout=layout, wheels=(big,), steps=(Step(action="install", wheels=(big.key,)),))
    with pytest.raises(LayoutUntrue, match=r"cannot hold big-1\.0-py3-none-any\.whl: ENOSPC"):
        Runner(laboratory).run(case)


def test_a_link_to_another_place_of_the_environment_is_judged_by_where_it_leads(laboratory: Laboratory) -> None:
    link = Symlink(at="{site_packages}/nvidia", to="{environment}/share/nvidia")
    layout = Layout(name="link-inside", about="", requires=("symlink",), symlinks=(link,))
    brings = wheel("nvidia-a", files={"nvidia/__init__.py": b"", "nvidia/a/__init__.py": b"a = 1\n"})
    steps = tuple(Step(action=action, wheels=(brings.key,)) for action in ("install", "reinstall", "uninstall"))
    for installer in ("reference", "pip==26.3", "installer==1.1.0"):
        case = Case(layout=layout, wheels=(brings,), steps=steps, installer=installer, link_mode="copy")
        if installer.startswith("installer"):
            case = replace(case, steps=steps[:1])
        verdict = Runner(laboratory).run(case)
        assert verdict.holds, f"{installer}: {verdict.violations}"
    case = Case(layout=layout, wheels=(brings,), steps=steps[:2], installer="uv==0.13.9", link_mode="copy")
    verdict = Runner(laboratory).run(case)
    assert "Not a directory" in verdict.evidence.steps[1].outcome.message
    assert {violation.step for violation in verdict.violations} == {1}


def _case(name: str, installer: str) -> Case:
    path = CASES / f"{name}.toml"
    if "url" in tomllib.loads(path.read_text()):
        return reports.case(reports.load(path), installer)
    return replace(codec.load(Case, path, check=validate.check), installer=installer)
