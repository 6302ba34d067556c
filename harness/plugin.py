"""The pytest plugin that any project gets by installing exdev: fixtures, and nothing until one of them is used."""

from __future__ import annotations

import errno
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.errors import HarnessError, NamespaceRefused
    from harness.kernel.laboratory import Laboratory
    from harness.layouts import Site
    from harness.model import Layout, Wheel

LABORATORY: pytest.StashKey[Laboratory] = pytest.StashKey()
INI = "exdev_laboratory"


def pytest_addoption(parser: pytest.Parser) -> None:
    """One setting for configuration files; no option of the command line."""
    parser.addini(INI, "enter exdev's private namespaces before the first test, not at the first use", type="bool")


def pytest_configure(config: pytest.Config) -> None:
    """Enter the laboratory where the project's configuration asks for it."""
    if config.getini(INI):
        enter(config)


def enter(config: pytest.Config) -> None:
    """Open a laboratory for the whole run. Call it in `pytest_configure`: no thread and no temporary directory yet.

    Raises:
        pytest.UsageError: the machine allows none; says why and what to change.
    """
    from harness.errors import HarnessError
    from harness.kernel.laboratory import open_laboratory
    from harness.kernel.temporary import temporary_files_in

    if LABORATORY in config.stash:
        return
    stack = ExitStack()
    config.add_cleanup(stack.close)
    try:
        laboratory = config.stash[LABORATORY] = stack.enter_context(open_laboratory())
    except HarnessError as refused:
        raise pytest.UsageError(str(refused)) from refused
    stack.enter_context(temporary_files_in(laboratory.temporary))
    _leave_base_of_others(config)


def _leave_base_of_others(config: pytest.Config) -> None:
    """Have a worker of pytest-xdist choose its own temporary root where the controller's is not to be seen from here.

    The controller gives local workers a directory in its own one, which lies in its laboratory: a worker that was not
    started inside that has another (`--tx popen//python=...` with a program that leaves the namespace).
    """
    given = getattr(config.option, "basetemp", None)
    if given and hasattr(config, "workerinput") and not Path(given).parent.is_dir():
        config.option.basetemp = None


@pytest.fixture(scope="session")
def laboratory(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """Private namespaces with a tmpfs for sites. Entered on first use, and not left before the process ends."""
    from harness.errors import HarnessError, NamespaceRefused
    from harness.kernel.laboratory import open_laboratory

    if opened := pytestconfig.stash.get(LABORATORY, None):
        yield opened
        return
    # Made now, by the user this process is: in a user namespace pytest might take itself for root.
    tmp_path_factory.getbasetemp()
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(open_laboratory())
        except NamespaceRefused as refused:
            raise _failed(_advised(refused)) from None
        except HarnessError as refused:
            raise _failed(refused) from None
        yield opened


def _advised(refused: NamespaceRefused) -> NamespaceRefused:
    """The same refusal; where it came from threads that pytest or its plugins started, with what pytest can do."""
    if refused.errno != errno.EINVAL:
        return refused
    return replace(refused, remedy=f"set `{INI} = true` in pytest's configuration: then this is done before any starts")


def _failed(refused: HarnessError) -> BaseException:
    """The error as its message alone: a traceback through the harness tells a project nothing."""
    return pytest.fail.Exception(str(refused), pytrace=False)


@pytest.fixture
def layout(request: pytest.FixtureRequest) -> Layout:
    """The layout `plain`, or each that `@pytest.mark.parametrize("layout", [...], indirect=True)` names.

    Names are those of the catalogue; a path is that of a layout file of the project's own.
    """
    from harness.errors import FileInvalid, UnknownName
    from harness.layouts import load

    try:
        return load(getattr(request, "param", "plain"))
    except (FileInvalid, UnknownName) as refused:
        raise _failed(refused) from None


@pytest.fixture
def site(layout: Layout, laboratory: Laboratory) -> Iterator[Site]:
    """The layout, built: real mounts at real paths (`site.role("cache")`), taken down after the test."""
    from harness.layouts import build

    with build(layout, laboratory=laboratory) as built:
        built.finish_image()
        yield built


@pytest.fixture
def wheel_set(site: Site) -> tuple[Wheel, ...]:
    """Two namespace wheels that share `nvidia/__init__.py`; their archives lie in the site's wheelhouse."""
    from harness.wheels import wheel
    from harness.wheels.archive import write

    wheels = tuple(
        wheel(f"nvidia-{name}", "1.0", {"nvidia/__init__.py": b"", f"nvidia/{name}/__init__.py": b""})
        for name in ("cublas", "cusolver")
    )
    for one in wheels:
        with open(f"{site.role('wheelhouse')}/{one.filename}", "xb") as file:
            file.write(write(one))
    return wheels
