"""The newest release is what the index said when it was asked last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.errors import NotProvided, UnknownName
from harness.provisioning import Release, index, newest

if TYPE_CHECKING:
    from pathlib import Path

    from harness.tests.provisioning.offered import Offer


def test_the_newest_is_recorded_and_needs_no_index_then(cache: Path, offer: Offer) -> None:
    offer.installer("9.1")
    offer.installer("9.10")
    assert newest("installer", cache=cache) == Release("installer", "9.10")
    offer.withdraw()
    assert newest("installer", cache=cache) == Release("installer", "9.10")


def test_what_appears_later_is_the_newest_once_the_index_is_asked_anew(cache: Path, offer: Offer) -> None:
    offer.installer("9.1")
    assert newest("installer", cache=cache).version == "9.1"
    offer.installer("9.2")
    assert newest("installer", cache=cache).version == "9.1"
    assert index.ask("installer", cache=cache).version == "9.2"
    assert newest("installer", cache=cache).version == "9.2"


def test_neither_a_pre_release_nor_one_that_cannot_be_installed_is_the_newest(cache: Path, offer: Offer) -> None:
    offer.installer("9.1")
    offer.installer("9.2", requires=("nowhere>=3",))
    offer.installer("10.0rc1")
    assert newest("installer", cache=cache).version == "9.1"


@pytest.mark.parametrize("damage", ["", "[]", '{"newest": 9}', '{"newest": "x"}', "{}"])
def test_a_damaged_record_is_no_record(cache: Path, offer: Offer, damage: str) -> None:
    offer.installer("9.1")
    newest("installer", cache=cache)
    (record,) = cache.glob("newest-*.json")
    record.write_text(damage)
    assert index._recorded(cache, "installer") is None


@pytest.mark.usefixtures("offer")
def test_without_record_and_index_the_error_says_what_helps(cache: Path) -> None:
    with pytest.raises(
        NotProvided, match=r"^installer is not provided: pip says: No matching.*`exdev provision installer`"
    ):
        newest("installer", cache=cache)


def test_only_known_installers_have_a_newest_release(cache: Path) -> None:
    with pytest.raises(UnknownName, match="'flit'"):
        newest("flit", cache=cache)
