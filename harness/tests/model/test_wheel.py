"""Tests of a wheel as a value: its own directories are found as the specifications compare names and versions."""

from __future__ import annotations

import pytest

from harness.model import Entry, Wheel


def _wheel(name: str, version: str, *tops: str) -> Wheel:
    return Wheel(name=name, version=version, entries=tuple(Entry(f"{top}/METADATA") for top in tops))


@pytest.mark.parametrize(
    ("name", "version", "directory"),
    [
        ("Quart", "0.17.0", "quart-0.17.0"),
        ("zope.interface", "1.0", "zope_interface-1.0"),
        ("my-package", "2024.3.13+0873c15", "my_package-2024.3.13_0873c15"),
        ("a", "1.0.0", "a-1.0"),
        ("a", "1.0.post1", "a-1.0_1"),
    ],
)
def test_dist_info_is_spelled_as_the_archive_does(name: str, version: str, directory: str) -> None:
    assert _wheel(name, version, f"{directory}.dist-info").dist_info == f"{directory}.dist-info"


def test_data_directory_is_spelled_as_the_archive_does() -> None:
    assert _wheel("Quart", "1.0", "Quart-1.0.dist-info", "quart-1.0.data").data == "quart-1.0.data"
    assert _wheel("Quart", "1.0", "quart-1.0.dist-info").data == "quart-1.0.data"


def test_dist_info_of_another_distribution_is_not_taken() -> None:
    assert _wheel("a", "1.0", "b-1.0.dist-info").dist_info == "a-1.0.dist-info"
    assert _wheel("a", "1.0", "a-2.0.dist-info").dist_info == "a-1.0.dist-info"


def test_usual_spelling_of_dist_info_comes_first() -> None:
    assert _wheel("Quart", "1.0", "quart-1.0.dist-info", "Quart-1.0.dist-info").dist_info == "Quart-1.0.dist-info"
