"""The oracle, claim by claim, against hand-written answers from the specifications."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path

import pytest

from harness.model import Entry, Wheel
from harness.wheels import expected as oracle
from harness.wheels.expected import Claim, Conflict, conflicts, expected, record
from harness.wheels.make import reordered, wheel


def _claim(made: Wheel, content: bytes, *, executable: bool = False) -> Claim:
    return Claim(made.key, hashlib.sha256(content).hexdigest(), len(content), executable)


def test_the_whole_tree_of_a_small_wheel_is_expected() -> None:
    made = wheel("nvidia-a", files={"nvidia/__init__.py": b"x"})
    found = expected([made])
    info = "purelib/nvidia_a-1.0.dist-info"
    required = {"purelib/nvidia/__init__.py", f"{info}/METADATA", f"{info}/WHEEL", f"{info}/RECORD"}
    optional = {f"{info}/INSTALLER", f"{info}/REQUESTED", f"{info}/direct_url.json"}
    assert set(found.files) == required | optional
    assert found.optional == optional
    assert found.files["purelib/nvidia/__init__.py"].claims == (_claim(made, b"x"),)
    assert {path for path, file in found.files.items() if file.generated} == {f"{info}/RECORD", *optional}


def test_each_data_scheme_goes_to_its_own_place() -> None:
    schemes = ("purelib", "platlib", "scripts", "data", "headers")
    made = wheel("a-b", files={f"a_b-1.0.data/{scheme}/sub/f": scheme.encode() for scheme in schemes})
    places = [path for path in expected([made]).files if path.endswith("/f")]
    assert places == ["purelib/sub/f", "platlib/sub/f", "scripts/sub/f", "data/sub/f", "headers/a-b/sub/f"]


def test_a_wheel_that_is_not_pure_goes_to_platlib_with_its_metadata() -> None:
    made = wheel("a", files=["m.py"], root_is_purelib=False)
    assert {path.partition("/")[0] for path in expected([made]).files} == {"platlib"}
    assert {path.partition("/")[0] for path in expected([made], platlib="purelib").files} == {"purelib"}


@pytest.mark.parametrize(
    ("mode", "installed"), [(0o644, 0o644), (0o664, 0o644), (0o600, 0o644), (0o700, 0o755), (0o654, 0o755)]
)
def test_a_file_is_executable_if_any_x_bit_is_set(mode: int, installed: int) -> None:
    made = wheel("a", files=[Entry("tool", b"", mode)])
    assert expected([made]).files["purelib/tool"].mode == installed


def test_scripts_are_executable_and_lose_their_python_shebang() -> None:
    made = wheel("a", files={"a-1.0.data/scripts/py": b"#!python\n", "a-1.0.data/scripts/sh": b"#!/bin/sh\n"})
    files = expected([made]).files
    assert (files["scripts/py"].executable, files["scripts/py"].shebang_rewritten) == (True, True)
    assert (files["scripts/sh"].executable, files["scripts/sh"].shebang_rewritten) == (True, False)


def test_console_and_gui_scripts_are_generated_and_other_groups_are_not() -> None:
    text = "[console_scripts]\nRun-It = m:run\n[gui_scripts]\nshow = m:show\n[pytest11]\nplug = m\n"
    files = expected([wheel("a", files=["m.py"], entry_points=text)]).files
    scripts = {path: (file.generated, file.executable) for path, file in files.items() if path.startswith("scripts/")}
    assert scripts == {"scripts/Run-It": (True, True), "scripts/show": (True, True)}


def test_bytecode_of_expected_modules_is_allowed_and_of_others_is_not() -> None:
    found = expected([wheel("a", files=["a/m.py"])])
    assert found.allows("purelib/a/m.py")
    assert found.allows("purelib/a/__pycache__/m.cpython-311.pyc")
    assert found.allows("purelib/a/__pycache__/m.cpython-311.opt-1.pyc")
    assert not found.allows("purelib/a/__pycache__/other.cpython-311.pyc")
    assert not found.allows("purelib/a/.tmp1234/m.py")


def test_a_shared_file_has_both_claims_in_order_and_the_last_mode() -> None:
    first = wheel("a", files=[Entry("nvidia/shared", b"1", 0o755)])
    second = wheel("b", files=[Entry("nvidia/shared", b"22", 0o644)])
    file = expected([first, second]).files["purelib/nvidia/shared"]
    assert file.claims == (_claim(first, b"1", executable=True), _claim(second, b"22"))
    assert file.mode == 0o644
    assert expected([second, first]).files["purelib/nvidia/shared"].mode == 0o755


def test_the_order_of_the_archive_does_not_change_what_is_expected() -> None:
    made = wheel("a", files=["a/x.py", "a/y.py"], entry_points="[console_scripts]\nx = a.x:main\n")
    order = ["a-1.0.dist-info", "a-1.0.dist-info/RECORD", "a/y.py", "a"]
    assert expected([reordered(made, order)]) == expected([made])


def test_wheels_that_share_only_identical_files_do_not_conflict() -> None:
    assert conflicts([wheel(name, files=["nvidia/__init__.py"]) for name in "ab"]) == ()


def test_different_content_of_the_same_path_is_a_content_conflict() -> None:
    pair = [wheel("a", files={"s": b"1"}), wheel("b", files={"s": b"2"}), wheel("c", files={"t": b"2"})]
    assert conflicts(pair) == (Conflict(kind="content", paths=("purelib/s",), wheels=("a-1.0", "b-1.0")),)


def test_a_file_of_one_that_is_a_directory_of_another_is_a_conflict() -> None:
    pair = [wheel("a", files=["nvidia/x/y/z"]), wheel("b", files=["nvidia/x"])]
    assert conflicts(pair) == (
        Conflict(kind="file-and-directory", paths=("purelib/nvidia/x",), wheels=("a-1.0", "b-1.0")),
    )


def test_a_file_of_one_that_another_lists_as_an_empty_directory_is_a_conflict() -> None:
    pair = [wheel("a", files=[Entry("nvidia/x", mode=0o755, kind="directory")]), wheel("b", files=["nvidia/x"])]
    (found,) = conflicts(pair)
    assert (found.kind, found.paths) == ("file-and-directory", ("purelib/nvidia/x",))


def test_names_that_differ_only_by_case_are_a_conflict_of_case() -> None:
    pair = [wheel("a", files=["pkg/Case.py"]), wheel("b", files=["pkg/case.py"])]
    assert conflicts(pair) == (
        Conflict(kind="case", paths=("purelib/pkg/Case.py", "purelib/pkg/case.py"), wheels=("a-1.0", "b-1.0")),
    )


def test_wheels_with_one_console_script_in_common_conflict_in_nothing() -> None:
    text = "[console_scripts]\nrun = m:run\n"
    assert conflicts([wheel(name, entry_points=text) for name in "ab"]) == ()


def test_rows_of_record_are_read_as_the_csv_file_they_are() -> None:
    made = wheel("a", files={'with,comma "and quote"': b"1"})
    *rows, own = record(made)
    sizes = {entry.path: len(entry.content) for entry in made.entries[:-1]}
    assert {row.path: row.size for row in rows} == sizes
    assert (own.path, own.hash, own.size) == ("a-1.0.dist-info/RECORD", "", None)


def test_the_oracle_knows_nothing_of_the_code_it_judges() -> None:
    room = Path(oracle.__file__).parent
    imported = set()
    for name in ("expected.py", "dist_info.py", "faults.py", "make.py"):
        for node in ast.walk(ast.parse((room / name).read_text())):
            if isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").rpartition(".")[0] or node.module)
    assert {module for module in imported if module and module.startswith("harness")} <= {"harness", "harness.wheels"}
