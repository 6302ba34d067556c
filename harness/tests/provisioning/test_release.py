"""What a user asks for is a release, a name, or plainly wrong."""

from __future__ import annotations

import pickle

import pytest

from harness.errors import NotProvided, ReleaseInvalid, UnknownName
from harness.provisioning import DISTRIBUTIONS, Release
from harness.provisioning.release import parse


def test_a_release_is_written_as_pip_takes_it() -> None:
    assert str(Release(distribution="uv", version="0.1.2")) == "uv==0.1.2"
    assert parse("uv==0.1.2") == Release("uv", "0.1.2")


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_name_alone_stays_a_name(name: str) -> None:
    assert parse(name) == name


def test_one_release_has_one_spelling() -> None:
    assert parse("pip==v24.0-RC1") == Release("pip", "24.0rc1")


def test_an_unknown_installer_is_named_with_the_nearest_known() -> None:
    with pytest.raises(UnknownName, match=r"unknown installer 'poetri'; did you mean 'poetry'\? Known: uv, pip"):
        parse("poetri==1.0")
    with pytest.raises(UnknownName, match="unknown installer 'flit'"):
        parse("flit")


@pytest.mark.parametrize("text", ["uv==", "uv==latest", "uv==../../etc", "uv== --pre", "uv>=0.1", "uv~=0.1", "uv 0.1"])
def test_what_is_no_release_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ReleaseInvalid, match="write NAME or NAME==VERSION, for example"):
        parse(text)


@pytest.mark.parametrize(
    "error",
    [
        ReleaseInvalid(text="uv==x", because="no version"),
        NotProvided(installer="uv", because="offline", directory="/cache", runs=False),
    ],
    ids=lambda error: type(error).__name__,
)
def test_the_errors_survive_the_way_to_another_process(error: Exception) -> None:
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - our own bytes
