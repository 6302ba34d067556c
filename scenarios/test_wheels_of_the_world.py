"""Published wheels: their paths, order and modes as skeletons, and two of them as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model import Plan
from harness.scenario import Lab, install, must, scenario, warm
from harness.strategies import directory_orders
from harness.wheels import closure, skeleton
from harness.wheels.manifests import load, names
from harness.wheels.published import members, read

# Signed: its RECORD cannot name RECORD.jws, so that an installer that copies RECORD breaks `complete` on any storage.
SIGNED = "wheel-0.24.0"
REPORTED = ("nvidia-cublas-cu12-12.3.4.1", "nvidia-cusolver-cu12-11.5.4.101")


@scenario(layouts=["cross-device-cache", "nested-tmpfs"], link_modes=["hardlink"])
@pytest.mark.parametrize("name", [name for name in names() if not name.startswith("torch-") and name != SIGNED])
def test_every_published_wheel_installs_as_published(lab: Lab, name: str) -> None:
    lab.run(must(install(skeleton(load(name)))))


@scenario(tags=["cross-device", "overlay", "symlinked"], but=["limited", "escape", "read-only"])
def test_the_wheels_of_the_report_install_together(lab: Lab) -> None:
    # uv#1513: jax[cuda12_pip] with its cache on a Docker volume.
    lab.run(must(install(*(skeleton(load(name)) for name in REPORTED))))


@scenario(layouts=["cross-device-cache"], link_modes=["hardlink"], actions=["warm", "install"])
def test_torch_and_its_twelve_companions_install_at_once(lab: Lab) -> None:
    wheels = [skeleton(load(name)) for name in closure("torch-2.2.0")]
    lab.run(warm(*wheels), must(install(*wheels)))


@scenario(layouts=["cross-device-cache", "docker-volume", "nested-tmpfs"], real_wheels=True)
def test_two_published_wheels_install_as_they_are(lab: Lab) -> None:
    lab.run(must(install(*map(read, lab.published))))


@scenario(layouts=["bind-cache", "cross-device-cache", "docker-volume"], link_modes=["hardlink"], real_wheels=True)
@given(data=st.data())
def test_two_published_wheels_install_in_any_order_of_their_files(lab: Lab, data: st.DataObject) -> None:
    # uv#1513: whoever built an archive chose the order of its members, and with it who meets nvidia/__init__.py first.
    wheels = tuple(map(read, lab.published))
    order = data.draw(directory_orders(wheels))
    lab.run(must(install(*wheels)), plan=Plan(creation=members(wheels, order)))
