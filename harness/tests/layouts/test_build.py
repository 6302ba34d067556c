"""Building: what a layout says is mounted, what image steps leave lies below, and nothing stays behind."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import FileInvalid, HarnessError, LayoutUntrue, MountFailed
from harness.kernel import mountinfo
from harness.layouts import build, load, names
from harness.model import Directory, File, Layout, Mount, Permission, Roles, Symlink

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory


def _layout(*mounts: Mount, symlinks: tuple[Symlink, ...] = (), roles: Roles | None = None) -> Layout:
    return Layout(name="mine", about="x", mounts=mounts, symlinks=symlinks, roles=roles or Roles())


@pytest.mark.parametrize("name", names())
def test_layout_is_built_and_leaves_nothing_behind(name: str, laboratory: Laboratory) -> None:
    before = mountinfo.read()
    with build(load(name), laboratory=laboratory) as site:
        site.finish_image()
        assert all(os.path.isdir(path) for path in site.roles.values())
        assert site.mount_points <= {entry.at for entry in mountinfo.below(site.root)} | _through_links(site.root)
    assert mountinfo.read() == before
    assert os.listdir(laboratory.sites) == []


def _through_links(root: str) -> set[str]:
    """The site's root is a plain directory unless the layout mounts over it."""
    return {root} - {entry.at for entry in mountinfo.below(root)}


@pytest.mark.parametrize("name", names())
def test_furniture_is_exactly_what_building_made(name: str, laboratory: Laboratory) -> None:
    with build(load(name), laboratory=laboratory) as site:
        site.finish_image()
        found = {os.path.join(where, name) for where, below, files in os.walk(site.root) for name in (*below, *files)}
        assert found <= site.furniture
        assert all(os.path.lexists(path) for path in site.furniture)


def test_consecutive_sites_lie_at_the_same_path(laboratory: Laboratory) -> None:
    roots = []
    for _ in range(2):
        with build(load("plain"), laboratory=laboratory) as site:
            roots.append(site.root)
    assert roots[0] == roots[1]


def test_sites_open_side_by_side_are_apart(laboratory: Laboratory) -> None:
    with build(load("plain"), laboratory=laboratory) as first, build(load("plain"), laboratory=laboratory) as second:
        Path(first.role("cache"), "a").touch()
        assert os.listdir(second.role("cache")) == []


def test_failure_half_way_takes_down_what_was_mounted(laboratory: Laboratory) -> None:
    before = mountinfo.read()
    broken = _layout(
        Mount(at="/", type="overlay"),
        Mount(at="{cache}", type="tmpfs"),
        Mount(at="/late", type="tmpfs", options=("nonsense=1",)),
    )
    with pytest.raises(MountFailed, match="nonsense"), build(broken, laboratory=laboratory):
        pytest.fail("it was built")
    assert mountinfo.read() == before
    assert os.listdir(laboratory.sites) == []


def test_failure_after_the_image_takes_down_everything(laboratory: Laboratory) -> None:
    before = mountinfo.read()
    broken = _layout(
        Mount(at="{cache}", type="tmpfs"), Mount(at="/late", type="tmpfs", options=("nonsense=1",), after="image")
    )
    with pytest.raises(MountFailed, match="nonsense"), build(broken, laboratory=laboratory) as site:
        site.finish_image()
    assert mountinfo.read() == before


def test_callers_error_passes_through_and_unwinds(laboratory: Laboratory) -> None:
    before = mountinfo.read()
    with pytest.raises(ZeroDivisionError), build(load("docker-volume"), laboratory=laboratory):
        _ = 1 / 0
    assert mountinfo.read() == before


@pytest.mark.parametrize(
    "links", [(Symlink(at="/a", to="a"),), (Symlink(at="/a", to="/b/c"), Symlink(at="/b", to="/a", target="missing"))]
)
def test_links_in_a_circle_are_refused_before_anything_is_built(
    laboratory: Laboratory, links: tuple[Symlink, ...]
) -> None:
    circle = _layout(symlinks=links)
    with pytest.raises(FileInvalid, match=r"symlink\[0\]\.to: leads back to itself: /a -> "):
        build(circle, laboratory=laboratory).__enter__()
    assert os.listdir(laboratory.sites) == []


