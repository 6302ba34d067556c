"""Sharing: found by writing through one name and reading the other, with nothing changed in the end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from harness.kernel.sharing import Sharing
from harness.layouts import build, load

if TYPE_CHECKING:
    from pathlib import Path

    from harness.kernel.laboratory import Laboratory

CONTENT = b"the same in both\n"


def _cached(directory: str | Path) -> str:
    path = f"{directory}/cached"
    with open(path, "xb") as file:
        file.write(CONTENT)
    return path


def _copied(directory: str) -> str:
    path = f"{directory}/copied"
    with open(path, "xb") as file:
        file.write(CONTENT)
    return path


@pytest.mark.parametrize("layout", ["plain", "overlay-fresh"])
def test_a_hard_link_shares_and_a_copy_does_not(laboratory: Laboratory, layout: str) -> None:
    with build(load(layout), laboratory=laboratory) as site:
        cached, copied = _cached(site.role("cache")), _copied(site.role("environment"))
        linked = f"{site.role('environment')}/linked"
        os.link(cached, linked)
        seen = {path: Sharing("hardlink").of(path, [cached]) for path in (linked, copied)}
        assert [(seen[path].sharing, seen[path].possible) for path in (linked, copied)] == [
            ("shared", True),
            ("own", True),
        ]
        for path in (cached, linked, copied):
            with open(path, "rb") as file:
                assert file.read() == CONTENT
        assert sorted(os.listdir(site.role("environment"))) == ["bin", "copied", "include", "lib", "linked"]


@pytest.mark.parametrize("layout", ["cross-device-cache", "bind-cache", "docker-volume"])
def test_a_copy_across_mounts_could_not_have_been_a_link(laboratory: Laboratory, layout: str) -> None:
    with build(load(layout), laboratory=laboratory) as site:
        cached, copied = _cached(site.role("cache")), _copied(site.role("environment"))
        seen = Sharing("hardlink").of(copied, [cached])
        assert (seen.sharing, seen.possible) == ("own", False)


def test_a_file_that_shares_with_the_second_candidate_is_found(laboratory: Laboratory) -> None:
    with build(load("plain"), laboratory=laboratory) as site:
        other, cached = _copied(site.role("cache")), _cached(site.role("cache"))
        os.link(cached, f"{site.role('environment')}/linked")
        assert Sharing("copy").of(f"{site.role('environment')}/linked", [other, cached]).sharing == "shared"


def test_what_cannot_be_written_is_not_known_to_share(laboratory: Laboratory) -> None:
    with build(load("read-only-site-packages"), laboratory=laboratory) as site:
        installed = _copied(site.role("purelib"))
        cached = _cached(site.role("cache"))
        site.finish_image()
        assert Sharing("hardlink").of(installed, [cached]).sharing == "unknown"
