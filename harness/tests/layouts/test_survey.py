"""A layout that is built for real and looked at from inside becomes a layout that answers the same."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from harness.errors import FileInvalid
from harness.layouts import build, load, names, verify
from harness.layouts.capture import capture
from harness.layouts.survey import survey
from harness.model import Layout, Mount

if TYPE_CHECKING:
    from pathlib import Path

    from harness.kernel.laboratory import Laboratory
    from harness.layouts import Site
    from harness.layouts.storage import Storage
    from harness.model.layout import MountType

# What is lost, and why; of all others the captured layout has the tags.
LOST = {
    "data-elsewhere": ({"scheme-elsewhere"}, "no option says where an installer is told to put data"),
    "scripts-elsewhere": ({"scheme-elsewhere"}, "no option says where an installer is told to put scripts"),
}
# Another kind of mount that answers the same: here everything lies on the laboratory's tmpfs.
ALIKE = {"control", "same-device", "equal-device", "tmpfs", "bind"}


def seen(layout: Layout, laboratory: Laboratory) -> Storage:
    with build(layout, laboratory=laboratory) as site:
        for path in (f"{site.role('purelib')}/package", f"{site.role('cache')}/archive", site.role("scripts")):
            os.makedirs(path, exist_ok=True)
        site.finish_image()
        return _survey(site)


def _survey(site: Site) -> Storage:
    return survey(cache=site.role("cache"), environment=site.role("environment"), temporary=site.role("temporary"))


def answers(storage: Storage) -> dict[tuple[str, ...], str]:
    """What a layout can mirror, between any two parts."""
    told: dict[tuple[str, ...], str] = {
        (one.do, one.source, one.to or ""): one.gives
        for one in storage.answers
        if one.do in {"write", "execute", "link", "rename"}
    }
    parts = [place for place in storage.places if place.part != "scripts"]
    return told | {
        ("same-device", one.part, other.part): str(one.device == other.device) for one in parts for other in parts
    }


@pytest.mark.parametrize("name", names())
def test_a_layout_of_the_catalogue_is_captured_as_it_is(name: str, laboratory: Laboratory) -> None:
    original = seen(load(name), laboratory)
    layout = capture(original).layout
    verify(layout, laboratory=laboratory)
    assert answers(seen(layout, laboratory)) == answers(original)
    lost, _ = LOST.get(name, (set[str](), ""))
    assert set(load(name).tags) - ALIKE - set(layout.tags) == lost


@pytest.mark.parametrize("name", ["small-environment", "few-inodes", "noexec-environment", "file-bind", "nested-bind"])
def test_what_was_captured_is_captured_alike_again(name: str, laboratory: Laboratory) -> None:
    first = capture(seen(load(name), laboratory)).layout
    again = capture(seen(first, laboratory)).layout
    assert set(again.tags) == set(first.tags)


# Where the mount is, and the roles: in each, one role holds the mount, and another role lies on it.
BETWEEN = {
    "below the temporary directory": ("/tmp/plain", "/cache", "/tmp/plain/venv", "/tmp"),  # noqa: S108 - in the site
    "inside the environment": ("/proj/vol", "/proj/vol/cache", "/proj", "/tmp"),  # noqa: S108 - as above
    "where everything is temporary": ("/home", "/cache", "/home/venv", ""),
}


@pytest.mark.parametrize("kind", ["tmpfs", "overlay"])
@pytest.mark.parametrize(("at", "cache", "environment", "temporary"), BETWEEN.values(), ids=BETWEEN)
def test_a_mount_between_two_roles_parts_them_in_the_layout_too(
    kind: MountType, at: str, cache: str, environment: str, temporary: str, laboratory: Laboratory
) -> None:
    layout = Layout(name="mine", about="one mount", mounts=(Mount(at=at, type=kind),))
    with build(layout, laboratory=laboratory) as site:
        paths = [f"{site.root}{path}" for path in (cache, environment, temporary)]
        for path in (*paths, f"{site.root}{environment}/lib/python3.11/site-packages"):
            os.makedirs(path, exist_ok=True)
        storage = survey(cache=paths[0], environment=paths[1], temporary=paths[2])
    assert storage.answer("link", "temporary", "cache") == ("ok" if cache == "/cache" else "EXDEV")
    assert storage.answer("link", "cache", "purelib") == "EXDEV"
    verify(capture(storage).layout, laboratory=laboratory)


def test_nothing_is_left_and_nothing_is_made(tmp_path: Path) -> None:
    for name in ("cache", "venv/lib/python3.11/site-packages", "venv/lib/python3.9/site-packages", "tmp"):
        (tmp_path / name).mkdir(parents=True)
    before = sorted(map(str, tmp_path.rglob("*")))
    storage = survey(cache=f"{tmp_path}/cache", environment=f"{tmp_path}/venv", temporary=f"{tmp_path}/none/deep")
    assert sorted(map(str, tmp_path.rglob("*"))) == before
    assert [place.part for place in storage.places if not place.exists] == ["temporary"]
    assert {one.source for one in storage.answers} == {"cache", "purelib"}
    packages = storage.place("purelib")
    assert packages is not None
    assert packages.path.endswith("/python3.11/site-packages")


def test_without_probing_no_directory_is_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise AssertionError

    monkeypatch.setattr("harness.kernel.scratch.os.mkdir", refuse)
    storage = survey(cache=str(tmp_path), environment=str(tmp_path), temporary=str(tmp_path), probe=False)
    assert storage.answers == ()


def test_a_cache_behind_a_link_lies_where_the_link_leads(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    place = survey(cache=f"{tmp_path}/link", environment=f"{tmp_path}/e", temporary=str(tmp_path), probe=False).places[
        0
    ]
    assert (place.asked, place.path) == (f"{tmp_path}/link", f"{tmp_path}/real")


@pytest.mark.parametrize("cache", ["file", "file/below", "\0"])
def test_what_is_no_directory_is_refused_by_its_name(tmp_path: Path, cache: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileInvalid):
        survey(cache=f"{tmp_path}/{cache}", environment=str(tmp_path), temporary=str(tmp_path))


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOTCONN, errno.ESTALE, errno.EIO])
def test_a_server_that_does_not_answer_has_not_said_that_there_is_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    looked = os.lstat

    def refuse(path: str, **options: int) -> os.stat_result:
        if path == f"{tmp_path}/none":
            raise OSError(number, os.strerror(number), path)
        return looked(path, **options)

    monkeypatch.setattr("harness.layouts.survey.os.lstat", refuse)
    with pytest.raises(FileInvalid, match=f"cannot be looked at: {errno.errorcode[number]}"):
        survey(cache=f"{tmp_path}/none", environment=str(tmp_path), temporary=str(tmp_path))


def test_names_of_any_bytes_are_looked_at(tmp_path: Path) -> None:
    odd = os.fsdecode(os.fsencode(str(tmp_path)) + b"/new\nline '\" \xff {x}")
    os.mkdir(odd)
    storage = survey(cache=odd, environment=f"{odd}/venv", temporary=str(tmp_path))
    assert storage.answer("write", "cache") == "ok"
    assert os.listdir(odd) == []


def test_links_of_an_environment_are_seen_with_what_they_lead_to(tmp_path: Path, laboratory: Laboratory) -> None:
    # As in the official images of Python, where `man` leads to `share/man`, and beyond.
    home, packages = tmp_path / "e", tmp_path / "e/lib/python3.11/site-packages"
    for name in ("lib/python3.11/site-packages/real", "share/man/man1", "bin", "include"):
        (home / name).mkdir(parents=True)
    (home / "bin/idle3.11").touch()
    (tmp_path / "outside").mkdir()
    links = {
        "man": "share/man",
        "lib64": "lib",
        "share/doc": str(tmp_path / "outside/doc"),
        "bin/idle3": "idle3.11",
        "bin/idle": "idle3",
        "bin/python": "/usr/bin/python3",
        "bin/python3": "python",
        "lib/round": "round",
        "lib/python3.11/site-packages/alias": "real",
        "lib/python3.11/site-packages/far": "../../../../outside",
        "lib/python3.11/site-packages/gone.pth": "nowhere/gone.pth",
        "lib/python3.11/site-packages/first": "second",
        "lib/python3.11/site-packages/second": str(packages / "alias"),
    }
    for name, to in links.items():
        (home / name).symlink_to(to)
    storage = survey(cache=f"{tmp_path}/cache", environment=str(home), temporary=f"{tmp_path}/t", probe=False)
    layout = capture(storage).layout
    assert {(link.at, link.to, link.target) for link in layout.symlinks} == {
        ("{environment}/man", "share/man", "directory"),
        ("{environment}/lib64", "lib", "directory"),
        ("{environment}/share/doc", f"{tmp_path}/outside/doc", "missing"),
        ("{environment}/bin/idle3", "idle3.11", "file"),
        ("{environment}/bin/idle", "idle3", "file"),
        ("{site_packages}/alias", "real", "directory"),
        ("{site_packages}/far", f"{tmp_path}/outside", "directory"),
        ("{site_packages}/gone.pth", "nowhere/gone.pth", "missing"),
        ("{site_packages}/first", "second", "directory"),
        ("{site_packages}/second", "{site_packages}/real", "directory"),
    }
    verify(layout, laboratory=laboratory)
    with build(layout, laboratory=laboratory) as site:
        site.finish_image()
        for link in layout.symlinks:
            path = site.path(link.at)
            assert os.path.islink(path)
            kinds = {
                "directory": os.path.isdir(path),
                "file": os.path.isfile(path),
                "missing": not os.path.exists(path),
            }
            assert kinds[link.target], link
        again = capture(
            survey(cache=site.role("cache"), environment=site.role("environment"), temporary=site.role("temporary"))
        ).layout
        assert {(link.at, link.target) for link in again.symlinks} == {
            (link.at, link.target) for link in layout.symlinks
        }


@pytest.mark.parametrize("name", ["lib", "bin", "include"])
def test_a_dangling_link_where_installers_need_a_directory_is_said(
    tmp_path: Path, laboratory: Laboratory, name: str
) -> None:
    (tmp_path / "e").mkdir()
    (tmp_path / "e" / name).symlink_to("nowhere/at-all")
    storage = survey(cache=f"{tmp_path}/c", environment=f"{tmp_path}/e", temporary=f"{tmp_path}/t", probe=False)
    captured = capture(storage)
    assert captured.layout.symlinks == ()
    assert f"{tmp_path}/e/{name} leads to no directory; here it is one" in captured.remarks
    verify(captured.layout, laboratory=laboratory)