def test_links_may_lead_to_links_that_come_later(laboratory: Laboratory) -> None:
    links = (Symlink(at="/a", to="/b"), Symlink(at="/b", to="c"))
    with build(_layout(symlinks=links), laboratory=laboratory) as site:
        assert os.path.realpath(site.path("/a")) == site.path("/c")


def test_a_mount_at_a_link_is_laid_where_the_link_leads(laboratory: Laboratory) -> None:
    layout = _layout(Mount(at="/a", type="tmpfs", flags=("ro",)), symlinks=(Symlink(at="/a", to="/b"),))
    with build(layout, laboratory=laboratory) as site:
        assert site.mount_points == {site.path("/b")}
        assert os.path.ismount(site.path("/b"))
        with pytest.raises(OSError, match="Read-only"):
            os.mkdir(site.path("/a/new"))


def test_a_mount_at_a_link_behind_a_link_is_laid_where_both_lead(laboratory: Laboratory) -> None:
    links = (Symlink(at="/a", to="/b"), Symlink(at="/a/x", to="/c"))
    with build(_layout(Mount(at="/a/x", type="tmpfs", after="image"), symlinks=links), laboratory=laboratory) as site:
        site.finish_image()
        assert os.path.ismount(site.path("/c"))


@pytest.mark.parametrize(("target", "kind"), [("directory", stat.S_IFDIR), ("file", stat.S_IFREG), ("missing", None)])
def test_a_link_leads_to_what_the_layout_says(
    laboratory: Laboratory, target: Literal["directory", "file", "missing"], kind: int | None
) -> None:
    layout = _layout(symlinks=(Symlink(at="/a", to="/b/c", target=target),))
    with build(layout, laboratory=laboratory) as site:
        assert os.path.islink(site.path("/a"))
        found = stat.S_IFMT(os.stat(site.path("/a")).st_mode) if os.path.exists(site.path("/a")) else None
        assert found == kind


@pytest.mark.parametrize(
    "layout",
    [
        Layout(name="mine", about="x", permissions=(Permission(at="{scripts}/python", mode="000", after="image"),)),
        _layout(Mount(at="{scripts}/python/below", type="tmpfs", after="image")),
        _layout(Mount(at="/x", type="bind", source="{scripts}/python", after="image")),
        _layout(Mount(at="{scripts}/python", type="overlay", after="image", lowers=2)),
    ],
    ids=["permission", "below", "bind", "overlay"],
)
def test_nothing_is_done_through_a_link_that_an_installer_left(
    laboratory: Laboratory, tmp_path: Path, layout: Layout
) -> None:
    # As in every virtual environment: `bin/python` leads to the machine's own.
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    mode = theirs.stat().st_mode
    with build(layout, laboratory=laboratory) as site:
        os.symlink(theirs, site.path("{scripts}/python"))
        with pytest.raises(LayoutUntrue, match=r"bin/python\S* leads out of the site, to"):
            site.finish_image()
    assert theirs.stat().st_mode == mode
    assert list(theirs.iterdir()) == []


def test_image_steps_end_up_in_the_lower_layer(laboratory: Laboratory) -> None:
    with build(load("overlay-environment-in-lower"), laboratory=laboratory) as site:
        Path(site.role("purelib"), "before").mkdir()
        site.finish_image()
        Path(site.role("purelib"), "after").mkdir()
        with pytest.raises(OSError, match="cross-device"):
            os.rename(site.path("{purelib}/before"), site.path("{purelib}/elsewhere"))
        os.rename(site.path("{purelib}/after"), site.path("{purelib}/elsewhere"))


