"""Capabilities are found out by doing; each answer is available, or missing because."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

from harness.errors import MountFailed, UnknownName
from harness.kernel import attempts, probes
from harness.kernel.laboratory import open_laboratory
from harness.kernel.probes import CAPABILITIES, Capability, Finding
from harness.tests.kernel.child import call

# Without these the harness can do nothing at all; where the other tests of this room pass, so do these.
ALWAYS = {"namespaces", "tmpfs", "bind", "bind-file", "remount-read-only", "hardlink", "symlink"}


def everything() -> tuple[dict[str, Finding], bool]:
    findings = probes.probe()
    return findings, probes.probe(["tmpfs"])["tmpfs"] is findings["tmpfs"]


def test_every_capability_is_answered_once_with_a_reason(user: str) -> None:
    findings, remembered = call(everything, user=user)
    assert list(findings) == [capability.name for capability in CAPABILITIES]
    assert {name for name in ALWAYS if findings[name].available} == ALWAYS
    assert all(bool(finding.because) != finding.available for finding in findings.values())
    assert remembered


def test_giving_files_away_needs_more_than_a_user_namespace() -> None:
    findings, _ = call(everything, user="plain")
    assert not findings["chown"].available
    assert "root" in findings["chown"].remedy
    assert not findings["loop-devices"].available


def test_probing_leaves_the_host_as_it_was(user: str) -> None:
    before = Path("/proc/self/mountinfo").read_bytes(), sorted(Path("/sys/block").iterdir())
    call(everything, user=user)
    assert (Path("/proc/self/mountinfo").read_bytes(), sorted(Path("/sys/block").iterdir())) == before


def inside_an_open_laboratory() -> tuple[list[str], list[str]]:
    with open_laboratory() as lab:
        Path(lab.sites, "site").mkdir()
        missing = [name for name in ALWAYS if not probes.probe([name])[name].available]
        return missing, [path.name for path in Path(lab.sites).iterdir()]


def test_probing_inside_a_laboratory_leaves_its_sites_alone() -> None:
    assert call(inside_an_open_laboratory) == ([], ["site"])


def without_namespaces() -> list[Finding]:
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    try:
        return list(probes.probe().values())
    finally:
        done.set()
        other.join()


def test_refused_namespaces_make_everything_missing_with_their_remedy() -> None:
    findings = call(without_namespaces, user="plain")
    assert not any(finding.available for finding in findings)
    assert {finding.remedy for finding in findings} == {findings[0].remedy}
    assert "2 threads" in findings[0].because
    assert "before any thread starts" in findings[0].remedy


def test_an_unknown_capability_gives_the_nearest_name() -> None:
    with pytest.raises(UnknownName) as caught:
        probes.probe(["overly"])
    assert caught.value.nearest == "overlay"


def test_names_of_capabilities_are_unique_and_speakable() -> None:
    names = [capability.name for capability in CAPABILITIES]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)


def refuse(scratch: str) -> str | None:
    raise MountFailed(operation="fsopen", path=scratch, type="x", options=(), errno=19)


def fail(scratch: str) -> str | None:
    Path(scratch, "absent").unlink()
    return None


def answers_of_failing_probes() -> list[str]:
    return [
        probes._tried(Capability(name="x", about="do it", probe=probe)) for probe in (refuse, fail, attempts.nothing)
    ]


def test_a_probe_that_raises_has_found_its_reason() -> None:
    refused, failed, nothing = call(answers_of_failing_probes)
    assert "fsopen: ENODEV" in refused
    assert failed == "do it: ENOENT, No such file or directory"
    assert nothing == ""


def test_what_should_be_refused_but_is_not_is_said(tmp_path: Path) -> None:
    assert attempts._refused(2, (tmp_path / "file").touch) == "expected ENOENT, but it was allowed"
    assert attempts._refused(1, (tmp_path / "absent").unlink) == "expected EPERM, got ENOENT"
    assert attempts._refused(2, (tmp_path / "absent").unlink) is None
