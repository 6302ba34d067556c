"""Fixtures of the kernel room's tests."""

from __future__ import annotations

import os

import pytest

from harness.kernel import namespaces


@pytest.fixture(params=["root", "plain"])
def user(request: pytest.FixtureRequest) -> str:
    """Who a child process is: both ways into private namespaces are tried where the machine lets us."""
    name: str = request.param
    if name == "root" and (os.geteuid() != 0 or namespaces.in_user_namespace()):
        pytest.skip("only root can start a child as root")
    return name
