"""Tests of meddling: cleaners, crashes and editors work on the site alone, and on what is there."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.errors import LayoutUntrue
from harness.installers.importing import import_module
from harness.layouts import build, load
from harness.layouts.meddling import meddle
from harness.model import Case, Directory, Meddling, Step
from harness.reproduction.describe import describe
from harness.run import Runner
from harness.wheels import wheel

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


def test_somebody_creates_a_file_where_nothing_is(site: Site) -> None:
    change = Meddling(do="create", at="{purelib}/theirs/note.txt", content=b"theirs", mode="2640")
    assert meddle(change, site)
    path = site.path(change.at)
    with open(path, "rb") as file:
        assert (file.read(), os.fstat(file.fileno()).st_mode & 0o7777) == (b"theirs", 0o2640)
    with pytest.raises(LayoutUntrue, match=r"cannot create \{purelib\}/theirs/note.txt: is there already: edit it, or"):
        meddle(change, site)
    assert not meddle(change, site, tolerant=True)


def test_nothing_is_created_out_of_the_site_or_through_a_link(site: Site, tmp_path: Path) -> None:
    cache = site.role("cache")
    os.symlink(tmp_path, f"{cache}/out")
    with pytest.raises(LayoutUntrue, match="leads out of the site"):
        meddle(Meddling(do="create", at="{cache}/out/deep/file"), site)
    os.symlink(tmp_path / "new", f"{cache}/link")
    with pytest.raises(LayoutUntrue, match="is there already"):
        meddle(Meddling(do="create", at="{cache}/link"), site)
    with pytest.raises(LayoutUntrue, match="new/below: EEXIST"):
        meddle(Meddling(do="create", at="{cache}/new/below"), site)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("installer", ["reference", "uv==0.13.9", "pip==26.3"])
def test_an_import_leaves_bytecode_and_no_case_of_anybodys_fault(laboratory: Laboratory, installer: str) -> None:
    one = wheel("one", files={"one/__init__.py": b"", "one/part.py": b"import one\n"})
    changes = (
        Meddling(do="import", module="one.part"),
        Meddling(do="create", at="{purelib}/one/theirs.txt", content=b"x"),
        Meddling(do="create", at="{purelib}/theirs.py"),
        # There is no such place in the control.
        Meddling(do="create", at="{purelib}/here/already/theirs.txt"),
    )
    steps = (
        Step(action="install", wheels=(one.key,)),
        Step(action="install", wheels=(one.key,), meddled=changes),
        Step(action="uninstall", wheels=(one.key,)),
    )
    layout = replace(load("plain"), name="mine", directories=(Directory(at="{purelib}/here/already"),))
    case = Case(layout=layout, wheels=(one,), steps=steps, installer=installer, link_mode="copy")
    verdict = Runner(laboratory).run(case)
    assert verdict.holds, "\n".join(map(str, verdict.violations))
    before, after = verdict.evidence.steps[1].before.environment, verdict.evidence.steps[2].after.environment
    assert {f"purelib/one/__pycache__/{name}.{sys.implementation.cache_tag}.pyc" for name in ("part", "__init__")} <= (
        before.keys()
    )
    assert {"purelib/one/theirs.txt", "purelib/theirs.py"} <= after.keys()
    told = describe(verdict, replay="x")
    assert "somebody else  import one.part" in told
    assert "somebody else  create {purelib}/theirs.py" in told


def test_what_cannot_be_imported_is_no_case_but_no_matter_in_a_control(site: Site) -> None:
    with pytest.raises(LayoutUntrue, match=r"cannot import nowhere.x: ModuleNotFoundError: No module named 'nowhere'"):
        import_module("nowhere.x", site)
    assert not import_module("nowhere.x", site, tolerant=True)


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
