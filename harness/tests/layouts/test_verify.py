"""Verifying: every layout of the catalogue is what it says, also for a plain user, and a lie is found out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from harness.errors import LayoutUntrue
from harness.kernel import mountinfo
from harness.kernel.laboratory import open_laboratory
from harness.layouts import load, names, verify
from harness.model import Fact, Layout, Mount, Symlink, codec
from harness.tests.kernel.child import call

if TYPE_CHECKING:
    from harness.kernel.laboratory import Laboratory


def _lies(laboratory: Laboratory, layout: Layout) -> tuple[str, ...]:
    with pytest.raises(LayoutUntrue) as caught:
        verify(layout, laboratory=laboratory)
    return caught.value.facts


def _verify_all(layouts: tuple[Layout, ...]) -> tuple[list[str], bool]:
    """In a child: what is untrue of any of them, and whether the laboratory is as before."""
    untrue = []
    with open_laboratory() as laboratory:
        before = mountinfo.read()
        for layout in layouts:
            try:
                verify(layout, laboratory=laboratory)
            except LayoutUntrue as lie:
                untrue.append(str(lie))
        return untrue, mountinfo.read() == before and os.listdir(laboratory.sites) == []


@pytest.mark.parametrize("name", names())
def test_layout_of_the_catalogue_is_what_it_says(name: str, laboratory: Laboratory) -> None:
    before = mountinfo.read()
    verify(load(name), laboratory=laboratory)
    assert mountinfo.read() == before


@pytest.mark.parametrize("user", ["", "plain"])
def test_every_layout_holds_for_root_and_plain_user(user: str) -> None:
    before = mountinfo.read()
    untrue, clean = call(_verify_all, tuple(map(load, names())), user=user)
    assert untrue == []
    assert clean
    assert mountinfo.read() == before


@pytest.mark.parametrize("name", names())
def test_each_fact_turned_round_is_found_untrue(name: str, laboratory: Laboratory) -> None:
    layout = load(name)
    for fact in layout.facts:
        answer = {"yes": "no", "no": "yes"}.get(fact.gives, "EXDEV" if fact.gives != "EXDEV" else "ok")
        turned = codec.decode(Fact, {**codec.encode(fact), "gives": answer}, file="x")
        lying = codec.decode(Layout, {**codec.encode(layout), "verify": [codec.encode(turned)]}, file="x")
        (said,) = _lies(laboratory, lying)
        assert said.endswith(f"expected {answer}, found {fact.gives}")


def test_cross_device_layout_that_is_not_is_told_apart(laboratory: Laboratory) -> None:
    fact = Fact(do="link", source="{cache}", to="{purelib}", gives="EXDEV")
    layout = Layout(name="pretender", about="x", facts=(fact,))
    assert _lies(laboratory, layout) == ("link {cache} -> {purelib}: expected EXDEV, found ok",)
    # The answer is remembered, and is the same.
    assert _lies(laboratory, layout) == ("link {cache} -> {purelib}: expected EXDEV, found ok",)


def test_mount_hidden_by_a_later_one_is_untrue(laboratory: Laboratory) -> None:
    """Through a symbolic link, so that the two places have nothing in common as they are spelled."""
    mounts = (Mount(at="/a/b", type="tmpfs"), Mount(at="/link/a", type="overlay"))
    layout = Layout(name="hidden", about="x", mounts=mounts, symlinks=(Symlink(at="/link", to="/"),))
    (said,) = _lies(laboratory, layout)
    assert said == "mount[0] tmpfs at /a/b: expected to be seen at its place, found it is hidden by another mount"


def test_option_that_undoes_what_was_asked_is_untrue(laboratory: Laboratory) -> None:
    mounts = (Mount(at="{cache}", type="tmpfs", size="64k", inodes=9, mode="700", options=("size=1m", "mode=755")),)
    said = _lies(laboratory, Layout(name="undone", about="x", mounts=mounts))
    assert said == (
        "mount[0] tmpfs at {cache}: expected size 64k, found 1048576 bytes",
        "mount[0] tmpfs at {cache}: expected mode 700, found 755",
    )


def test_facts_do_not_use_up_a_small_filesystem(laboratory: Laboratory) -> None:
    mounts = (Mount(at="{cache}", type="tmpfs", size="4k", inodes=2),)
    facts = tuple(Fact(do="write", source="{cache}", to=None, gives="ok") for _ in range(9))
    verify(Layout(name="tiny", about="x", mounts=mounts, facts=facts), laboratory=laboratory)