def test_two_lowers_hold_what_was_done_before_and_between(laboratory: Laboratory) -> None:
    with build(load("overlay-two-lowers"), laboratory=laboratory) as site:
        assert site.image_layers == 2
        first, second, removed = (Path(site.role("purelib"), name) for name in ("first", "second", "removed"))
        first.write_text("first")
        removed.write_text("removed")
        site.next_layer()
        second.write_text("second")
        first.write_text("changed")
        removed.unlink()
        site.finish_image()
        assert (first.read_text(), second.read_text(), removed.exists()) == ("changed", "second", False)
        (overlay,) = (entry for entry in mountinfo.below(site.root) if entry.type == "overlay")
        upper, topmost = (
            next(option.partition("=")[2] for option in overlay.super_options if option.startswith(key))
            for key in ("upperdir", "lowerdir")
        )
        # `removed` is there as a whiteout. Nothing was done since, so the upper layer has not even the directories.
        assert set(os.listdir(topmost + site.role("purelib").removeprefix(site.root))) == {"first", "second", "removed"}
        assert os.listdir(upper) == []


def test_layers_nobody_used_are_laid_all_the_same(laboratory: Laboratory) -> None:
    with build(load("overlay-two-lowers"), laboratory=laboratory) as site:
        site.finish_image()
        (overlay,) = (entry for entry in mountinfo.below(site.root) if entry.type == "overlay")
        assert sum(option.startswith("lowerdir+=") for option in overlay.super_options) == 2


def test_more_layers_than_there_are_is_no_error(laboratory: Laboratory) -> None:
    for name in ("plain", "overlay-two-lowers"):
        with build(load(name), laboratory=laboratory) as site:
            for number in range(3):
                Path(site.role("cache"), str(number)).touch()
                site.next_layer()
            site.finish_image()
            site.finish_image()
            site.next_layer()
            assert sorted(os.listdir(site.role("cache"))) == ["0", "1", "2"]


def test_read_only_cache_keeps_what_filled_it(laboratory: Laboratory) -> None:
    with build(load("read-only-cache"), laboratory=laboratory) as site:
        kept = Path(site.role("cache"), "archive")
        kept.write_text("kept")
        site.finish_image()
        assert kept.read_text() == "kept"
        with pytest.raises(OSError, match="Read-only"):
            kept.write_text("lost")


def test_read_only_mount_at_the_start_has_its_role_directories(laboratory: Laboratory) -> None:
    sealed = _layout(Mount(at="{environment}", type="tmpfs", flags=("ro",)))
    with build(sealed, laboratory=laboratory) as site:
        assert os.path.isdir(site.role("purelib"))
        with pytest.raises(OSError, match="Read-only"):
            Path(site.role("purelib"), "a").touch()


def test_a_later_mount_finds_its_place_on_a_read_only_one(laboratory: Laboratory) -> None:
    sealed = Mount(at="{environment}", type="overlay", flags=("ro",))
    later = Mount(at="{environment}/share/man", type="tmpfs", after="image")
    with build(_layout(sealed, later), laboratory=laboratory) as site:
        site.finish_image()
        Path(site.path(later.at), "man1").touch()


def test_overlay_shows_the_mode_of_what_it_covers(laboratory: Laboratory) -> None:
    layout = Layout(
        name="mine",
        about="x",
        mounts=(Mount(at="{temporary}", type="overlay", after="image"),),
        permissions=(Permission(at="{temporary}", mode="1777"),),
    )
    with build(layout, laboratory=laboratory) as site:
        site.finish_image()
        assert stat.S_IMODE(os.stat(site.role("temporary")).st_mode) == 0o1777


def test_permissions_hold_whatever_the_umask_is(laboratory: Laboratory) -> None:
    before = os.umask(0o077)
    try:
        with build(load("sticky-and-setgid"), laboratory=laboratory) as site:
            modes = {role: stat.S_IMODE(os.stat(site.role(role)).st_mode) for role in site.roles}
    finally:
        os.umask(before)
    assert (modes["purelib"], modes["scripts"], modes["temporary"]) == (0o2775, 0o2775, 0o1777)


def test_mount_below_a_symbolic_link_lies_where_it_leads(laboratory: Laboratory) -> None:
    layout = _layout(
        Mount(at="{environment}", type="tmpfs"),
        Mount(at="{site_packages}/nvidia", type="tmpfs"),
        symlinks=(Symlink(at="{site_packages}", to="/elsewhere"),),
    )
    with build(layout, laboratory=laboratory) as site:
        assert os.path.ismount(site.path("/elsewhere/nvidia"))
        assert site.path("/elsewhere/nvidia") in site.furniture
        assert os.readlink(site.role("purelib")) == site.path("/elsewhere")


