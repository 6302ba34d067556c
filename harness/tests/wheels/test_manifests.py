"""The manifests of published wheels, and the skeletons made from them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.errors import FileInvalid, UnknownName
from harness.wheels import archive, dist_info
from harness.wheels.expected import conflicts, expected
from harness.wheels.faults import faults
from harness.wheels.make import directories, wheel
from harness.wheels.manifest_file import Listed, Manifest, decode, encode
from harness.wheels.manifests import LONGEST_CONTENT, closure, load, manifest_of, names, skeleton

if TYPE_CHECKING:
    from pathlib import Path

ODD = Manifest(
    wheel="odd_name-1.0-1-py3-none-any.whl",
    sha256="0" * 64,
    root_is_purelib=False,
    entries=(
        Listed("top level.py", 3),
        Listed("pkg", 0, 0o775, directory=True),
        Listed("pkg/sub", 0, 0o755, directory=True),
        Listed("pkg/run", 17, 0o755),
        Listed("pkg/caf\u00e9", 1, 0o600),
        Listed("odd_name-1.0.dist-info/RECORD", 9, 0o664),
    ),
    entry_points="[console_scripts]\nrun = pkg:run\n",
    first_lines=(("odd_name-1.0.data/scripts/run", "#!python"),),
    companions=("six-1.16.0",),
)


def test_an_odd_manifest_survives_its_json_form() -> None:
    assert decode(encode(ODD), file="odd.json") == ODD


@pytest.mark.parametrize("name", names())
def test_every_manifest_is_stored_as_it_would_be_written_under_its_own_key(name: str) -> None:
    manifest = load(name)
    assert manifest.key == name
    assert decode(encode(manifest), file=name) == manifest


@pytest.mark.parametrize("name", names())
def test_a_skeleton_has_the_paths_order_and_modes_of_the_published_wheel(name: str) -> None:
    manifest = load(name)
    made = skeleton(manifest)
    assert made.filename == manifest.wheel
    found = [(entry.path, entry.mode, entry.kind == "directory") for entry in made.entries]
    assert found == [(listed.path, listed.mode, listed.directory) for listed in manifest.entries]


@pytest.mark.parametrize("name", names())
def test_a_skeleton_is_a_correct_wheel_with_small_contents(name: str) -> None:
    made = skeleton(load(name))
    assert faults(made) == ()
    lines = dict(load(name).first_lines)
    other = [entry for entry in made.entries if not entry.path.startswith(made.dist_info) and entry.path not in lines]
    assert max((len(entry.content) for entry in other), default=0) <= LONGEST_CONTENT
    sizes = {listed.path: listed.size for listed in load(name).entries}
    assert all(bool(entry.content) == bool(sizes[entry.path]) for entry in other)


@pytest.mark.parametrize("name", ["setuptools-69.1.0", "nvidia-nvtx-cu12-12.1.105", "zope.interface-6.1"])
def test_modules_of_a_skeleton_are_valid_python(name: str) -> None:
    for entry in skeleton(load(name)).entries:
        if entry.path.endswith(".py"):
            compile(entry.content, entry.path, "exec")


def test_the_torch_closure_is_thirteen_wheels_that_share_only_identical_files() -> None:
    wheels = [skeleton(load(name)) for name in closure("torch-2.2.0")]
    assert len(wheels) == 13
    assert sum(len(made.entries) for made in wheels) == 11092
    assert conflicts(wheels, platlib="purelib") == ()
    shared = expected(wheels, platlib="purelib").files["purelib/nvidia/__init__.py"]
    assert len(shared.claims) == 12


def test_a_wheel_without_companions_is_its_own_closure() -> None:
    assert closure("six-1.16.0") == ("six-1.16.0",)


def test_a_file_whose_size_changed_between_versions_changes_in_the_skeletons() -> None:
    old, new = (
        {entry.path: entry.content for entry in skeleton(load(f"nvidia-cublas-cu12-{version}")).entries}
        for version in ("12.1.3.1", "12.3.4.1")
    )
    assert old["nvidia/__init__.py"] == new["nvidia/__init__.py"] == b""
    assert old["nvidia/cublas/lib/libcublas.so.12"] != new["nvidia/cublas/lib/libcublas.so.12"]


def test_torch_has_its_published_console_scripts_and_is_not_pure() -> None:
    made = skeleton(load("torch-2.2.0"))
    assert set(dist_info.scripts(made)) == {"convert-caffe2-to-onnx", "convert-onnx-to-caffe2", "torchrun"}
    assert not dist_info.root_is_purelib(made)


def test_a_skeleton_can_be_given_a_tag_that_fits_any_machine() -> None:
    made = skeleton(load("zope.interface-6.1"), tag="py3-none-any")
    assert made.filename == "zope.interface-6.1-py3-none-any.whl"
    assert faults(made) == ()


def test_an_unknown_manifest_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName) as caught:
        load("torch-2.2.1")
    assert caught.value.nearest == "torch-2.2.0"


def test_every_unreadable_row_of_a_manifest_is_named_at_once() -> None:
    text = encode(ODD).replace("17:755 run", "many run").replace('"-:775"', '"-:rwx"')
    with pytest.raises(FileInvalid) as caught:
        decode(text, file="odd.json")
    assert [problem.where for problem in caught.value.problems] == ["entries[1][1]", "entries[3][1]"]


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"entries": [], "wheel": "no-wheel"}', '{"entries": [[]]}'])
def test_a_file_that_is_no_manifest_is_invalid(text: str) -> None:
    with pytest.raises(FileInvalid):
        decode(text, file="none.json")


def test_the_manifest_of_a_skeletons_archive_has_its_order_and_modes(tmp_path: Path) -> None:
    made = skeleton(load("zope.interface-6.1"))
    path = tmp_path / made.filename
    path.write_bytes(archive.write(made))
    found = manifest_of(path)
    published = load("zope.interface-6.1")
    assert [listed._replace(size=0) for listed in found.entries] == [
        listed._replace(size=0) for listed in published.entries
    ]
    assert (found.key, found.tag, found.root_is_purelib) == (published.key, published.tag, False)
    assert {listed.path for listed in found.entries if listed.directory} <= set(directories(made))


def test_the_command_that_adds_a_wheel_writes_a_usable_manifest(tmp_path: Path) -> None:
    made = wheel("new-wheel", files=["new_wheel.py"], entry_points="[console_scripts]\nnew = new_wheel:main\n")
    path = tmp_path / made.filename
    path.write_bytes(archive.write(made))
    command = [sys.executable, "-m", "harness.wheels.manifests", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert decode(done.stdout, file="new") == manifest_of(path)


def test_a_manifest_without_a_format_is_of_the_first_one() -> None:
    text = encode(replace(ODD, first_lines=()))
    assert "format" not in text
    assert decode(text, file="old.json").first_lines == ()


def test_a_manifest_of_a_newer_format_is_not_read() -> None:
    with pytest.raises(FileInvalid, match="has format 3"):
        decode(encode(ODD).replace('"format": 2', '"format": 3'), file="newer.json")


def test_a_skeletons_script_begins_with_the_published_line(tmp_path: Path) -> None:
    scripts = "tool-1.0.data/scripts/"
    made = wheel("tool", files={scripts + "tool": b"#!python -E\r\nprint()\n", scripts + "elf": b"\x7fELF"})
    path = tmp_path / made.filename
    path.write_bytes(archive.write(made))
    contents = {entry.path: entry.content for entry in skeleton(manifest_of(path)).entries}
    assert contents[scripts + "tool"].startswith(b"#!python -E\n# ")
    assert not contents[scripts + "elf"].startswith(b"#!")


def test_the_record_of_a_skeleton_does_not_name_its_signature() -> None:
    rows = [row.path for row in dist_info.record(skeleton(load("wheel-0.24.0")))]
    assert "wheel-0.24.0.dist-info/METADATA" in rows
    assert "wheel-0.24.0.dist-info/RECORD.jws" not in rows


def test_thirty_manifests_have_scripts_data_headers_or_odd_names() -> None:
    paths = [(load(name), listed.path) for name in names() for listed in load(name).entries]
    for part in (".data/scripts/", ".data/data/", ".data/headers/"):
        assert len({manifest.key for manifest, path in paths if part in path}) >= 4, part
    assert len({manifest.key for manifest, path in paths if not path.isascii()}) >= 2


@pytest.mark.parametrize("name", ["not_a_zip-1.0-py3-none-any.whl", "name.zip"])
def test_only_wheels_have_manifests(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"no archive")
    with pytest.raises(FileInvalid):
        manifest_of(tmp_path / name)
