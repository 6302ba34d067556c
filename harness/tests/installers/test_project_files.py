"""Tests of the projects that pdm and poetry get: text that says what it should, hashes that the tools agree to."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from harness.errors import NotProvided
from harness.installers import pdm, poetry, projects
from harness.installers.projects import Locked, normalised, quoted

_WHEEL = Locked(name="exdev-a", version="1.0", path="/wheelhouse/exdev_a-1.0-py3-none-any.whl", sha256="5" * 64)
_SOURCE = {"name": "pypi", "type": "find_links", "url": "file:///wheelhouse"}


@given(text=st.text())
def test_any_text_is_read_back_as_it_was_written(text: str) -> None:
    assert tomllib.loads(f"text = {quoted(text)}") == {"text": text}


@pytest.mark.parametrize("version", ["2.12.0", "2.16.0", "2.17.0", "2.28.1"])
@given(path=st.text(min_size=1))
def test_no_path_of_an_archive_breaks_out_of_what_pdm_reads(version: str, path: str) -> None:
    wheel = Locked(name="exdev-a", version="1.0", path=f"/{path}", sha256="5" * 64)
    source = {**_SOURCE, "url": path}
    assert tomllib.loads(pdm.pyproject(source, [wheel]))["tool"] == {"pdm": {"source": [source]}}
    (package,) = tomllib.loads(pdm.lock(Version(version), source, [wheel]))["package"]
    assert package["files"] == [{"file": wheel.filename, "hash": f"sha256:{wheel.sha256}"}]


@pytest.mark.parametrize("version", ["1.2.0", "1.3.0", "2.0.0"])
@given(path=st.text(min_size=1))
def test_no_path_of_an_archive_breaks_out_of_what_poetry_reads(version: str, path: str) -> None:
    wheel = Locked(name="exdev-a", version="1.0", path=f"/{path}", sha256="5" * 64)
    asked = tomllib.loads(poetry.pyproject([wheel]))["tool"]["poetry"]["dependencies"]
    assert asked["exdev-a"] == {"path": wheel.path}
    (package,) = tomllib.loads(poetry.lock(Version(version), [wheel]))["package"]
    assert package["source"] == {"type": "file", "url": wheel.path}


def test_a_project_that_asks_for_nothing_has_a_lock_file_that_says_so() -> None:
    # Without the key, poetry ends with KeyError: 'package'.
    assert tomllib.loads(poetry.lock(Version("2.5.1"), []))["package"] == []


def test_the_content_hash_is_the_one_that_poetry_writes() -> None:
    # `poetry lock` (2.5.1) of this project wrote it.
    assert poetry.content_hash([]) == "c5dfb8f155f059bb682e37d5cf96fd87b5a7ac6a1d536f2da2722f1c42020e67"


@pytest.mark.parametrize(
    ("version", "written"),
    [
        ("2.12.0", "4e9dc7ec869dabb6bd95f6b5cee554f985e329a83170c81a5e35a648ff61e4e0"),  # by `pdm lock` of 2.12.0
        ("2.29.3", "36d77ef127e0216b4a61b5842d776d711b6ddaf19c3a02dc8affc88c641237d7"),  # by `pdm lock` of 2.29.3
    ],
)
def test_the_content_hash_is_the_one_that_pdm_writes(version: str, written: str) -> None:
    assert pdm.content_hash(Version(version), _SOURCE, []) == written


@pytest.mark.parametrize(("written", "name"), [("NVIDIA_cuBLAS.cu12", "nvidia-cublas-cu12"), ("a-_.b", "a-b")])
def test_names_are_spelled_as_lock_files_spell_them(written: str, name: str) -> None:
    assert normalised(written) == name


def test_releases_whose_lock_files_cannot_be_written_are_refused_by_name() -> None:
    with pytest.raises(NotProvided, match=r"^pdm==2.9.3 is not provided: pdm is put to the test from 2.12 on"):
        pdm.pdm("pdm==2.9.3", Path("python"), Version("2.9.3"))
    with pytest.raises(NotProvided, match=r"^poetry==1.1.15 is not provided: poetry is put to the test from 1.2 on"):
        poetry.poetry("poetry==1.1.15", Path("python"), Version("1.1.15"))


def test_poetry_knows_nothing_but_copies() -> None:
    assert poetry.poetry("poetry", Path("python"), Version("2.5.1")).abilities.link_modes == {"copy"}


def test_no_link_that_an_installer_leaves_leads_what_is_written_next_to_the_machine(tmp_path: Path) -> None:
    precious, project = tmp_path / "precious", tmp_path / "project"
    precious.mkdir()
    (precious / "pdm.lock").write_text("keep")
    projects.write(str(project), {"pdm.lock": "first"})
    (project / "pdm.lock").unlink()
    (project / "pdm.lock").symlink_to(precious / "pdm.lock")
    projects.write(str(project), {"pdm.lock": "second"})
    assert (project / "pdm.lock").read_text() == "second"
    shutil.rmtree(project)
    project.symlink_to(precious)
    with pytest.raises(NotADirectoryError):
        projects.write(str(project), {"pdm.lock": "third"})
    assert (precious / "pdm.lock").read_text() == "keep"
