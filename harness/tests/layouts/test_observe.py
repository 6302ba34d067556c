"""Observing: what lies in the roles is seen, and what an installer's links lead to outside of the site is not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from harness.layouts import build, load
from harness.layouts.observe import Observer

if TYPE_CHECKING:
    from pathlib import Path

    from harness.kernel.laboratory import Laboratory


@pytest.mark.parametrize("role", ["cache", "temporary", "environment"])
def test_a_role_that_became_a_link_out_of_the_site_is_empty(laboratory: Laboratory, tmp_path: Path, role: str) -> None:
    (tmp_path / "precious").write_bytes(b"theirs")
    with build(load("plain"), laboratory=laboratory) as site:
        observer = Observer.of(site)
        os.rename(site.role(role), f"{site.root}/moved")
        os.symlink(tmp_path, site.role(role))
        assert getattr(observer.trees(), role) == {}


def test_a_file_of_the_environment_has_a_key_that_gives_its_path(laboratory: Laboratory) -> None:
    with build(load("symlinked-site-packages"), laboratory=laboratory) as site:
        observer = Observer.of(site)
        with open(site.path("{site_packages}/six.py"), "wb") as file:
            file.write(b"six")
        assert observer.trees().environment["purelib/six.py"].size == 3
        assert os.path.samefile(observer.path("purelib/six.py"), site.path("{site_packages}/six.py"))


@pytest.mark.parametrize("name", ["plain", "symlinked-site-packages", "data-elsewhere", "environment-is-mount-point"])
def test_every_scheme_directory_has_a_node_and_is_furniture(laboratory: Laboratory, name: str) -> None:
    with build(load(name), laboratory=laboratory) as site:
        observer = Observer.of(site)
        schemes = frozenset(observer.schemes.values())
        assert schemes <= observer.keys(site.furniture)
        assert schemes == {key for key in observer.trees().environment if "/" not in key}
        os.chmod(site.role("purelib"), 0o2700)
        assert observer.trees().environment["purelib"].mode == 0o2700
        assert observer.path("purelib") == os.path.realpath(site.role("purelib"))


def test_records_are_read_from_files_and_through_links_into_the_site_only(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    (tmp_path / "theirs").write_bytes(b"secret,,\n")
    with build(load("plain"), laboratory=laboratory) as site:
        with open(f"{site.role('cache')}/RECORD", "wb") as file:
            file.write(b"cached,,\n")
        for name, target in (("linked", f"{site.role('cache')}/RECORD"), ("away", f"{tmp_path}/theirs"), ("gone", "x")):
            os.mkdir(site.path(f"{{purelib}}/{name}.dist-info"))
            os.symlink(target, site.path(f"{{purelib}}/{name}.dist-info/RECORD"))
        os.makedirs(site.path("{purelib}/directory.dist-info/RECORD"))
        assert Observer.of(site).trees().records == {"purelib/linked.dist-info/RECORD": b"cached,,\n"}
