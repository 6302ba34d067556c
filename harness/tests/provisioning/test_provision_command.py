"""`exdev provision`: everything that can be done is done, and the exit status says whether that was all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness import cli, data

if TYPE_CHECKING:
    from pathlib import Path

    from harness.tests.provisioning.offered import Offer


@pytest.fixture(autouse=True)
def users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache of the user is the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))


def test_what_can_be_provided_is_and_the_status_tells_of_the_rest(
    offer: Offer, capsys: pytest.CaptureFixture[str]
) -> None:
    offer.installer("9.1")
    offer.installer("9.2")
    assert cli.main(["provision", "uv==0.1.2", "installer", "installer==9.1", "installer==9.1"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert [
        line.split(" in ")[0] for line in err.splitlines() if not line.startswith("uv==0.1.2 is not provided: ")
    ] == [
        "uv==0.1.2: installing ...",
        "installer: asking the index for the newest release ...",
        "installer==9.2: installing ...",
        "installer==9.2: done",
        "installer==9.1: installing ...",
        "installer==9.1: done",
    ]
    assert cli.main(["provision", "installer==9.1"]) == 0
    assert capsys.readouterr().err == "installer==9.1: already there\n"


def test_what_is_there_is_listed_for_people_and_machines_and_removed(
    offer: Offer, capsys: pytest.CaptureFixture[str]
) -> None:
    offer.installer("9.9")
    offer.installer("9.10")
    offer.pdm("2.0", says="PDM, version 2.0")
    assert cli.main(["provision", "pdm==2.0", "installer==9.10", "installer==9.9"]) == 0
    capsys.readouterr()
    assert cli.main(["provision", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["installer==9.9", "installer==9.10", "pdm==2.0"]
    assert cli.main(["provision", "--list", "--json", "pdm"]) == 0
    (pdm,) = json.loads(capsys.readouterr().out)["releases"]
    assert (pdm["distribution"], pdm["version"]) == ("pdm", "2.0")
    assert 0 < pdm["size"] < 1e6
    assert cli.main(["provision", "--remove", "installer==9.9"]) == 0
    assert cli.main(["provision", "--remove", "installer"]) == 0
    assert cli.main(["provision", "--remove", "installer"]) == 1
    assert [line.split(" (")[0] for line in capsys.readouterr().err.splitlines()] == [
        "installer==9.9",
        "installer==9.10",
        "installer: not there",
    ]
    assert len(list((data.cache("releases") / "builds").iterdir())) == 1
    assert cli.main(["provision", "--list", "installer"]) == 1
    assert cli.main(["provision", "--list"]) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "name a release"),
        (["--json", "uv"], "--json goes with --list"),
        (["--list", "--remove", "uv"], "not allowed with"),
    ],
)
def test_a_wrong_command_line_is_told_what_is_wrong(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["provision", *words])
    assert caught.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("offer")
def test_one_wrong_name_stops_all_before_anything_is_installed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["provision", "installer==9.1", "poetri"]) == 2
    assert capsys.readouterr().err == (
        "exdev: unknown installer 'poetri'; did you mean 'poetry'? Known: uv, pip, installer, pdm, poetry\n"
    )
    assert not data.cache("releases").exists()
