"""The pytest plugin for other projects' suites: fixtures only; nothing happens until one of them is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.kernel.laboratory import Laboratory, open_laboratory
from harness.layouts import build, load
from harness.wheels import wheel
from harness.wheels.archive import write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.layouts import Site
    from harness.model import Layout, Wheel

LABORATORY = pytest.StashKey[Laboratory]()


def pytest_configure(config: pytest.Config) -> None:
    """The one marker that the fixtures look at."""
    config.addinivalue_line("markers", "layout(name): the exdev layout that `layout` and `site` are about; repeat")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that uses `layout` or `site` runs once for each `layout` marker, on `plain` without one."""
    if "layout" in metafunc.fixturenames:
        names = [name for mark in metafunc.definition.iter_markers("layout") for name in mark.args]
        metafunc.parametrize("layout", names or ["plain"], indirect=True)


@pytest.fixture(scope="session")
def laboratory(pytestconfig: pytest.Config) -> Iterator[Laboratory]:
    """Private namespaces with a tmpfs for sites. Entered on first use, and not left before the process ends.

    A plain user's process must be single-threaded when it enters; let such a suite use this fixture early.
    """
    if opened := pytestconfig.stash.get(LABORATORY, None):
        yield opened
        return
    with open_laboratory() as opened:
        pytestconfig.stash[LABORATORY] = opened
        yield opened


@pytest.fixture
def layout(request: pytest.FixtureRequest) -> Layout:
    """A layout of the catalogue, or of a file of one's own: `@pytest.mark.layout("docker-volume")`."""
    return load(request.param)


@pytest.fixture
def site(layout: Layout, laboratory: Laboratory) -> Iterator[Site]:
    """The layout, built: real mounts, real paths (`site.role("cache")`), taken down after the test."""
    with build(layout, laboratory=laboratory) as built:
        built.finish_image()
        yield built


@pytest.fixture
def wheel_set(site: Site) -> tuple[Wheel, ...]:
    """Two namespace wheels that share `nvidia/__init__.py`; their archives are in the site's wheelhouse."""
    wheels = tuple(
        wheel(f"nvidia-{name}", "1.0", {"nvidia/__init__.py": b"", f"nvidia/{name}/__init__.py": b""})
        for name in ("cublas", "cusolver")
    )
    for one in wheels:
        with open(f"{site.role('wheelhouse')}/{one.filename}", "xb") as file:
            file.write(write(one))
    return wheels
