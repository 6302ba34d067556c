"""What installers print is read: where the account of a failure begins, warnings, paths, errnos; nothing is lost.

The texts are what releases printed, shortened where dots stand alone.
"""

from __future__ import annotations

import pytest

from harness.installers import pip, printed, pypa_installer, uv

ROOT = "/lab/s/0/root"
TRACEBACK = f"""\
Traceback (most recent call last):
  File "/releases/pip/_internal/req/req_uninstall.py", line 520, in from_dist
    os.rename(path, target)
OSError: [Errno 16] Device or resource busy: '{ROOT}/venv/nvidia/' -> '{ROOT}/venv/~vidia'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/releases/pip/_internal/cli/base_command.py", line 107, in _run_wrapper
OSError: [Errno 30] Read-only file system: '__init__.py'
"""


def test_pips_account_begins_with_its_error() -> None:
    error = f"ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device: '{ROOT}/a b'\n\n"
    said = printed.read("Processing /wheels/a.whl\n", error, failed=True, style=pip._STYLE, root=ROOT)
    assert said.message == error.strip()
    assert said.errnos == ("ENOSPC",)
    assert said.printed == f"Processing /wheels/a.whl\n{error}"


def test_an_account_of_an_exception_begins_with_what_was_raised_first() -> None:
    said = printed.read("", f"ERROR: Exception:\n{TRACEBACK}", failed=True, style=pip._STYLE, root=ROOT)
    assert said.message.startswith("OSError: [Errno 16] Device or resource busy")
    assert said.message.endswith("[Errno 30] Read-only file system: '__init__.py'")
    assert said.errnos == ("EBUSY", "EROFS")
    assert said.paths == (f"{ROOT}/venv/nvidia/", f"{ROOT}/venv/~vidia")


@pytest.mark.parametrize(
    "raised", ["zipfile.BadZipFile: File is not a zip file", "AssertionError", "ValueError: Can't mix paths"]
)
def test_pypa_installers_account_begins_with_the_exception(raised: str) -> None:
    traceback = f'Traceback (most recent call last):\n  File "/a.py", line 1, in <module>\n    assert False\n{raised}\n'
    said = printed.read("", traceback, failed=True, style=pypa_installer._STYLE, root=ROOT)
    assert said.message == raised


def test_uvs_account_begins_with_its_error_without_colours() -> None:
    error = f"\x1b[1m\x1b[31merror\x1b[39m\x1b[0m: failed to rename file to {ROOT}/venv/a.py: Cross-device link\n"
    said = printed.read("", f"Resolved 1 package in 2ms\n{error}", failed=True, style=uv._STYLE, root=ROOT)
    assert said.message == f"error: failed to rename file to {ROOT}/venv/a.py: Cross-device link"
    assert said.paths == (f"{ROOT}/venv/a.py",)


def test_an_account_on_standard_output_is_found_too() -> None:
    said = printed.read("begins\nERROR: it ends\n", "WARNING: old\n", failed=True, style=pip._STYLE, root=ROOT)
    assert said.message.startswith("ERROR: it ends")


def test_where_no_account_is_marked_all_that_went_to_standard_error_is_one() -> None:
    usage = "usage: python -m installer [-h] wheel\npython -m installer: error: no wheel\n"
    assert printed.read("", usage, failed=True, style=pypa_installer._STYLE, root=ROOT).message == usage.strip()


def test_success_has_no_message_whatever_it_says() -> None:
    said = printed.read("", "ERROR: pip's dependency resolver ...\n", failed=False, style=pip._STYLE, root=ROOT)
    assert (said.message, said.paths, said.errnos) == ("", (), ())


def test_a_warning_goes_as_far_as_it_is_indented() -> None:
    errors = "WARNING: Skipping nvidia-cublas\n  as it is not installed.\nnote\n\x1b[33mWARNING: two\x1b[0m\n"
    said = printed.read("", errors, failed=False, style=pip._STYLE, root=ROOT)
    assert said.notes == ("WARNING: Skipping nvidia-cublas\n  as it is not installed.", "WARNING: two")


@pytest.mark.parametrize("quoted", ["'{}'", "`{}`", '"{}"', "({})", "{}: gone", "{}, gone", "from {}"])
def test_a_path_ends_where_its_quotes_or_the_sentence_does(quoted: str) -> None:
    path = f"{ROOT}/venv/a,b:c/~d.py"
    assert printed.paths_in(f"no {quoted.format(path)} / {quoted.format(path)}", ROOT) == (path,)


def test_paths_that_only_begin_like_the_site_are_not_of_it() -> None:
    assert printed.paths_in(f"{ROOT}2/a.py and {ROOT}", ROOT) == ()
