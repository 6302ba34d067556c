"""The laboratory covers an empty directory of the machine, creates nothing there, and dies with its process."""

from __future__ import annotations

import os
import pickle
import stat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from harness.errors import LaboratoryHomeless
from harness.kernel import laboratory, mountinfo
from harness.kernel.laboratory import open_laboratory
from harness.tests.kernel.child import call

# The session's own temporary directories may lie in a laboratory, which children do not see.
HOST_TEMPORARY = "/tmp"  # noqa: S108 - a directory of its own is made there, and removed


def opened_and_left() -> dict[str, Any]:
    with open_laboratory() as lab:
        Path(lab.sites, "site").mkdir()
        Path(lab.temporary, "file").touch()
        seen = {
            "lab": lab,
            "mounts": [(entry.at, entry.source, entry.type) for entry in mountinfo.below(lab.root)],
            "temporary": stat.S_IMODE(Path(lab.temporary).stat().st_mode),
        }
    return {**seen, "after": mountinfo.below(lab.root), "listing": os.listdir(lab.root)}


def test_a_laboratory_is_one_tmpfs_on_an_empty_directory(user: str) -> None:
    seen = call(opened_and_left, user=user)
    root = seen["lab"].root
    assert seen["mounts"] == [(root, "exdev-lab", "tmpfs")]
    assert seen["temporary"] == 0o700
    assert (seen["after"], seen["listing"]) == ((), [])


def left_with_an_open_file() -> int:
    with open_laboratory() as lab:
        busy = Path(lab.temporary, "log").open("w")  # noqa: SIM115 - outlives the laboratory on purpose
    busy.write("still open")
    busy.close()
    return len(mountinfo.below(lab.root))


def test_a_file_still_open_does_not_keep_a_laboratory() -> None:
    assert call(left_with_an_open_file) == 0


def paths_of_an_inherited_laboratory() -> tuple[Any, ...]:
    with open_laboratory() as outer:
        Path(outer.sites, "outer").mkdir()
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            with open_laboratory() as inner:
                Path(inner.sites, "inner").mkdir()
                Path(inner.temporary, "worker").mkdir()
                os.write(writer, pickle.dumps((outer == inner, os.listdir(inner.sites))))
            os._exit(0)
        os.close(writer)
        os.waitpid(pid, 0)
        with os.fdopen(reader, "rb") as answer:
            said = pickle.loads(answer.read())  # noqa: S301 - written by our own child
        return *said, os.listdir(outer.sites), os.listdir(outer.temporary)


def test_a_worker_has_its_own_sites_and_its_parents_temporary_root(user: str) -> None:
    assert call(paths_of_an_inherited_laboratory, user=user) == (True, ["inner"], ["outer"], ["worker"])


def chosen_by_variable(name: str) -> str:
    """The root of a laboratory that EXDEV_LAB puts into a directory with a few things in it; `DIR` in messages."""
    with TemporaryDirectory(dir=HOST_TEMPORARY) as directory:
        Path(directory, "full/something").mkdir(parents=True)
        Path(directory, "file").touch()
        Path(directory, "empty").mkdir()
        os.environ[laboratory.VARIABLE] = f"{directory}/{name}" if name != "relative" else name
        try:
            with open_laboratory() as lab:
                return lab.root.replace(directory, "DIR")
        except LaboratoryHomeless as homeless:
            return str(homeless).replace(directory, "DIR")


def test_the_environment_variable_chooses_the_directory(user: str) -> None:
    assert call(chosen_by_variable, "empty", user=user) == "DIR/empty"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("full", "EXDEV_LAB=DIR/full (not empty);"),
        ("absent", "EXDEV_LAB=DIR/absent (ENOENT: No such file or directory);"),
        ("file", "EXDEV_LAB=DIR/file (ENOTDIR: Not a directory);"),
        ("relative", "EXDEV_LAB=relative (not an absolute path);"),
    ],
)
def test_a_directory_that_cannot_be_covered_is_refused(name: str, message: str) -> None:
    assert message in call(chosen_by_variable, name)


def chosen_while_working_there() -> tuple[str, str]:
    with TemporaryDirectory(dir=HOST_TEMPORARY) as directory:
        os.chdir(directory)
        objection = laboratory._objection(directory)
        os.chdir("/")
        return objection.replace(directory, "DIR"), laboratory._objection(directory)


def test_the_working_directory_is_never_covered() -> None:
    assert call(chosen_while_working_there) == ("holds DIR", "")


def test_a_machine_without_empty_directories_is_told_what_to_set() -> None:
    homeless = LaboratoryHomeless(tried=(("/mnt", "not empty"),), variable="EXDEV_LAB", chosen=False)
    assert "/mnt (not empty); set EXDEV_LAB" in str(homeless)
    assert str(pickle.loads(pickle.dumps(homeless))) == str(homeless)  # noqa: S301 - our own bytes
