"""Pictures of layouts: what a maintainer sees first when something failed."""

from __future__ import annotations

import pytest

from harness.layouts import load, names, picture
from harness.layouts.blueprint import site_path
from harness.model import Layout, Mount


def test_docker_volume_is_drawn_as_a_tree_of_mounts() -> None:
    assert picture(load("docker-volume")).splitlines() == [
        "/                 overlay  environment /venvs/test,  everything new lies on the upper layer",
        "│                          temporary, wheelhouse",
        "└── /root/.cache  bind     cache /root/.cache/uv     another device: link gives EXDEV",
    ]


def test_bind_of_the_same_filesystem_is_remarked_on() -> None:
    assert "same device, own mount: link gives EXDEV" in picture(load("bind-cache"))


@pytest.mark.parametrize("name", names())
def test_picture_fits_and_names_every_mount_and_role(name: str) -> None:
    layout = load(name)
    lines = picture(layout).splitlines()
    assert max(map(len, lines)) <= 100
    assert not any(line != line.rstrip() for line in lines)
    text = "\n".join(lines)
    for mount in layout.mounts:
        assert site_path(layout, mount.at).replace(site_path(layout, "{site_packages}"), "{site_packages}") in text
    for role in ("cache", "environment", "temporary", "wheelhouse"):
        assert role in text


def test_layout_with_long_paths_is_shortened_to_fit() -> None:
    mounts = tuple(Mount(at="/deep" * depth, type="tmpfs") for depth in (1, 10, 20, 40))
    lines = picture(Layout(name="deep", about="x", mounts=mounts)).splitlines()
    assert max(map(len, lines)) <= 100
    assert sum("tmpfs" in line for line in lines) == 5