def test_volume_is_one_filesystem_under_two_paths(laboratory: Laboratory) -> None:
    shared = _layout(
        Mount(at="/first", type="bind", source="volume"), Mount(at="/second", type="bind", source="volume")
    )
    with build(shared, laboratory=laboratory) as site:
        Path(site.path("/first/a")).write_text("a")
        assert Path(site.path("/second/a")).read_text() == "a"
        assert os.stat(site.path("/first")).st_dev != os.stat(site.root).st_dev


def test_file_can_come_from_a_volume(laboratory: Laboratory) -> None:
    layout = _layout(Mount(at="{site_packages}/nvidia/__init__.py", type="bind", source="volume", file=True))
    with build(layout, laboratory=laboratory) as site:
        path = site.path("{site_packages}/nvidia/__init__.py")
        assert os.path.ismount(path)
        assert os.stat(path).st_dev != os.stat(site.role("purelib")).st_dev


def test_full_filesystem_says_so_and_is_taken_down(laboratory: Laboratory) -> None:
    with build(load("small-environment"), laboratory=laboratory) as site, pytest.raises(OSError, match="No space"):
        Path(site.role("purelib"), "large").write_bytes(b"x" * (64 * 1024 + 1))


def test_few_inodes_are_used_up_after_forty(laboratory: Laboratory) -> None:
    with build(load("few-inodes"), laboratory=laboratory) as site:
        made = sum(path.startswith(site.role("environment")) for path in site.furniture)
        for number in range(40 - made):
            Path(site.role("purelib"), str(number)).touch()
        with pytest.raises(OSError, match="No space"):
            Path(site.role("purelib"), "one too many").touch()


_PATHS = st.sampled_from(("/", "{cache}", "{environment}", "{site_packages}", "{site_packages}/a", "/a", "/a/b", "/c"))
_MOMENTS = st.sampled_from(("start", "image"))
_MOUNTS = st.one_of(
    st.builds(Mount, at=_PATHS, type=st.just("tmpfs"), after=_MOMENTS),
    st.builds(
        Mount,
        at=_PATHS,
        type=st.just("bind"),
        source=st.none() | st.just("volume") | _PATHS,
        file=st.booleans(),
        flags=st.sampled_from(((), ("ro",))),
        after=_MOMENTS,
    ),
    st.builds(Mount, at=_PATHS, type=st.just("overlay"), after=_MOMENTS),
    st.builds(Mount, at=_PATHS, type=st.just("overlay"), lowers=st.integers(1, 3), after=st.just("image")),
)
_LAYOUTS = st.builds(
    Layout,
    name=st.just("drawn"),
    about=st.just("x"),
    mounts=st.lists(_MOUNTS, max_size=4).map(tuple),
    symlinks=st.lists(st.builds(Symlink, at=_PATHS, to=_PATHS), max_size=2).map(tuple),
    files=st.lists(st.builds(File, at=_PATHS, content=st.just(b"x")), max_size=1).map(tuple),
    directories=st.lists(st.builds(Directory, at=_PATHS, mode=st.just("555")), max_size=1).map(tuple),
    permissions=st.lists(st.builds(Permission, at=_PATHS, mode=st.just("755"), after=_MOMENTS), max_size=2).map(tuple),
)


# One laboratory for all examples is the point: each has to leave it as it was.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(layout=_LAYOUTS)
def test_drawn_layout_is_built_or_refused_and_taken_down(laboratory: Laboratory, layout: Layout) -> None:
    before = mountinfo.read()
    refused = False
    try:
        with build(layout, laboratory=laboratory) as site:
            site.next_layer()
            site.finish_image()
            built = set(site.mount_points)
    except HarnessError:
        refused = True
    assert refused or len(built) <= len(layout.mounts)
    assert mountinfo.read() == before
    assert os.listdir(laboratory.sites) == []
