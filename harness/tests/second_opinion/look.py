"""Looks at an environment from within, as a user would, and prints what is there as JSON.

A program of its own: run by the site's interpreter as `python -IB look.py REQUEST`. The standard library alone.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import importlib
import importlib.metadata
import io
import json
import os
import runpy
import subprocess
import sys
import traceback
from typing import Any

_SCRIPT_BYTES = 8192
_SECONDS = 20


def main() -> None:
    """Read the request, print the answer: distributions, what imports, what runs."""
    with open(sys.argv[1], encoding="utf-8") as file:
        request = json.load(file)
    libraries = _distinct(request["libraries"])
    if request["borrowed"]:
        # A site without an interpreter of its own is looked at with the machine's.
        sys.path[:0] = libraries
    answer = {
        "distributions": [_distribution(one) for one in importlib.metadata.distributions(path=libraries)],
        "imports": {name: _imported(name) for name in request["modules"]},
        "scripts": {path: _ran(path, instead_of=request["instead_of"]) for path in request["scripts"]},
    }
    sys.stdout.write(json.dumps(answer))


def _distinct(paths: list[str]) -> list[str]:
    found: dict[str, str] = {}
    for path in paths:
        found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def _distribution(one: importlib.metadata.Distribution) -> dict[str, Any]:
    info = str(one.locate_file("")), getattr(one, "_path", "")
    metadata = one.read_text("METADATA") or one.read_text("PKG-INFO")
    rows = one.files
    return {
        "name": one.metadata["Name"] if metadata else None,
        "version": one.version if metadata else None,
        "info": str(info[1]),
        "rows": None if rows is None else [_row(one, row) for row in rows],
    }


def _row(one: importlib.metadata.Distribution, row: importlib.metadata.PackagePath) -> dict[str, Any]:
    # Joined as texts and given to the kernel: it is the kernel that knows where `..` leads.
    path = os.path.join(str(one.locate_file("")), str(row))
    found = {"row": str(row), "path": _place(path), **seen(path)}
    found["hash"] = None if row.hash is None else f"{row.hash.mode}={row.hash.value}"
    found["claimed_size"] = row.size
    if found["kind"] == "file" and row.hash is not None and row.hash.mode in hashlib.algorithms_available:
        with open(path, "rb") as file:
            digest = hashlib.new(row.hash.mode, file.read()).digest()
        found["agrees"] = base64.urlsafe_b64encode(digest).decode().rstrip("=") == row.hash.value
    return found


def _place(path: str) -> str:
    """The one path of a file: its directory resolved, its own name not."""
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def seen(path: str) -> dict[str, Any]:
    """What is at a path, links followed: kind, size, sha256; the content of a script."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except IsADirectoryError:
        return {"kind": "directory"}
    except OSError:
        return {"kind": "nothing"}
    found = {"kind": "file", "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    if data.startswith(b"#!") and len(data) <= _SCRIPT_BYTES:
        found["script"] = base64.b64encode(data).decode()
    return found


def _imported(name: str) -> str:
    """Why a module cannot be imported; empty: it can."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            importlib.import_module(name)
    except BaseException as error:  # noqa: BLE001 - whatever a user would meet
        return f"{type(error).__name__}: {error}"
    return ""


def _ran(path: str, *, instead_of: str) -> str:
    """Why a script does not run, or could not; empty: it runs.

    Args:
        path: the script's.
        instead_of: the interpreter that the environment lacks, or a mount hides there; empty: it is there.
    """
    try:
        noexec = bool(os.statvfs(path).f_flag & os.ST_NOEXEC)
        with open(path, "rb") as file:
            first = file.readline()
    except OSError as refused:
        return str(refused)
    if b"python" in first and instead_of:
        # What the kernel would start has to be there, whoever runs the script then.
        interpreter = first[2:].split()[0].decode(errors="replace")
        is_there = interpreter == instead_of or (os.path.isabs(interpreter) and os.access(interpreter, os.X_OK))
        return _ran_here(path) if is_there else f"no interpreter: {first[:60]!r}"
    if noexec:
        return "" if first.startswith(b"#!") else f"no first line that names an interpreter: {first[:60]!r}"
    variables = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [path], env=variables, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"{type(error).__name__}: {error}"
    return _answer(done.returncode, done.stdout, done.stderr)


def _ran_here(path: str) -> str:
    """As `_ran`, by this interpreter, which is the machine's: in a child of its own, with nothing to start anew."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 - until the child ends
        sys.argv = [path]
        status = 1
        try:
            runpy.run_path(path, run_name="__main__")
            status = 0
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        except BaseException:  # noqa: BLE001 - whatever a user would meet
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(status)
    os.close(writing)
    with open(reading, "rb") as file:
        said = file.read()
    return _answer(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said, said)


def _answer(status: int, output: bytes, errors: bytes) -> str:
    if status:
        return f"exit {status}: {errors.decode(errors='replace').strip()[-200:]}"
    said = output.decode(errors="replace")
    return "" if said.startswith("I am ") else f"says {said[:60]!r}"


if __name__ == "__main__":
    main()
