"""The catalogue: each file is a layout of its own name, and a user's file is as good as one of ours."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.data import fixtures
from harness.errors import FileInvalid, UnknownName
from harness.layouts import load, load_all, names, tagged
from harness.model import Case, Layout, Mount, Step
from harness.model.codec import dump_json, dump_toml
from harness.run import Runner
from harness.wheels import wheel

if TYPE_CHECKING:
    from pathlib import Path

    from harness.kernel.laboratory import Laboratory

_ASKED_FOR = """
    plain cross-device-cache docker-volume bind-cache overlay-fresh overlay-environment-in-lower overlay-cache-in-lower
    overlay-two-lowers nested-tmpfs nested-bind package-directory-is-mount file-bind scripts-elsewhere data-elsewhere
    temporary-elsewhere environment-is-mount-point symlinked-site-packages symlinked-namespace-directory symlinked-lib
    read-only-cache read-only-site-packages read-only-package-directory small-environment few-inodes small-temporary
    noexec-environment sticky-and-setgid
""".split()  # noqa: SIM905 - a paragraph of names

# No public thread was found about these; all others come from one.
_WITHOUT_REPORT = {"noexec-environment"}


def test_catalogue_has_every_layout_asked_for() -> None:
    assert set(_ASKED_FOR) <= set(names())


@pytest.mark.parametrize("name", names())
def test_layout_is_named_as_its_file(name: str) -> None:
    assert load(name).name == name


@pytest.mark.parametrize("name", names())
def test_layout_says_where_it_comes_from(name: str) -> None:
    layout = load(name)
    assert bool(layout.reports) != (name in _WITHOUT_REPORT)
    assert all(re.fullmatch(r"[A-Za-z0-9-]+#[0-9]+", report) for report in layout.reports)


@pytest.mark.parametrize("name", names())
def test_layout_states_facts_and_needs_no_root(name: str) -> None:
    layout = load(name)
    assert layout.facts
    assert "chown" not in layout.requires
    assert {mount.type for mount in layout.mounts} <= set(layout.requires)


@pytest.mark.parametrize("name", names())
def test_layout_of_the_catalogue_survives_writing(name: str, tmp_path: Path) -> None:
    for suffix, dump in ((".toml", dump_toml), (".json", dump_json)):
        path = tmp_path / f"mine{suffix}"
        path.write_text(dump(load(name)))
        assert load(path) == load(name)


def test_layout_with_limits_allows_an_honest_refusal() -> None:
    for tag, errno in (("limited", "ENOSPC"), ("read-only", "EROFS")):
        assert all(errno in layout.refusals for layout in tagged(tag))


def test_users_own_file_is_loaded_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text((fixtures() / "layouts" / "bind-cache.toml").read_text())
    assert load(str(path)) == load("bind-cache")


def test_changed_file_of_a_user_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\nabout = "first"\n')
    assert load(path).about == "first"
    path.write_text('name = "mine"\nabout = "second"\n')
    assert load(path).about == "second"


def test_unknown_name_tells_the_nearest_known() -> None:
    with pytest.raises(UnknownName) as caught:
        load("overlay-frsh")
    assert caught.value.nearest == "overlay-fresh"
    with pytest.raises(UnknownName) as caught:
        tagged("cross-devise")
    assert caught.value.nearest == "cross-device"


def test_tag_gives_exactly_the_layouts_that_have_it() -> None:
    found = {layout.name for layout in tagged("overlay")}
    assert found == {name for name in names() if "overlay" in load(name).tags}
    assert "docker-volume" in found


def test_two_layouts_of_one_name_are_refused_in_one_run(tmp_path: Path) -> None:
    one, other = tmp_path / "one.toml", tmp_path / "other.toml"
    one.write_text('name = "bind-cache"\nabout = "one"\n')
    other.write_text('name = "bind-cache"\nabout = "other"\n')
    assert [layout.about for layout in load_all([str(one), "plain", str(one), "plain"])] == ["one", load("plain").about]
    for first, second in ((str(one), str(other)), ("bind-cache", str(one)), (str(one), "bind-cache")):
        with pytest.raises(FileInvalid, match=re.escape(f"'bind-cache' is also the name of {first}")) as caught:
            load_all(["plain", first, second])
        assert caught.value.file == second


def test_nothing_else_goes_by_the_name_of_the_control(tmp_path: Path, laboratory: Laboratory) -> None:
    false = Layout(name="plain", about="x", mounts=(Mount(at="{cache}", type="tmpfs"),))
    path = tmp_path / "mine.toml"
    path.write_text(dump_toml(false))
    with pytest.raises(FileInvalid, match="name: 'plain' is the catalogue's own"):
        load_all([str(path)])
    one = wheel("one", files={"one.py": b""})
    case = Case(layout=false, wheels=(one,), steps=(Step(action="install", wheels=(one.key,)),))
    with pytest.raises(FileInvalid, match="name: 'plain' is the catalogue's own"):
        Runner(laboratory).run(case)
    # A case that was saved before the catalogue's had its words of today.
    assert Runner(laboratory).run(replace(case, layout=replace(load("plain"), about="older words", facts=()))).holds
