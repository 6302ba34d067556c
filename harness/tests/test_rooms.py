"""Tests of the way the package is laid out: rooms import only downwards, programs do no I/O, faces hold no logic."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import harness

ROOT = Path(harness.__file__).parent
# Each may import from those after it, and from itself.
ROOMS = (
    "cli",
    "bench",
    "scenario",
    "doctor",
    "checking",
    "plugin",
    "matrix",
    "reproduction",
    "reports",
    "strategies",
    "run",
    "contracts",
    "installers",
    "provisioning",
    "drivers",
    "specimens",
    "reference",
    "layouts",
    "wheels",
    "kernel",
    "model",
    "output",
    "data",
    "printable",
    "errors",
)
# Narrower than the order: who judges does not know who is judged, and programs know nothing but operations.
ONLY = {
    "contracts": {"contracts", "wheels", "model", "errors"},
    "specimens": {"specimens", "reference", "model", "errors"},
    "reference": {"reference", "model", "errors"},
    "model": {"model", "errors"},
    "errors": set[str](),
}
DOES_IO = {"os", "posix", "shutil", "subprocess", "pathlib", "tempfile", "socket", "mmap"}

MODULES = sorted(path for path in ROOT.rglob("*.py") if "tests" not in path.relative_to(ROOT).parts)
EVERYTHING = sorted(ROOT.rglob("*.py"))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def _imported(path: Path) -> set[str]:
    """Full names of everything a module imports, also for type checking alone, at any depth."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _rooms_imported(path: Path) -> set[str]:
    names = (name.split(".") for name in _imported(path) if name.startswith("harness."))
    return {parts[1] for parts in names}


def test_every_room_has_its_place_in_the_order() -> None:
    assert {_room(path) for path in MODULES} - {"__init__"} == set(ROOMS)


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_imports_only_from_rooms_below_its_own(path: Path) -> None:
    room = _room(path)
    below = set(ROOMS[ROOMS.index(room) :]) if room in ROOMS else set()
    assert _rooms_imported(path) <= ONLY.get(room, below)


@pytest.mark.parametrize("path", [path for path in MODULES if _room(path) in {"reference", "specimens"}], ids=_name)
def test_a_program_imports_nothing_that_does_io(path: Path) -> None:
    assert not {name.partition(".")[0] for name in _imported(path)} & DOES_IO


@pytest.mark.parametrize("path", EVERYTHING, ids=_name)
def test_every_module_opens_by_saying_its_job(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_bytes()))
    assert docstring
    assert docstring.splitlines()[0].endswith(".")


@pytest.mark.parametrize("path", [path for path in MODULES if path.name == "__init__.py"], ids=_name)
def test_a_face_holds_reexports_and_no_logic(path: Path) -> None:
    _, *body = ast.parse(path.read_bytes()).body
    exported: list[str] = []
    for node in body:
        if isinstance(node, ast.Assign):
            name = ast.unparse(node.targets[0])
            assert name == "__all__" or (name == "__version__" and path.parent == ROOT)
            exported = ast.literal_eval(node.value) if name == "__all__" else exported
        else:
            assert isinstance(node, ast.Import | ast.ImportFrom), ast.unparse(node)
    imported = [alias.asname or alias.name for node in body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(imported) == sorted(exported)
