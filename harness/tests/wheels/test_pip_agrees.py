"""The oracle against pip: what a real installer makes of these wheels in a real virtual environment."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from typing import TYPE_CHECKING, NamedTuple

import pytest

from harness.model import Entry, Wheel
from harness.wheels import archive, bad
from harness.wheels.expected import expected
from harness.wheels.make import reordered, wheel
from harness.wheels.manifests import load, skeleton

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
# Where pip puts the schemes of a virtual environment, the longest prefix first; whatever else there is, is data.
# The place of headers is pip's own (pip/_internal/locations/_sysconfig.py), the others are sysconfig's.
PLACES = {f"lib/{PYTHON}/site-packages/": "purelib/", f"include/site/{PYTHON}/": "headers/", "bin/": "scripts/"}


class Installed(NamedTuple):
    mode: int
    size: int
    digest: str


def _snapshot(environment: Path) -> Mapping[str, Installed]:
    found = {}
    for path in environment.rglob("*"):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            key = _keyed(path.relative_to(environment).as_posix())
            found[key] = Installed(path.stat().st_mode & 0o7777, len(data), hashlib.sha256(data).hexdigest())
    return found


def _keyed(path: str) -> str:
    for place, scheme in PLACES.items():
        if path.startswith(place):
            return scheme + path.removeprefix(place)
    return f"data/{path}"


def _pip(wheels: Sequence[Wheel], directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    files = []
    for made in wheels:
        files.append(directory / made.filename)
        files[-1].write_bytes(archive.write(made))
    command = [sys.executable, "-m", "pip", "--python", str(directory / "env/bin/python"), "--isolated", "install"]
    command += ["--disable-pip-version-check", "--no-index", "--no-deps", "--no-cache-dir", *options]
    return subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False, umask=0o022)


def _install(wheels: Sequence[Wheel], directory: Path, *options: str) -> Mapping[str, Installed]:
    """What pip added to, or changed in, a new virtual environment."""
    environment = directory / "env"
    venv.create(environment, symlinks=True)
    before = _snapshot(environment)
    done = _pip(wheels, directory, *options)
    assert done.returncode == 0, done.stderr
    return {path: node for path, node in _snapshot(environment).items() if before.get(path) != node}


def _differences(wheels: Sequence[Wheel], installed: Mapping[str, Installed]) -> list[str]:
    expectation = expected(wheels, platlib="purelib")
    found = [f"unexpected {path}" for path in installed if not expectation.allows(path)]
    for path, file in expectation.files.items():
        node = installed.get(path)
        if node is None:
            found += [] if file.optional else [f"missing {path}"]
            continue
        if node.mode != file.mode:
            found.append(f"mode of {path}: {node.mode:o}, expected {file.mode:o}")
        same = (node.size, node.digest) == (file.claims[-1].size, file.claims[-1].digest)
        if not file.generated and same is file.shebang_rewritten:
            found.append(f"content of {path}")
    return found


WIDE = wheel(
    "exdev-wide",
    files=[
        Entry("exdev_wide/__init__.py", b"def main():\n    pass\n"),
        Entry("exdev_wide/tool.sh", b"#!/bin/sh\n", 0o755),
        Entry("exdev_wide/owner_only", b"1", 0o600),
        Entry("exdev_wide/owner_runs", b"2", 0o744),
        Entry("exdev_wide/with,comma.txt", b"3"),
        Entry("exdev_wide-1.0.data/purelib/exdev_pure.py", b"pure = 1\n"),
        Entry("exdev_wide-1.0.data/platlib/exdev_plat.py", b"plat = 1\n"),
        Entry("exdev_wide-1.0.data/scripts/exdev-python", b"#!python\nprint(1)\n", 0o755),
        Entry("exdev_wide-1.0.data/scripts/exdev-shell", b"#!/bin/sh\n", 0o775),
        Entry("exdev_wide-1.0.data/data/share/exdev/page.txt", b"page\n"),
        Entry("exdev_wide-1.0.data/headers/sub/exdev.h", b"#pragma once\n"),
    ],
    entry_points="[console_scripts]\nexdev-run = exdev_wide:main\n[gui_scripts]\nexdev-show = exdev_wide:main\n",
)
NAMESPACE = [
    wheel(f"nvidia-{letter}", files={"nvidia/__init__.py": b"", f"nvidia/{letter}/__init__.py": letter.encode()})
    for letter in "ab"
]
SKELETONS = ("nvidia-nvtx-cu12-12.1.105", "zope.interface-6.1", "setuptools-69.1.0", "sphinxcontrib-jsmath-1.0.1")


def test_pip_agrees_about_every_scheme_mode_and_script(tmp_path: Path) -> None:
    assert _differences([WIDE], _install([WIDE], tmp_path)) == []


def test_pip_leaves_scripts_without_an_x_bit_as_they_are(tmp_path: Path) -> None:
    # The one known difference. "Unix installers may need to add the +x bit to these files if the archive was created
    # on Windows" (binary distribution format, "Recommended installer features"): the oracle asks for it, since a
    # script that cannot be run is none; pip adds it to no script (_internal/operations/install/wheel.py).
    made = wheel("exdev-plain", files={"exdev_plain-1.0.data/scripts/plain": b"#!python\n"})
    found = _differences([made], _install([made], tmp_path))
    assert found == ["mode of scripts/plain: 644, expected 755"]


def test_pip_agrees_about_an_archive_in_an_order_no_tool_writes(tmp_path: Path) -> None:
    order = [WIDE.dist_info, f"{WIDE.dist_info}/RECORD", "exdev_wide/tool.sh", "exdev_wide", "exdev_wide-1.0.data"]
    assert _differences([WIDE], _install([reordered(WIDE, order)], tmp_path)) == []


def test_pip_agrees_about_wheels_that_share_a_namespace_file(tmp_path: Path) -> None:
    assert _differences(NAMESPACE, _install(NAMESPACE, tmp_path)) == []


def test_pip_agrees_about_wheels_that_are_odd_but_legal(tmp_path: Path) -> None:
    # All of them are one distribution of the same version: one wheel of all their files.
    entries = {entry.path: entry for make in bad.MUST_INSTALL.values() for entry in make().entries}
    files = [entry for path, entry in entries.items() if ".dist-info" not in path]
    made = wheel(bad.NAME, files=files)
    assert _differences([made], _install([made], tmp_path)) == []


def test_pip_agrees_about_skeletons_of_published_wheels(tmp_path: Path) -> None:
    wheels = [skeleton(load(name), tag="py3-none-any") for name in SKELETONS]
    assert _differences(wheels, _install(wheels, tmp_path)) == []


def test_pip_agrees_about_the_skeleton_of_torch(tmp_path: Path) -> None:
    made = skeleton(load("torch-2.2.0"), tag="py3-none-any")
    assert _differences([made], _install([made], tmp_path, "--no-compile")) == []


def test_the_comparison_sees_a_missing_a_changed_and_an_unexpected_file(tmp_path: Path) -> None:
    installed = dict(_install(NAMESPACE, tmp_path, "--no-compile"))
    del installed["purelib/nvidia/a/__init__.py"]
    installed["purelib/nvidia/b/__init__.py"] = Installed(0o755, 1, "")
    installed["data/debris"] = Installed(0o644, 0, "")
    assert sorted(_differences(NAMESPACE, installed)) == [
        "content of purelib/nvidia/b/__init__.py",
        "missing purelib/nvidia/a/__init__.py",
        "mode of purelib/nvidia/b/__init__.py: 755, expected 644",
        "unexpected data/debris",
    ]


@pytest.mark.parametrize("name", ["path-traversal", "path-traversal-in-data", "truncated"])
def test_pip_refuses_wheels_that_the_oracle_refuses(tmp_path: Path, name: str) -> None:
    # pip refuses when it comes to the bad entry: files before it stay. That is for contracts to judge, not for this.
    venv.create(tmp_path / "env", symlinks=True)
    assert _pip([bad.MUST_REFUSE[name]()], tmp_path).returncode != 0
    assert not list(tmp_path.rglob("*escaped*"))
