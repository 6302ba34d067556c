"""Tests of meddling: cleaners, crashes and editors work on the site alone, and on what is there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from harness.errors import LayoutUntrue
from harness.layouts import build, load
from harness.layouts.meddling import meddle
from harness.model import Meddling

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.kernel.laboratory import Laboratory
    from harness.layouts import Site


@pytest.fixture
def site(laboratory: Laboratory) -> Iterator[Site]:
    with build(load("plain"), laboratory=laboratory) as built:
        for path in ("old/a", "old/deep/b", "new"):
            where = f"{built.role('cache')}/{path}"
            os.makedirs(os.path.dirname(where), exist_ok=True)
            with open(where, "x", encoding="utf-8") as file:
                file.write("text")
        yield built


def _cache(site: Site) -> list[str]:
    return sorted(os.listdir(site.role("cache")))


def test_a_cleaner_removes_whole_trees_and_files(site: Site) -> None:
    meddle(Meddling(do="remove", at="{cache}/*"), site)
    assert _cache(site) == []


def test_a_crash_leaves_empty_files(site: Site) -> None:
    meddle(Meddling(do="empty", at="{cache}/new"), site)
    assert os.stat(f"{site.role('cache')}/new").st_size == 0
    assert os.stat(f"{site.role('cache')}/old/a").st_size == 4


def test_an_edit_is_seen_through_every_link(site: Site) -> None:
    cache = site.role("cache")
    os.link(f"{cache}/new", f"{cache}/linked")
    meddle(Meddling(do="edit", at="{cache}/new"), site)
    with open(f"{cache}/linked", encoding="utf-8") as file:
        assert file.read().startswith("text\n# edited")


def test_what_finds_nothing_is_no_case(site: Site) -> None:
    with pytest.raises(LayoutUntrue, match=r"cannot remove .*: there is none"):
        meddle(Meddling(do="remove", at="{cache}/gone*"), site)


@pytest.mark.parametrize("do", ["empty", "edit"])
def test_a_pipe_that_nobody_reads_holds_nobody_up(site: Site, do: str) -> None:
    os.mkfifo(f"{site.role('cache')}/pipe")
    with pytest.raises(LayoutUntrue, match="ENXIO"):
        meddle(Meddling(do=do, at="{cache}/pipe"), site)  # type: ignore[arg-type]


@pytest.mark.parametrize("do", ["remove", "empty", "edit"])
def test_no_link_leads_meddling_out_of_the_site(site: Site, do: str, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("keep")
    os.symlink(tmp_path, f"{site.role('cache')}/out")
    with pytest.raises(LayoutUntrue, match="leads out of the site"):
        meddle(Meddling(do=do, at="{cache}/out/precious"), site)  # type: ignore[arg-type]
    os.symlink(precious, f"{site.role('cache')}/link")
    if do != "remove":
        with pytest.raises(LayoutUntrue, match="ELOOP"):
            meddle(Meddling(do=do, at="{cache}/link"), site)  # type: ignore[arg-type]
    assert precious.read_text() == "keep"
